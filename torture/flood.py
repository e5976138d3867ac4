"""T10: a burst beyond what the server can do, thousands of idle and trickling connections, bombs; and honest callers
beside them all the while.

Whatever is answered is success, 429 or 503 with Retry-After; what was acknowledged is stored; the memory of the HTTP
process and the workers stays bounded; when the flood is over the honest are served as before.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from clarion import events
from torture import rude, storage
from torture.client import HOST, Broken, Connection, Refused
from torture.served import Served
from torture.storage import Tenant

BATCH_ITEMS = 200
FLOODERS, HONEST = 128, 4
HONEST_EVERY_S = 0.05
IDLE, TRICKLING, BOMBS = 5_000, 500, 100
OPENING_AT_ONCE = 200
RSS_BYTES_MAX = 512 * 1024 * 1024  # of the HTTP process, and of each worker
SUCCESS_MIN = 0.999
P99_MAX_S = 1.0
RECOVERED_FACTOR, RECOVERED_MIN_S = 1.5, 0.05  # p99 after the flood against before; below this nobody cares
RECOVERS_WITHIN_S = 10.0
DRAIN_WITHIN_S = 600.0
TIMEOUT_S = 20.0


@dataclass(slots=True)
class Heard:
    """What callers of one kind were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    without_retry_after: int = 0
    acknowledged: int = 0  # items
    unknown: int = 0  # items of requests that were never answered
    seconds: list[float] = field(default_factory=list)

    @property
    def p99_s(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)] if self.seconds else 0.0

    @property
    def success(self) -> float:
        return self.statuses[200] / max(1, self.statuses.total() + self.broken)


@dataclass(slots=True)
class Figures:
    """What a run came to; `faults` is whatever should not be."""

    faults: list[str] = field(default_factory=list)
    answers: dict[str, dict[str, int]] = field(default_factory=dict)
    honest_p99_ms: dict[str, float] = field(default_factory=dict)
    honest_success: dict[str, float] = field(default_factory=dict)
    burst_items_s: float = 0.0
    acknowledged: int = 0
    stored: int = 0
    rss_mb: dict[str, float] = field(default_factory=dict)
    idle_held: int = 0
    drain_s: float = 0.0


class Flood:
    """One server, flooded in several ways."""

    def __init__(self, served: Served, tenants: Sequence[Tenant], phase_s: float) -> None:
        self._served = served
        self._honest, self._flooding = tenants
        self._phase_s = phase_s
        self._number = 0
        self._bomb = rude.bomb()  # takes seconds, in which nobody could call
        self._figures = Figures()
        self._watched = {name: served.child(name) for name in ("http", "worker")}

    async def run(self) -> Figures:
        """All phases."""
        figures = self._figures
        before = await self._phase("before", self._nothing)
        flood = Heard()
        began = time.monotonic()
        await self._phase("burst", lambda until: self._burst(until, flood))
        figures.burst_items_s = round(flood.acknowledged / (time.monotonic() - began), 1)
        self._judge_answers("flood", flood, {200, 429, 503})
        await self._phase("idle and trickling", self._hold_connections)
        await self._phase("bombs", self._bombs)
        await asyncio.sleep(RECOVERS_WITHIN_S)
        after = await self._phase("after", self._nothing)
        if after.p99_s > max(RECOVERED_MIN_S, before.p99_s * RECOVERED_FACTOR):
            figures.faults.append(f"p99 was {before.p99_s:.3f} s before and {after.p99_s:.3f} s after")
        return figures

    async def _phase(self, name: str, beside: Callable[[float], Awaitable[None]]) -> Heard:
        """Honest callers for a while, and something beside them."""
        heard, until = Heard(), time.monotonic() + self._phase_s
        await asyncio.gather(
            beside(until), self._watch(until), *(self._call_honestly(until, heard) for _ in range(HONEST))
        )
        self._figures.honest_p99_ms[name] = round(heard.p99_s * 1000, 1)
        self._figures.honest_success[name] = round(heard.success, 5)
        # While the flood fills the backlog to its limit an honest caller may hear 503 as well.
        self._judge_answers(f"honest, {name}", heard, {200, 503} if name == "burst" else {200})
        if name != "burst" and heard.success < SUCCESS_MIN:
            self._figures.faults.append(f"{name}: {heard.success:.2%} of the honest were served")
        if heard.p99_s > P99_MAX_S:
            self._figures.faults.append(f"{name}: the honest waited {heard.p99_s:.2f} s (p99)")
        return heard

    def _judge_answers(self, who: str, heard: Heard, allowed: set[int]) -> None:
        figures = self._figures
        figures.acknowledged += heard.acknowledged
        figures.answers[who] = {str(status): count for status, count in sorted(heard.statuses.items())}
        strange = set(heard.statuses) - allowed
        if strange:
            figures.faults.append(f"{who}: answered {sorted(strange)}")
        if heard.without_retry_after:
            figures.faults.append(f"{who}: {heard.without_retry_after} refusals without Retry-After")
        if heard.broken:
            figures.faults.append(f"{who}: {heard.broken} requests dropped without an answer")

    # ---- who calls

    async def _nothing(self, until: float) -> None:
        await asyncio.sleep(until - time.monotonic())

    async def _call_honestly(self, until: float, heard: Heard) -> None:
        connection = Connection(lambda: self._served.port, TIMEOUT_S)
        while time.monotonic() < until:
            body = json.dumps(self._event()).encode()
            await _ask(connection, rude.post(body, _length(body), self._honest.key), 1, heard)
            await asyncio.sleep(HONEST_EVERY_S)
        connection.close()

    async def _burst(self, until: float, heard: Heard) -> None:
        async def flood() -> None:
            connection = Connection(lambda: self._served.port, TIMEOUT_S)
            while time.monotonic() < until:
                body = json.dumps({"events": [self._event() for _ in range(BATCH_ITEMS)]}).encode()
                request = rude.post(body, _length(body), self._flooding.key, "/v1/events/batch")
                await _ask(connection, request, BATCH_ITEMS, heard)
            connection.close()

        await asyncio.gather(*(flood() for _ in range(FLOODERS)))

    async def _hold_connections(self, until: float) -> None:
        """Idle and trickling ones; who is let go comes again."""
        gate = asyncio.Semaphore(OPENING_AT_ONCE)
        trickle = rude.slow(self._flooding.key)["trickled body"]
        held = 0

        async def hold(first: bytes, more: bytes) -> None:
            nonlocal held
            while time.monotonic() < until:
                with suppress(OSError):
                    async with gate:
                        reader, writer = await asyncio.open_connection(HOST, self._served.port)
                    held += 1
                    self._figures.idle_held = max(self._figures.idle_held, held)
                    try:
                        writer.write(first)
                        while time.monotonic() < until and not reader.at_eof():
                            with suppress(TimeoutError):
                                await asyncio.wait_for(
                                    reader.read(4096), 1.0 if more else until - time.monotonic()
                                )
                            writer.write(more)
                    finally:
                        held -= 1
                        writer.close()

        await asyncio.gather(
            *(hold(b"", b"") for _ in range(IDLE)),
            *(hold(trickle.first, trickle.more) for _ in range(TRICKLING)),
        )

    async def _bombs(self, until: float) -> None:
        request, heard = rude.gzipped(self._bomb, self._flooding.key), Heard()

        async def throw() -> None:
            connection = Connection(lambda: self._served.port, TIMEOUT_S)
            await _ask(connection, request, 0, heard)
            connection.close()

        await asyncio.gather(*(throw() for _ in range(BOMBS)))
        self._judge_answers("bombs", heard, {413, 503})
        await self._nothing(until)

    def _event(self) -> dict[str, object]:
        self._number += 1
        who = {"email": f"person{self._number % 5_000}@example.com"}
        return {"event": "a.b", "identify": who, "messageId": f"flood-{self._number}", "properties": {"a": 1}}

    # ---- what it costs

    async def _watch(self, until: float) -> None:
        """The largest resident size of each process."""
        while time.monotonic() < until:
            for name, process in self._watched.items():
                assert process is not None
                self._note_rss(name, process)
            await asyncio.sleep(0.2)

    def _note_rss(self, name: str, process: psutil.Process) -> None:
        figures = self._figures
        resident = process.memory_info().rss
        if resident > RSS_BYTES_MAX and figures.rss_mb.get(name, 0.0) * 1e6 <= RSS_BYTES_MAX:
            figures.faults.append(f"{name} grew beyond {RSS_BYTES_MAX / 1e6:.0f} MB")
        figures.rss_mb[name] = max(figures.rss_mb.get(name, 0.0), round(resident / 1e6, 1))


