"""`./run bench profile`: where the microseconds of an event go.

The doors, accept and the worker's part run in this process, one after the other, on a fresh server's database, so
that what they do can be looked at. HTTP itself is left out: `bench ingest` counts that as its door storing nothing.
"""

import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import Parameter
from msgspec import Struct

from bench import flames
from bench.sampling import Stacks, sampled
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed, server
from bench.usage import POSTGRES, Processes
from bench.watch import StillWaiting, Watch
from bench.workload import BATCH, CONNECTIONS, Requests, Workload
from clarion import config
from clarion.app.rooms import rooms
from clarion.app.server import http
from clarion.config import Settings
from clarion.db import Addresses, Database
from clarion.db.engine import attach
from clarion.events import Lanes
from clarion.serve.port import ASGIApp

CALM_S = 2.5  # a worker that looks for work once a second is at rest
#: A frame of this file or folder -> the stage that it belongs to. The frame nearest to the work decides.
STAGES = {
    "clarion/dialects/": "edge",
    "clarion/accounts/": "edge",
    "clarion/model/": "ids and e-mail addresses",
    "clarion/events/ingest": "accept: groups",
    "clarion/events/accept": "accept: keys",
    "clarion/events/journal": "blocks packed or read",
    "clarion/vault/": "sealing and hashes",
    "clarion/events/lanes": "process: blocks taken",
    "clarion/events/draft": "process: drafts",
    "clarion/events/process": "process: settling",
    "clarion/events/timeline": "process: timeline rows",
    "clarion/profiles/": "process: people and traits",
    "clarion/metrics/": "process: metrics",
    "clarion/db/": "database client",
    "asyncpg/": "database client",
    "clarion/events/store": "database client",
}
OTHER = "event loop and the rest"


class Phase(Struct, frozen=True):
    """What one phase cost, in microseconds of CPU an event."""

    phase: str
    events: int
    python_us: float
    postgres_us: float
    stages: dict[str, float]  # of the Python part


def profile(
    *,
    events: Annotated[
        int, Parameter(help="Events of each phase with batches; singles are a tenth.")
    ] = 100_000,
    folder: Annotated[Path, Parameter(help="Where the flame graphs and folded stacks are written.")] = Path(),
) -> int:
    """Tell where the CPU time of an event goes: tables, and a flame graph for each phase."""
    if not 10_000 <= events <= 10_000_000:
        sys.stderr.write("bench: give 10,000 to 10,000,000 events\n")
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            phases = runner.run(_measure(events, folder))
    except (ServerFailed, StillWaiting) as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    for phase in phases:
        sys.stdout.write(_table(phase))
    return 0


async def _measure(events: int, folder: Path) -> list[Phase]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as temporary:
        async with server(Path(temporary)) as running:
            words = ("--workspace", WORKSPACE, "--dialect", DIALECT)
            key = (await running.clarion("credential", "create", *words))["api_key"]
            await running.clarion("credential", "set", *words, "--rate", "0")
            engine = attach(running.data)
            addresses = Addresses(owner=engine.address("owner"), app=engine.address("app"))
            flags = {"data": running.data, "backlog_max": 100_000_000}
            settings = config.load(flags, environ={}).settings
            await asyncio.sleep(CALM_S)
            async with running.worker_stopped():
                return await _Profile(running, settings, addresses, key, folder).take(events)


class _Profile:
    """The phases, in turn, on one database."""

    def __init__(
        self, running: Server, settings: Settings, addresses: Addresses, key: str, folder: Path
    ) -> None:
        self._settings = settings
        self._addresses = addresses
        self._requests = Requests(Workload(5_000), key)
        self._postgres = Processes({POSTGRES: running.pids[POSTGRES]})
        self._folder = folder

    async def take(self, events: int) -> list[Phase]:
        few = events // 10
        async with (
            http(self._settings, self._addresses) as app,
            rooms(self._settings, self._addresses, owner=4) as opened,
        ):
            lanes = Lanes(opened.database, opened.vaults, opened.ids)
            await send(app, "batch", self._made("batch", events))  # people become known, caches warm
            await _process(lanes, opened.database)
            batches, singles = self._made("batch", events), self._made("single", few)
            return [
                await self._phase("accept batches", events, lambda: send(app, "batch", batches)),
                await self._phase("process", events, lambda: _process(lanes, opened.database)),
                await self._phase("accept singles", few, lambda: send(app, "single", singles)),
            ]

    def _made(self, shape: str, events: int) -> list[bytes]:
        if shape == "single":
            return [self._requests.single() for _ in range(events)]
        return [self._requests.batch() for _ in range(events // BATCH)]

    async def _phase(self, name: str, events: int, work: Callable[[], Awaitable[None]]) -> Phase:
        before = self._postgres.read().cpu_s[POSTGRES]
        with sampled() as stacks:
            await work()
        used = self._postgres.read().cpu_s[POSTGRES] - before
        flames.write(self._folder / f"{name.replace(' ', '-')}", f"Clarion: {name}", stacks.counts)
        python_us = stacks.cpu_s / events * 1e6
        return Phase(name, events, python_us, used / events * 1e6, _by_stage(stacks, python_us))


async def send(app: ASGIApp, shape: str, requests: list[bytes]) -> None:
    """As many at once as `bench ingest` has connections of this shape."""

    async def caller() -> None:
        while requests:
            await _call(app, requests.pop())

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS[shape])))


async def _process(lanes: Lanes, database: Database) -> None:
    """All that waits, as a worker does it."""
    while await lanes.work_once():
        pass
    if (await (await Watch.of(database, WORKSPACE)).backlog())[0]:
        raise StillWaiting("not everything was processed")


async def _call(app: ASGIApp, request: bytes) -> None:
    """One request without a network. Raises ServerFailed for any answer but 200 and 202."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    pairs = [tuple(line.split(b": ", 1)) for line in lines]
    path = first.split()[1].decode()
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.lower(), value) for name, value in pairs],
    }  # fmt: skip
    status: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    await app(scope, receive, send)
    if status not in ([200], [202]):
        raise ServerFailed(f"{path} answered {status}")


def _by_stage(stacks: Stacks, python_us: float) -> dict[str, float]:
    found: Counter[str] = Counter()
    for stack, samples in stacks.counts.items():
        found[_stage(stack)] += samples
    seen = found.total() or 1
    return {stage: python_us * samples / seen for stage, samples in found.most_common()}


def _stage(stack: tuple[str, ...]) -> str:
    for frame in reversed(stack):
        for where, stage in STAGES.items():
            if where in frame:
                return stage
    return OTHER


def _table(phase: Phase) -> str:
    lines = [
        f"{phase.phase}, {phase.events:,} events: CPU us an event",
        *(f"  {stage:<40} {us:7.2f}" for stage, us in phase.stages.items()),
        f"  {'Python in all':<40} {phase.python_us:7.2f}",
        f"  {'PostgreSQL':<40} {phase.postgres_us:7.2f}",
    ]
    return os.linesep.join(lines) + os.linesep * 2
