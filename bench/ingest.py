"""`./run bench ingest`: how fast events come in, and how fast they reach the timeline.

Nine measurements, taken in turn, round after round, because a machine is never equally busy for long: two
references, the door (and eSputnik's) with the worker stopped, what the worker then does alone, and both together.
"""

import asyncio
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import psutil
from cyclopts import Parameter
from msgspec import Struct

from bench import report, tables
from bench.generator import Generator, GeneratorFailed, generator
from bench.histogram import Histogram
from bench.orders import Run, Shape
from bench.references import CopyReference, NullDoor, null_door, sync_ms
from bench.report import Machine, Measured, Report
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed, server
from bench.usage import Processes, Reading, share
from bench.watch import StillWaiting, Tables, Watch
from bench.workload import CONNECTIONS, FIRST_DOOR, Workload
from clarion import __version__
from clarion.db import Addresses, Database

WAITING_ITEMS_MAX = 20_000  # beyond it the generator pauses, where the load is sustained
DRAIN_S = 300.0
ESPUTNIK = "esputnik"
INTRODUCE_S = 300.0


class Plan(Struct, frozen=True):
    """How long, how often, how many people are known beforehand."""

    seconds: float
    rounds: int
    profiles: int

    def length_s(self, phase: str) -> float:
        """Where both work, a transaction of thousands of events must not matter to the count."""
        return self.seconds * (2.5 if phase in report.BOTH else 1.0)

    def warm_s(self, phase: str) -> float:
        """Until caches are warm, or as much waits as may."""
        return min(2.0, self.length_s(phase) / 3)


def ingest(
    *,
    seconds: Annotated[float, Parameter(help="Length of each counted phase.")] = 4.0,
    rounds: Annotated[int, Parameter(help="How often all phases are taken in turn.")] = 3,
    profiles: Annotated[int, Parameter(help="People known before the first phase.")] = 50_000,
    quick: Annotated[bool, Parameter(negative="", help="A rough look in about half a minute.")] = False,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of tables.")] = False,
) -> int:
    """Measure accepting and processing events: rates, latencies, CPU, memory, disk, and ratios to references."""
    plan = Plan(0.6, 3, 5_000) if quick else Plan(seconds, rounds, profiles)
    if not (0.2 <= plan.seconds <= 600 and 1 <= plan.rounds <= 100 and 0 <= plan.profiles <= 10_000_000):
        sys.stderr.write("bench: give 0.2 to 600 seconds, 1 to 100 rounds, at most 10,000,000 profiles\n")
        return 2
    try:
        found = asyncio.run(_until_told(measure(plan)))
    except asyncio.CancelledError:
        return 143
    except (ServerFailed, GeneratorFailed, StillWaiting) as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    report.show_json(found) if json else tables.show(found)
    return 1 if found.failures else 0


async def _until_told(measuring: Coroutine[Any, Any, Report]) -> Report:
    """SIGTERM ends it as Ctrl-C does: what was started is stopped."""
    task = asyncio.ensure_future(measuring)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


async def measure(plan: Plan) -> Report:
    """Start everything, take all rounds, check the ledger, stop everything."""
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with server(Path(folder)) as running:
            key, other = await _key(running, DIALECT), await _key(running, ESPUTNIK)
            owner = running.owner()
            addresses = Addresses(owner=owner, app=owner)
            database = await Database.open(addresses, owner=3)
            try:
                watch = await Watch.of(database, WORKSPACE)
                async with (
                    null_door(Path(folder), addresses) as null,
                    generator(key, Workload(plan.profiles), {ESPUTNIK: other}) as started,
                ):
                    bench = _Bench(plan, running, null, started, watch, CopyReference(owner, seed=1))
                    return await bench.report(Path(folder))
            finally:
                await database.close()


async def _key(running: Server, dialect: str) -> str:
    """Of a new credential without a limit."""
    words = ("--workspace", WORKSPACE, "--dialect", dialect)
    key: str = (await running.clarion("credential", "create", *words))["api_key"]
    await running.clarion("credential", "set", *words, "--rate", "0")
    return key


