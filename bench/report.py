"""What was measured, and what follows from it: medians of the rounds with least and most, ratios, notes."""

import statistics
import sys
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from bench.usage import Share

COPY = "reference: binary COPY, bare table"
NULL_SINGLES = "reference: door storing nothing, singles"
NULL_BATCHES = "reference: door storing nothing, batches"
ACCEPT_SINGLES = "accepted, singles, worker stopped"
DRAIN_SINGLES = "processed alone, from singles"
ACCEPT_BATCHES = "accepted, batches, worker stopped"
DRAIN_BATCHES = "processed alone, from batches"
BOTH_SINGLES = "singles, worker on"
BOTH_BATCHES = "batches, worker on"
ESPUTNIK_SINGLES = "eSputnik: accepted, singles, worker stopped"
ESPUTNIK_BATCHES = "eSputnik: accepted, past events, worker stopped"

BOTH = (BOTH_SINGLES, BOTH_BATCHES)

#: Above and below the line. Where door and worker are both on, what counts is what reached the timeline.
_RATIOS = {
    "batches accepted / binary COPY": (ACCEPT_BATCHES, COPY),
    "batches to the timeline / binary COPY": (BOTH_BATCHES, COPY),
    "processed alone, from batches / binary COPY": (DRAIN_BATCHES, COPY),
    "singles accepted / door storing nothing": (ACCEPT_SINGLES, NULL_SINGLES),
    "singles to the timeline / door storing nothing": (BOTH_SINGLES, NULL_SINGLES),
    "batches accepted / door storing nothing": (ACCEPT_BATCHES, NULL_BATCHES),
    "eSputnik's singles / SMASHSEND's": (ESPUTNIK_SINGLES, ACCEPT_SINGLES),
    "eSputnik's past events / SMASHSEND's batches": (ESPUTNIK_BATCHES, ACCEPT_BATCHES),
}

PROCESSES = ("http", "worker", "postgres", "supervisor", "generator", "bench")
_FULL = 0.85  # of a core: a process beyond it is at its limit
_STRANGERS = 0.15  # of a core: beyond it the figures are not Clarion's alone
_DISK_THAT_WAITS_MS = 0.02