async def _ask(connection: Connection, request: bytes, items: int, heard: Heard) -> None:
    began = time.monotonic()
    try:
        answer = await connection.ask(request)
    except (Broken, Refused):
        heard.broken += 1
        heard.unknown += items
        return
    heard.seconds.append(time.monotonic() - began)
    heard.statuses[answer.status] += 1
    if answer.status == 200:
        heard.acknowledged += items
    elif answer.status in (429, 503):
        heard.without_retry_after += "retry-after" not in answer.headers
        await asyncio.sleep(0.1)  # a caller in a hurry


def _length(body: bytes) -> str:
    return f"Content-Length: {len(body)}\r\n"


async def count_stored(data: Path, tenants: Sequence[Tenant], figures: Figures) -> None:
    """What is on the timelines, and what the ledgers contradict."""
    async with storage.opened(data) as place, place.database.owner_connection() as tx:
        for tenant in tenants:
            figures.stored += await tx.fetchval(
                "SELECT count(*) FROM event WHERE workspace_id = $1", tenant.workspace_id
            )
            _, mismatches = await events.verify_ledger(tx, tenant.workspace_id)
            figures.faults += [str(mismatch) for mismatch in mismatches]


@asynccontextmanager
async def many_files() -> AsyncIterator[None]:
    """As many open files as the system lets us have; the server, which inherits them, too."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def flooded(folder: Path, phase_s: float) -> Figures:
    """Start a server, flood it, count."""
    async with many_files():
        served = Served(folder / "data")
        served.start()
        try:
            tenants = await storage.make_tenants(served.data, ["honest", "flooding"])
            figures = await Flood(served, tenants, phase_s).run()
            figures.drain_s = round(await asyncio.to_thread(served.until_drained, DRAIN_WITHIN_S), 1)
            await count_stored(served.data, tenants, figures)
            if figures.stored != figures.acknowledged:
                figures.faults.append("what is stored is not what was acknowledged")
        finally:
            served.stop()
    return figures


def main(arguments: Sequence[str]) -> int:
    """Five phases: before, a burst, idle and trickling connections, bombs, after."""
    parser = argparse.ArgumentParser(prog="torture load", description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="all phases together")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="clarion-torture-") as folder:
        figures = asyncio.run(flooded(Path(folder), max(5.0, options.minutes * 60 / 5)))
    if options.json:
        print(json.dumps(asdict(figures)))
    else:
        print(
            "\n".join(
                f"{name.replace('_', ' '):20} {value or 'none'}" for name, value in asdict(figures).items()
            )
        )
    return 1 if figures.faults else 0
