"""`clarion ledger`: what became of every item."""

from datetime import datetime
from typing import Annotated

from cyclopts import App, Parameter
from msgspec import structs

from clarion import errors
from clarion.api import Call, views
from clarion.api.nouns import ledger
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, warn

app = App(name="ledger", help="Ledger: what became of every item, minute by minute.")

_SHOWN_MAX = 60  # minutes in the table
_COLUMNS = ("minute", *views.Counts.__struct_fields__)
_EQUATION = """\
received = rejected + duplicate + accepted
accepted = in flight + quarantined + stored + applied + replaced + discarded
stored   = on the timeline + erased + expired"""


@app.command
def show(
    *,
    workspace: OfWorkspace = None,
    minutes: Annotated[int | None, Parameter(help="Only the last so many minutes.")] = None,
    since: Annotated[datetime | None, Parameter(help="Only since this time (UTC).")] = None,
    verify: Annotated[bool, Parameter(negative="", help="Count again from the tables.")] = False,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """What became of every item. Exit 1 when the counts do not add up."""
    if minutes is not None and (since is not None or minutes < 1):
        raise errors.Invalid("give --minutes, 1 or more, or --since")

    async def ask(call: Call) -> views.Ledger:
        since_us = 0
        if minutes is not None:
            since_us = call.ports.database.now_us() - minutes * 60_000_000
        elif since is not None:
            since_us = ledger.time_us(since)
        return await ledger.read(call, since_us, verify=verify)

    found = with_call(place, "ledger show", workspace, ask, owner=verify)
    if json:
        show_json(found)
    elif found.lines:
        _show(found)
    else:
        print(f"Nothing was received. Send something: {example('event list', place)} shows how.")
    return complain(found)


def complain(found: views.Ledger) -> int:
    """Say on stderr which minutes do not add up; returns the exit code."""
    for one in found.mismatches:
        warn(f"{one.minute}: {one.term} is {one.ledger} in the ledger, and {one.counted} were counted")
    return 1 if found.mismatches else 0


def _show(found: views.Ledger) -> None:
    rows = [structs.asdict(line) for line in found.lines[-_SHOWN_MAX:]]
    total = {"minute": "total"} | structs.asdict(found.total)
    show_rows([*rows, total], _COLUMNS, json=False)
    if hidden := len(found.lines) - len(rows):
        print(f"({hidden} earlier minutes are in the total; --json shows all)")
    print(f"\n{_EQUATION}")
    if found.verified and not found.mismatches:
        print("Counted again from the tables: every minute adds up.")
