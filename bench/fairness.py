"""`./run bench fairness`: what one workspace's single events wait for while another one floods the door.

Each round takes the quiet one alone and then the same beside a flood, so that both are of one machine and hour: first
beside one whose credential has no rate limit, then beside one that has its vendor's and goes on whatever it hears.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from bench.generator import Generator, GeneratorFailed, generator
from bench.histogram import Histogram
from bench.ingest import DRAIN_S
from bench.orders import Run
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed, server
from bench.watch import StillWaiting, Watch
from bench.workload import Workload
from clarion.db import Addresses, Database

Limits = Literal["none", "default"]
QUIET = "quiet"  # the workspace beside WORKSPACE, which floods
QUIET_CONNECTIONS = 4
FLOOD_CONNECTIONS = 32  # of batches
FLOODS: tuple[Limits, ...] = ("none", "default")
WARM_S = 1.0
_TITLES: Mapping[Limits, str] = {
    "none": "A flood without rate limits",
    "default": "A flood with the vendor's rate limits, that goes on whatever it hears",
}
_WORDS = {
    "alone_p50_ms": "alone, p50 ms",
    "alone_p99_ms": "alone, p99 ms",
    "beside_p50_ms": "beside the flood, p50 ms",
    "beside_p99_ms": "beside the flood, p99 ms",
    "flood_events_per_s": "events/s of the flood",
    "flood_refusals_per_s": "refusals/s of the flood",
    "ratio_p99": "p99 beside the flood / alone",
}


class Round(Struct, frozen=True, kw_only=True):
    """Milliseconds that 50 and 99 % of the quiet one's events do not exceed, and what the flood did in a second.

    `limits`: the flooding credential's. `flood_refusals_per_s`: its requests answered with 429 or 503.
    """

    limits: Limits
    alone_p50_ms: float
    alone_p99_ms: float
    beside_p50_ms: float
    beside_p99_ms: float
    flood_events_per_s: float
    flood_refusals_per_s: float
    ratio_p99: float


class Flood(Struct, frozen=True, kw_only=True):
    """Who floods, and how."""

    limits: Limits
    generator: Generator
    per_s: float


def fairness(
    *,
    seconds: Annotated[float, Parameter(help="Length of each counted phase.")] = 6.0,
    rounds: Annotated[int, Parameter(help="How often all phases are taken in turn.")] = 3,
    flood_per_s: Annotated[
        float, Parameter(help="Batches a second that the flood sends; 0: as many as are answered.")
    ] = 0.0,
    limits: Annotated[
        Literal["none", "default", "both"], Parameter(help="Of the flooding credential.")
    ] = "both",
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of words.")] = False,
) -> int:
    """Measure what a flooding workspace costs another one's single events: the ratio of their p99."""
    if not (0.2 <= seconds <= 600 and 1 <= rounds <= 100 and 0 <= flood_per_s <= 100_000):
        sys.stderr.write("bench: give 0.2 to 600 seconds, 1 to 100 rounds, a flood of 0 to 100000 a second\n")
        return 2
    chosen = FLOODS if limits == "both" else (limits,)
    try:
        found = asyncio.run(_measure(seconds, rounds, flood_per_s, chosen))
    except (ServerFailed, GeneratorFailed, StillWaiting) as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found, chosen)
    return 0


async def _measure(seconds: float, rounds: int, per_s: float, chosen: Sequence[Limits]) -> list[Round]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with AsyncExitStack() as open_until_done:
            enter = open_until_done.enter_async_context
            running = await enter(server(Path(folder)))
            await running.clarion("workspace", "create", QUIET)
            keys = await _keys(running)
            quiet = await enter(generator(keys["quiet"], Workload(0, seed=2)))
            floods = [
                Flood(limits=limits, per_s=per_s, generator=await enter(generator(keys[limits], Workload(0))))
                for limits in chosen
            ]
            drained = await enter(_watch(running))
            found = []
            for number in range(1, rounds + 1):
                sys.stderr.write(f"bench: round {number} of {rounds}\n")
                for flood in floods:
                    found.append(await _round(running.port, quiet, flood, seconds))
                    await drained.until_done(DRAIN_S)  # else the next one's `alone` pays for this flood
            return found


async def _keys(running: Server) -> Mapping[str, str]:
    """Of new credentials. Only the flooding workspace's second one has limits."""
    return {
        "quiet": await _key(running, QUIET, "none"),
        "none": await _key(running, WORKSPACE, "none"),
        "default": await _key(running, WORKSPACE, "default"),
    }


async def _key(running: Server, workspace: str, limits: Limits) -> str:
    of = ("--workspace", workspace, "--dialect", DIALECT)
    credential = await running.clarion("credential", "create", *of)
    if limits == "none":
        await running.clarion("credential", "set", *of, "--rate", "0")
    return str(credential["api_key"])


@asynccontextmanager
async def _watch(running: Server) -> AsyncIterator[Watch]:
    owner = running.owner()
    database = await Database.open(Addresses(owner=owner, app=owner), owner=2)
    try:
        yield await Watch.of(database, WORKSPACE)
    finally:
        await database.close()


async def _round(port: int, quiet: Generator, flood: Flood, seconds: float) -> Round:
    alone = await _singles(port, quiet, seconds)
    flooding = asyncio.Event()

    async def edge() -> None:
        flooding.set()

    run = Run(
        port=port,
        shape="batch",
        connections=FLOOD_CONNECTIONS,
        seconds=seconds + 2 * WARM_S,  # it begins before the quiet one counts, and ends after it
        warm_s=WARM_S,
        per_s=flood.per_s,
        limited=flood.limits == "default",
    )
    flood_runs = asyncio.create_task(flood.generator.run(run, edge=edge))
    await asyncio.wait({flood_runs, asyncio.create_task(flooding.wait())}, return_when="FIRST_COMPLETED")
    beside = await _singles(port, quiet, seconds)
    counted, ran = await flood_runs
    return Round(
        limits=flood.limits,
        alone_p50_ms=alone.percentile(50),
        alone_p99_ms=alone.percentile(99),
        beside_p50_ms=beside.percentile(50),
        beside_p99_ms=beside.percentile(99),
        flood_events_per_s=counted.events / counted.seconds,
        flood_refusals_per_s=ran.refused / counted.seconds,
        ratio_p99=beside.percentile(99) / (alone.percentile(99) or 1.0),
    )


async def _singles(port: int, quiet: Generator, seconds: float) -> Histogram:
    run = Run(port=port, shape="single", connections=QUIET_CONNECTIONS, seconds=seconds, warm_s=WARM_S)
    _, ran = await quiet.run(run)
    return Histogram(ran.latencies)


def _show(found: list[Round], chosen: Sequence[Limits]) -> None:
    for limits in chosen:
        print(_TITLES[limits])
        for field, words in _WORDS.items():
            values = [getattr(one, field) for one in found if one.limits == limits]
            print(f"  {words:30} {statistics.median(values):12,.2f}  ({min(values):,.2f}–{max(values):,.2f})")
