"""`./run bench growth`: whether the rates hold while a workspace's history grows.

At each step the timeline and the dedup keys are filled up directly, with the indexes and partitions that they have;
then the same load is measured as before. The ratios are to the first step.
"""

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from bench.generator import Generator, GeneratorFailed, generator
from bench.ingest import DRAIN_S, INTRODUCE_S, WAITING_ITEMS_MAX
from bench.orders import Run, Shape
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed, server
from bench.usage import Processes, share
from bench.watch import StillWaiting, Watch
from bench.workload import CONNECTIONS, Workload, properties
from clarion.db import Addresses, Database

PEOPLE = 20_000
ROWS_A_STATEMENT = 50_000
#: Events of the month so far, of people who are known, at random times of theirs; the ids are of accept times.
_FILL_EVENTS = """
INSERT INTO event (workspace_id, profile_id, occurred_at, event_id, metric_id, source, properties)
SELECT $1, people.ids[1 + n % cardinality(people.ids)], at - random() * interval '30 days',
       (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || left(md5(n::text), 3)
        || '8' || right(md5(n::text), 15))::uuid, metric.id, 1, $4::text::jsonb
FROM (SELECT array_agg(profile_id ORDER BY profile_id) AS ids FROM profile WHERE workspace_id = $1) AS people,
     (SELECT min(metric_id) AS id FROM metric WHERE workspace_id = $1) AS metric,
     generate_series($2::bigint, $3::bigint - 1) AS n,
     LATERAL (SELECT date_trunc('month', now()) + random() * (now() - date_trunc('month', now()))) AS t(at)"""
#: Their keys: of today and of yesterday, as an id that is known for a day leaves them.
_FILL_KEYS = """
INSERT INTO event_key (workspace_id, source, key, event_id, seen_at)
SELECT $1, 1, ('01000000' || left(md5(n::text || 'key'), 24))::uuid, md5(n::text)::uuid,
       (extract(epoch FROM now()) * 1000000)::bigint - n % 2 * 43200000000
FROM generate_series($2::bigint, $3::bigint - 1) AS n"""


class Step(Struct, kw_only=True):
    """Events a second and CPU microseconds an event at so many stored events."""

    stored: int
    accepted_per_s: float
    accept_us: float
    timeline_per_s: float
    timeline_us: float
    database_bytes: int


def growth(
    *,
    millions: Annotated[
        list[float] | None,
        Parameter(help="Steps of stored events, rising.", negative="", consume_multiple=True),
    ] = None,
    seconds: Annotated[float, Parameter(help="Length of each counted phase.")] = 6.0,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of a table.")] = False,
) -> int:
    """Measure accepting and processing with 0, 1 and 10 million events stored (about 6 GB of disk)."""
    steps = [int(step * 1_000_000) for step in millions or [0, 1, 10]]
    if not 0.5 <= seconds <= 600 or steps != sorted(steps) or steps[0] < 0 or steps[-1] > 1_000_000_000:
        sys.stderr.write("bench: give 0.5 to 600 seconds, and rising steps of at most 1000 millions\n")
        return 2
    try:
        found = asyncio.run(_measure(steps, seconds))
    except (ServerFailed, GeneratorFailed, StillWaiting) as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return 0


async def _measure(steps: list[int], seconds: float) -> list[Step]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with server(Path(folder)) as running:
            words = ("--workspace", WORKSPACE, "--dialect", DIALECT)
            key = (await running.clarion("credential", "create", *words))["api_key"]
            await running.clarion("credential", "set", *words, "--rate", "0")
            owner = running.owner()
            database = await Database.open(Addresses(owner=owner, app=owner), owner=3)
            try:
                async with generator(key, Workload(PEOPLE)) as load:
                    watch = await Watch.of(database, WORKSPACE)
                    bench = _Growth(running, database, load, watch, seconds)
                    await bench.introduce()
                    return [await bench.step(stored) for stored in steps]
            finally:
                await database.close()


class _Growth:
    """What takes part, and how much was filled in."""

    def __init__(
        self, running: Server, database: Database, load: Generator, watch: Watch, seconds: float
    ) -> None:
        self._server = running
        self._database = database
        self._load = load
        self._watch = watch
        self._seconds = seconds
        self._processes = Processes(running.pids)
        self._filled = 0

    async def introduce(self) -> None:
        await self._load.run(self._run("introduction", INTRODUCE_S))
        await self._watch.until_done(DRAIN_S)

    async def step(self, stored: int) -> Step:
        await self._fill(stored)
        async with self._server.worker_stopped():
            accepted, _, busy = await self._send()
        await self._watch.until_done(DRAIN_S)
        async with self._watch.gating(self._load, WAITING_ITEMS_MAX):
            _, timeline, cores = await self._send()
        self._load.gate(True)
        await self._watch.until_done(DRAIN_S)
        return Step(
            stored=stored,
            accepted_per_s=accepted,
            accept_us=busy / accepted * 1e6,
            timeline_per_s=timeline,
            timeline_us=cores / timeline * 1e6,
            database_bytes=sum((await self._watch.sizes()).values()),
        )

    async def _fill(self, stored: int) -> None:
        """Up to so many, and what PostgreSQL's upkeep does afterwards."""
        if stored <= self._filled:
            return
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} filling up to {stored:,} events\n")
        while self._filled < stored:
            until = min(self._filled + ROWS_A_STATEMENT, stored)
            async with self._database.owner() as tx:
                span = (self._watch.workspace_id, self._filled, until)
                await tx.execute(_FILL_EVENTS, *span, _properties())
                await tx.execute(_FILL_KEYS, *span)
            self._filled = until
        async with self._database.owner_connection() as connection:
            await connection.execute("SET statement_timeout = 0")
            for table in ("event", "event_key"):
                await connection.execute(f"VACUUM (ANALYZE) {table}", timeout=3600)
            await connection.execute("RESET statement_timeout")

    async def _send(self) -> tuple[float, float, float]:
        """Batches: events a second that were answered, and that reached the timeline; cores that the server used."""
        readings, looks = [], []

        async def look() -> None:
            readings.append(self._processes.read())
            looks.append(await self._watch.tables())

        counted, _ = await self._load.run(self._run("batch", self._seconds), edge=look)
        stored_per_s = (looks[1].stored - looks[0].stored) / (looks[1].at - looks[0].at)
        return counted.events / counted.seconds, max(1.0, stored_per_s), sum(share(*readings).cores.values())

    def _run(self, shape: Shape, seconds: float) -> Run:
        connections, warm_s = CONNECTIONS[shape], min(2.0, seconds / 3)
        port = self._server.port
        return Run(port=port, shape=shape, connections=connections, seconds=seconds, warm_s=warm_s)


def _properties() -> str:
    """Of some event, as JSON."""
    return msgspec.json.encode(properties(random.Random())).decode()


def _show(found: list[Step]) -> None:
    print(
        f"{'events stored':>14} {'accepted/s':>16} {'us':>7} {'to timeline/s':>16} {'us':>7} {'database MB':>12}"
    )
    first = found[0]
    for one in found:
        accepted, timeline = one.accepted_per_s, one.timeline_per_s
        print(
            f"{one.stored:14,} {accepted:9,.0f} x{accepted / first.accepted_per_s:5.2f} {one.accept_us:7.1f} "
            f"{timeline:9,.0f} x{timeline / first.timeline_per_s:5.2f} {one.timeline_us:7.1f} "
            f"{one.database_bytes / 1024**2:12,.0f}"
        )