class _Bench:
    """All that takes part, and what was measured so far."""

    def __init__(
        self,
        plan: Plan,
        running: Server,
        null: NullDoor,
        started: Generator,
        watch: Watch,
        copy: CopyReference,
    ) -> None:
        self._plan = plan
        self._server = running
        self._null = null
        self._generator = started
        self._watch = watch
        self._copy = copy
        beside = {"generator": started.pid, "bench": psutil.Process().pid}
        self._processes = Processes(running.pids | beside)
        self._with_null = Processes({"http": null.pid} | beside)
        self._acknowledged = 0
        self._measured: list[Measured] = []
        self._memory_bytes: dict[str, int] = {}

    async def report(self, folder: Path) -> Report:
        machine = await self._machine(folder)
        await self._introduce()
        sizes, before = await self._watch.sizes(), await self._watch.tables()
        for number in range(1, self._plan.rounds + 1):
            await self._round(number)
        after = await self._watch.tables()
        grown = {name: size - sizes.get(name, 0) for name, size in (await self._watch.sizes()).items()}
        return Report(
            machine=machine,
            seconds=self._plan.seconds,
            rounds=self._plan.rounds,
            profiles=self._plan.profiles,
            event_bytes=self._generator.event_bytes,
            measured=self._measured,
            memory_bytes=self._memory_bytes,
            stored=after.stored - before.stored,
            disk_bytes={name: size for name, size in grown.items() if size},
            failures=await self._check(),
        )

    async def _machine(self, folder: Path) -> Machine:
        return Machine(
            clarion=__version__,
            python=platform.python_version(),
            system=f"{platform.system()} {platform.machine()}",
            cores=psutil.cpu_count() or 0,
            sync_ms=await asyncio.to_thread(sync_ms, folder),
        )

    async def _introduce(self) -> None:
        """Make people known, uncounted."""
        if not self._plan.profiles:
            return
        _say(f"introducing {self._plan.profiles} people")
        _, ran = await self._generator.run(
            Run(
                port=self._server.port,
                shape="introduction",
                connections=CONNECTIONS["introduction"],
                seconds=INTRODUCE_S,
                warm_s=0,
            )
        )
        self._acknowledged += ran.acknowledged
        await self._watch.until_done(DRAIN_S)

    async def _round(self, number: int) -> None:
        phases: dict[str, Callable[[str], Awaitable[list[Measured]]]] = {
            report.COPY: self._copy_rows,
            report.NULL_SINGLES: lambda phase: self._null_door(phase, "single"),
            report.NULL_BATCHES: lambda phase: self._null_door(phase, "batch"),
            report.ACCEPT_SINGLES: lambda phase: self._accept(phase, report.DRAIN_SINGLES, "single"),
            report.ACCEPT_BATCHES: lambda phase: self._accept(phase, report.DRAIN_BATCHES, "batch"),
            report.ESPUTNIK_SINGLES: lambda phase: self._other_door(phase, "single"),
            report.ESPUTNIK_BATCHES: lambda phase: self._other_door(phase, "batch"),
            report.BOTH_SINGLES: lambda phase: self._sustain(phase, "single"),
            report.BOTH_BATCHES: lambda phase: self._sustain(phase, "batch"),
        }
        for phase, take in phases.items():
            for measured in await take(phase):
                self._measured.append(measured)
                _say(f"round {number}: {measured.phase}: {measured.events_per_s:,.0f}/s")
        for name, used in self._processes.memory_bytes().items():
            self._memory_bytes[name] = max(used, self._memory_bytes.get(name, 0))

    async def _copy_rows(self, phase: str) -> list[Measured]:
        copied = await self._copy.run(self._plan.seconds, self._processes)
        return [Measured(phase=phase, events=copied.rows, seconds=copied.seconds, share=copied.share)]

    async def _null_door(self, phase: str, shape: Shape) -> list[Measured]:
        return [await self._send(phase, shape, self._null.port, self._with_null)]

    async def _accept(self, phase: str, after: str, shape: Shape) -> list[Measured]:
        """The door alone, then the worker alone on what came in meanwhile."""
        async with self._server.worker_stopped():
            accepted = await self._send(phase, shape, self._server.port, self._processes)
            before, used = await self._watch.tables(), self._processes.read()
        await self._watch.until_done(DRAIN_S)
        return [accepted, await self._drained(after, before, used)]

    async def _other_door(self, phase: str, shape: Shape) -> list[Measured]:
        """The same events through eSputnik's door."""
        async with self._server.worker_stopped():
            accepted = await self._send(phase, shape, self._server.port, self._processes, ESPUTNIK)
        await self._watch.until_done(DRAIN_S)
        return [accepted]

    async def _drained(self, phase: str, before: Tables, used: Reading) -> Measured:
        now = await self._watch.tables()
        return Measured(
            phase=phase,
            events=now.stored - before.stored,
            seconds=now.at - before.at,
            share=share(used, self._processes.read()),
            wal_bytes=now.wal_bytes - before.wal_bytes,
        )

    async def _sustain(self, phase: str, shape: Shape) -> list[Measured]:
        """Door and worker together, as much as the worker keeps up with."""
        async with self._watch.gating(self._generator, WAITING_ITEMS_MAX) as ages:
            measured = await self._send(phase, shape, self._server.port, self._processes)
        self._generator.gate(True)
        await self._watch.until_done(DRAIN_S)
        measured.waiting_ms = report.Spread(ages.percentile(50), ages.percentile(99))
        return [measured]

    async def _send(
        self, phase: str, shape: Shape, port: int, processes: Processes, door: str = FIRST_DOOR
    ) -> Measured:
        readings: list[Reading] = []
        looks: list[Tables] = []

        async def read() -> None:
            readings.append(processes.read())
            looks.append(await self._watch.tables())

        counted, ran = await self._generator.run(
            Run(
                port=port,
                shape=shape,
                connections=CONNECTIONS[shape],
                seconds=self._plan.length_s(phase),
                warm_s=self._plan.warm_s(phase),
                door=door,
            ),
            edge=read,
        )
        if port == self._server.port:
            self._acknowledged += ran.acknowledged
        latencies = Histogram(ran.latencies)
        return Measured(
            phase=phase,
            events=counted.events,
            requests=counted.requests,
            seconds=counted.seconds,
            refused=ran.refused,
            latency_ms=report.Spread(latencies.percentile(50), latencies.percentile(99)),
            share=share(*readings),
            stored_per_s=(looks[1].stored - looks[0].stored) / (looks[1].at - looks[0].at),
            wal_bytes=looks[1].wal_bytes - looks[0].wal_bytes if port == self._server.port else None,
        )

    async def _check(self) -> list[str]:
        """What went wrong: nothing may be lost, nothing counted twice."""
        failures = []
        try:
            await self._server.clarion("ledger", "show", "--workspace", WORKSPACE, "--verify")
        except ServerFailed as exc:
            failures.append(str(exc))
        totals = await self._watch.totals()
        if not self._acknowledged == totals.accepted == totals.stored:
            failures.append(
                f"{self._acknowledged} events were acknowledged, the ledger counts {totals.accepted} accepted "
                f"and {totals.stored} on the timeline"
            )
        return failures


def _say(sentence: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {sentence}\n")
