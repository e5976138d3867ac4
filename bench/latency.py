"""`./run bench latency`: what is waited for below the limit, and what an idle server uses, each beside its goal.

Rates are found first: the most singles and the most events in batches that the server sustains, worker on. Then come
seven tenths of the first, and half of the second.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from bench.generator import Generator, GeneratorFailed, generator
from bench.histogram import Histogram
from bench.ingest import DRAIN_S, WAITING_ITEMS_MAX
from bench.orders import Run, Shape
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed, server
from bench.usage import Processes, share
from bench.watch import StillWaiting, Watch
from bench.workload import BATCH, CONNECTIONS, Workload
from clarion.db import Addresses, Database

CALM_S = 3.0
RESTED_S = 75.0  # until the process that reads large bodies has ended
PYTHON = ("http", "worker", "supervisor")
SINGLES_SHARE, BATCHES_SHARE = 0.7, 0.5
MB = 1024 * 1024


class Figure(Struct, frozen=True):
    """`goal`: what it should stay below; None where it is only told."""

    what: str
    value: float
    goal: float | None = None


def latency(
    *,
    seconds: Annotated[float, Parameter(help="Length of each counted phase.")] = 6.0,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of words.")] = False,
) -> int:
    """Measure waiting below the limit, and an idle server's CPU and memory; 1 when a goal is missed."""
    if not 0.5 <= seconds <= 600:
        sys.stderr.write("bench: give 0.5 to 600 seconds\n")
        return 2
    try:
        found = asyncio.run(_measure(seconds))
    except (ServerFailed, GeneratorFailed, StillWaiting) as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return 1 if any(one.goal is not None and one.value >= one.goal for one in found) else 0


async def _measure(seconds: float) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with server(Path(folder)) as running:
            words = ("--workspace", WORKSPACE, "--dialect", DIALECT)
            key = (await running.clarion("credential", "create", *words))["api_key"]
            await running.clarion("credential", "set", *words, "--rate", "0")
            owner = running.owner()
            database = await Database.open(Addresses(owner=owner, app=owner), owner=2)
            try:
                async with generator(key, Workload(0)) as load:
                    watch = await Watch.of(database, WORKSPACE)
                    return await _Latency(running, load, watch, seconds).figures()
            finally:
                await database.close()


class _Latency:
    """What takes part."""

    def __init__(self, running: Server, load: Generator, watch: Watch, seconds: float) -> None:
        self._server = running
        self._load = load
        self._watch = watch
        self._seconds = seconds
        self._processes = Processes(running.pids)

    async def figures(self) -> list[Figure]:
        idle = await self._idle()
        singles = await self._most("single")
        batches = await self._most("batch")
        answers, _ = await self._below("single", singles * SINGLES_SHARE)
        batch_answers, ages = await self._below("batch", batches * BATCHES_SHARE / BATCH)
        busy_mb = self._memory_mb()
        await asyncio.sleep(RESTED_S)
        return [
            *idle,
            Figure("singles/s, the most", singles),
            Figure("singles at 70 % of it: answer, p50 ms", answers.percentile(50)),
            Figure("singles at 70 % of it: answer, p99 ms", answers.percentile(99), 50.0),
            Figure("events/s to the timeline, the most, batches", batches),
            Figure("batches at half of it: answer, p99 ms", batch_answers.percentile(99)),
            Figure("batches at half of it: accepted to timeline, p50 ms", ages.percentile(50), 100.0),
            Figure("batches at half of it: accepted to timeline, p99 ms", ages.percentile(99), 1_000.0),
            Figure("memory of all Python processes, MB", busy_mb, 400.0),
            Figure("... idle again, MB", self._memory_mb(), 300.0),
        ]

    def _memory_mb(self) -> float:
        memory = self._processes.memory_bytes()
        return sum(memory[name] for name in PYTHON) / MB

    async def _idle(self) -> list[Figure]:
        await asyncio.sleep(CALM_S)
        before = self._processes.read()
        await asyncio.sleep(self._seconds)
        used = share(before, self._processes.read())
        return [
            Figure("idle: all processes, % of a core", sum(used.cores.values()) * 100, 1.0),
            *(Figure(f"idle: {name}, % of a core", cores * 100) for name, cores in used.cores.items()),
        ]

    async def _most(self, shape: Shape) -> float:
        """Events a second that the server sustains with its worker on, by what reached the timeline."""
        stored: list[tuple[float, int]] = []

        async def look() -> None:
            tables = await self._watch.tables()
            stored.append((tables.at, tables.stored))

        async with self._watch.gating(self._load, WAITING_ITEMS_MAX):
            await self._load.run(self._run(shape), edge=look)
        await self._calm()
        (began, before), (ended, after) = stored
        return (after - before) / (ended - began)

    async def _below(self, shape: Shape, per_s: float) -> tuple[Histogram, Histogram]:
        """Answers' latencies, and how old the oldest waiting event was, at so many requests a second."""
        async with self._watch.gating(self._load, 1 << 40) as ages:
            _, ran = await self._load.run(self._run(shape, per_s))
        await self._calm()
        return Histogram(ran.latencies), ages

    def _run(self, shape: Shape, per_s: float = 0.0) -> Run:
        connections, warm_s = CONNECTIONS[shape], min(2.0, self._seconds / 3)
        return Run(
            port=self._server.port,
            shape=shape,
            connections=connections,
            seconds=self._seconds,
            warm_s=warm_s,
            per_s=per_s,
        )

    async def _calm(self) -> None:
        self._load.gate(True)
        await self._watch.until_done(DRAIN_S)


def _show(found: list[Figure]) -> None:
    for one in found:
        goal = ""
        if one.goal is not None:
            goal = f"   goal < {one.goal:,g}: {'met' if one.value < one.goal else 'MISSED'}"
        print(f"{one.what:52} {one.value:12,.2f}{goal}")
