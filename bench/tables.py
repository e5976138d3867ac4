"""A report as tables for people."""

import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.report import BOTH, PROCESSES, Median, Phase, Report, notes, percent, phases, ratios
from bench.workload import BATCH, CONNECTIONS, NEW_PERCENT

_WIDE = 10_000


def show(report: Report) -> None:
    """Print it on standard output."""
    machine, found = report.machine, phases(report)
    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False, emoji=False)
    console.print(
        f"Clarion {machine.clarion}, Python {machine.python}, {machine.system}, {machine.cores} cores; the disk keeps "
        f"a page in {machine.sync_ms:.2f} ms.\nMedians of {report.rounds} rounds of {report.seconds:g} s (least–most); "
        f"{report.profiles:,} people known, {NEW_PERCENT} % of the events are about new ones; {report.event_bytes} "
        f"bytes of JSON an event, singles on {CONNECTIONS['single']} connections, batches of {BATCH} on "
        f"{CONNECTIONS['batch']}.\n"
    )
    for table in (_rates(found), _ratios(ratios(report)), _cpu(found), _cpu_an_event(found), _room(report)):
        console.print(table)
        console.print()
    for sentence in notes(report):
        console.print(f"Note: {sentence}")
    for sentence in report.failures:
        console.print(f"FAILED: {sentence}", markup=False)
    if not report.failures:
        console.print("The ledger adds up, and every acknowledged event is on the timeline.")


def _rates(found: Sequence[Phase]) -> Table:
    table = _table("Rates", "events/s", "on the timeline/s", "p50 ms", "p99 ms", "waiting p50/p99 ms", "503")
    for phase in found:
        waiting = phase.waiting_p50_ms and phase.waiting_p99_ms
        table.add_row(
            phase.phase,
            _spread(phase.events_per_s, ",.0f"),
            _spread(phase.stored_per_s, ",.0f"),
            _spread(phase.p50_ms, ".1f"),
            _spread(phase.p99_ms, ".1f"),
            f"{phase.waiting_p50_ms.median:.0f} / {waiting.median:.0f}"
            if phase.waiting_p50_ms and waiting
            else "",
            str(phase.refused or ""),
        )
    return table


def _ratios(found: dict[str, Median]) -> Table:
    table = _table("Ratios", "")
    for name, ratio in found.items():
        table.add_row(name, _spread(ratio, ".2f"))
    return table


def _cpu(found: Sequence[Phase]) -> Table:
    table = _table("CPU, % of a core (busiest thread)", *PROCESSES, "strangers")
    for phase in found:
        cells = [_cores(phase, process) for process in PROCESSES]
        table.add_row(phase.phase, *cells, percent(phase.strangers.median))
    return table


def _cores(phase: Phase, process: str) -> str:
    if process not in phase.cores:
        return ""
    cores, loop = phase.cores[process].median, phase.loops[process].median
    return f"{percent(cores)} ({percent(loop)})" if process == "http" else percent(cores)


def _cpu_an_event(found: Sequence[Phase]) -> Table:
    table = _table("CPU, us an event", *PROCESSES)
    for phase in found:
        used = phase.cpu_us_an_event
        table.add_row(phase.phase, *(_spread(used.get(process), ".1f") for process in PROCESSES))
    return table


def _room(report: Report) -> Table:
    table = _table("Memory and disk", "")
    for process, size in report.memory_bytes.items():
        table.add_row(f"memory of {process}", f"{size / 1e6:,.0f} MB")
    stored = report.stored or 1
    for name, size in sorted(report.disk_bytes.items(), key=lambda item: -item[1]):
        if size >= stored:  # a byte an event
            table.add_row(f"disk: {name}", f"{size / stored:,.0f} bytes an event")
    table.add_row("disk: all tables", f"{sum(report.disk_bytes.values()) / stored:,.0f} bytes an event")
    for phase in phases(report):
        if phase.phase in BOTH:
            log = _spread(phase.wal_bytes_an_event, ",.0f")
            table.add_row(f"PostgreSQL's log: {phase.phase}", f"{log} bytes an event")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column(title)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _spread(value: Median | None, form: str) -> str:
    return f"{value.median:{form}} ({value.least:{form}}–{value.most:{form}})" if value else ""