class Spread(Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p99: float


class Machine(Struct, frozen=True, kw_only=True):
    """Where it was measured. `sync_ms`: what the disk takes to keep a page."""

    clarion: str
    python: str
    system: str
    cores: int
    sync_ms: float


class Measured(Struct, kw_only=True):
    """One phase of one round.

    `stored_per_s`: events that reached the timeline; `waiting_ms`: how long the oldest unprocessed item had waited,
    looked at every 100 ms; `refused`: requests answered with 503.
    """

    phase: str
    events: int
    seconds: float
    share: Share
    requests: int = 0
    refused: int = 0
    latency_ms: Spread | None = None
    stored_per_s: float | None = None
    waiting_ms: Spread | None = None
    wal_bytes: int | None = None

    @property
    def events_per_s(self) -> float:
        return self.events / self.seconds


class Median(Struct, frozen=True):
    """Of the rounds."""

    median: float
    least: float
    most: float


class Report(Struct, kw_only=True):
    """All of it. `memory_bytes`: the most at a round's end; `disk_bytes`: by which the tables grew, with indexes,
    for `stored` events.
    """

    machine: Machine
    seconds: float
    rounds: int
    profiles: int
    event_bytes: int
    measured: list[Measured]
    memory_bytes: dict[str, int]
    stored: int
    disk_bytes: dict[str, int]
    failures: list[str]


class Phase(Struct, frozen=True, kw_only=True):
    """One phase, all rounds. `cores`: used by each process; `loops`: by its busiest thread; `cpu_us_an_event`: by
    each process for an event that was answered (of a reference: stored; of the worker alone: processed).
    """

    phase: str
    events_per_s: Median
    stored_per_s: Median | None
    p50_ms: Median | None
    p99_ms: Median | None
    waiting_p50_ms: Median | None
    waiting_p99_ms: Median | None
    refused: int
    wal_bytes_an_event: Median | None
    cores: dict[str, Median]
    loops: dict[str, Median]
    cpu_us_an_event: dict[str, Median]
    strangers: Median


def phases(report: Report) -> list[Phase]:
    """In the order in which they were taken first."""
    names = dict.fromkeys(measured.phase for measured in report.measured)
    return [_phase(name, of(report, name)) for name in names]


def of(report: Report, phase: str) -> list[Measured]:
    """One of each round."""
    return [measured for measured in report.measured if measured.phase == phase]


def _phase(name: str, rounds: Sequence[Measured]) -> Phase:
    processes = rounds[0].share.cores
    return Phase(
        phase=name,
        events_per_s=median(one.events_per_s for one in rounds),
        stored_per_s=_known(one.stored_per_s for one in rounds) if name in BOTH else None,
        p50_ms=_known(one.latency_ms.p50 if one.latency_ms else None for one in rounds),
        p99_ms=_known(one.latency_ms.p99 if one.latency_ms else None for one in rounds),
        waiting_p50_ms=_known(one.waiting_ms.p50 if one.waiting_ms else None for one in rounds),
        waiting_p99_ms=_known(one.waiting_ms.p99 if one.waiting_ms else None for one in rounds),
        refused=sum(one.refused for one in rounds),
        wal_bytes_an_event=_known(one.wal_bytes / one.events if one.wal_bytes else None for one in rounds),
        cores={process: median(one.share.cores[process] for one in rounds) for process in processes},
        loops={process: median(one.share.loops[process] for one in rounds) for process in processes},
        cpu_us_an_event={
            process: median(one.share.cores[process] / one.events_per_s * 1e6 for one in rounds if one.events)
            for process in processes
        },
        strangers=median(one.share.strangers for one in rounds),
    )


def _known(values: Iterable[float | None]) -> Median | None:
    found = [value for value in values if value is not None]
    return median(found) if found else None


def median(values: Iterable[float]) -> Median:
    ordered = sorted(values) or [0.0]
    return Median(statistics.median(ordered), ordered[0], ordered[-1])


def ratios(report: Report) -> dict[str, Median]:
    """Of each round its own, so that a slow minute of the machine is in both terms; then the median."""
    return {
        name: median(
            (one.stored_per_s or 0.0 if above in BOTH else one.events_per_s) / reference.events_per_s
            for one, reference in zip(of(report, above), of(report, below), strict=True)
        )
        for name, (above, below) in _RATIOS.items()
    }


def notes(report: Report) -> list[str]:
    """What to bear in mind when reading the figures."""
    found = []
    for phase in phases(report):
        ours = [phase.loops.get(name) for name in ("http", "worker")]
        at_limit = any(loop and loop.median >= _FULL for loop in ours)
        generator = phase.cores["generator"].median
        if generator >= _FULL and not at_limit:
            found.append(f"{phase.phase}: the load generator was the limit ({percent(generator)} of a core)")
    strangers = max(phase.strangers.median for phase in phases(report))
    if strangers >= _STRANGERS:
        found.append(
            f"other programs used up to {percent(strangers)} of a core meanwhile: rates are too low, and CPU an event "
            "says more"
        )
    if report.machine.sync_ms < _DISK_THAT_WAITS_MS:
        found.append("this disk keeps a page in no time (is it memory?): commits cost more elsewhere")
    return found


def percent(cores: float) -> str:
    return f"{cores * 100:.0f} %"


def show_json(report: Report) -> None:
    """One JSON document: what was measured, and what follows from it."""
    document = {
        "phases": phases(report),
        "ratios": ratios(report),
        "notes": notes(report),
        **{name: getattr(report, name) for name in report.__struct_fields__},
    }
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
