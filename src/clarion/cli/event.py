"""`clarion event`: what happened."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from clarion import errors, events, model
from clarion.api import Call
from clarion.api.nouns import event, ledger, profile
from clarion.automations import Again
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._events import COLUMNS, brief, first_event, rows_of
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one
from clarion.events import StoredEvent, Which

app = App(name="event", help="Events: what came in, newest first.")

_AT_ONCE = 1_000  # events held here at a time
_LOOK_EVERY_S = 0.5
_LOOK_BACK_S = 60  # an event may be processed after one that was received later

OfMetric = Annotated[str | None, Parameter(name="--metric", help="Only events of this name.")]
OfProfile = Annotated[str | None, Parameter(name="--profile", help="Only this person's events (prf_…).")]
OfEmail = Annotated[str | None, Parameter(name="--email", help="Only this person's events.")]


@app.command(name="list")
def list_(
    *,
    workspace: OfWorkspace = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    metric: OfMetric = None,
    email: OfEmail = None,
    of: OfProfile = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """The newest received events."""
    if limit < 1:
        raise errors.Invalid("--limit is 1 or more")
    if email is not None and of is not None:
        raise errors.Invalid("give --email or --profile, one of the two")

    async def ask(call: Call) -> int:
        vault = await call.vault()
        async with call.app() as tx:
            members = None
            if email is not None:
                found = await profile.sought(tx, call.workspace_id, profile.Find(email=email), vault=vault)
                members = [] if found is None else profile.members(found)
            if of is not None:
                members = profile.members(await profile.show_in(tx, call, of, vault))
            which = Which(profile_ids=members, metric=metric)
            if limit > _AT_ONCE:
                stream = events.stream_events(tx, call.workspace_id, which, vault=vault, limit=limit)
                return await _print(stream, json)
            page = await events.list_events(
                tx, call.workspace_id, which, vault=vault, now_us=call.ports.database.now_us(), limit=limit
            )
            return await _print(_each(page), json)

    printed = with_call(place, "event list", workspace, ask)
    if not printed and not json:
        print(_nothing(place, workspace, narrowed=bool(metric or email or of)))


@app.command
def show(event_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """One event by its id (evt_…)."""

    async def ask(call: Call) -> StoredEvent:
        return await event.show(call, event.One(event_id))

    show_one(with_call(place, "event show", workspace, ask), json=json)


@app.command
def tail(
    *,
    workspace: OfWorkspace = None,
    metric: OfMetric = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Print events as they are processed, until Ctrl-C. With --json one document a line."""
    try:
        with_call(place, "event tail", workspace, lambda call: _follow(call, metric, json))
    except KeyboardInterrupt:
        return


@app.command
def replay(
    *,
    from_: Annotated[datetime, Parameter(name="--from", help="Received since this time (UTC).")],
    to: Annotated[datetime, Parameter(help="Received before this time (UTC).")],
    metric: OfMetric = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Offer a period's events again under their old ids, to automations that have not seen them."""
    if from_ >= to:
        raise errors.Invalid("--from must lie before --to")
    which = Which(
        metric=metric,
        after=model.first_id_at(ledger.time_us(from_)),
        before=model.first_id_at(ledger.time_us(to)),
    )
    count, started = with_call(place, "event replay", workspace, lambda call: _replayed(call, which))
    if json:
        show_json({"replayed": count, "runs_started": started})
    else:
        print(f"Went through {count} events; {started} runs started.")


async def _replayed(call: Call, which: Which) -> tuple[int, int]:
    """How many there were and how many runs they started. On stderr they are counted as they go by, with no end."""
    vault = await call.vault()
    columns = (SpinnerColumn(), TextColumn("{task.completed} events"), TimeElapsedColumn())
    count = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replay", total=None)
        async with call.app() as tx:
            again = Again(tx, call.workspace_id, vault=vault, now_us=call.ports.database.now_us())
            listening = (again.hear,)
            async for _ in events.replay(tx, call.workspace_id, which, vault=vault, handlers=listening):
                count += 1
                if count % _AT_ONCE == 0:
                    bar.update(task, completed=count)
    return count, again.started


async def _print(found: AsyncIterator[StoredEvent], json: bool) -> int:
    """Print them as they come, a table a thousand; returns how many there were."""
    count = 0
    batch: list[StoredEvent] = []
    if json:
        sys.stdout.write("[")
    async for one in found:
        count += 1
        if json:
            sys.stdout.write(",\n" if count > 1 else "\n")
            sys.stdout.write(msgspec.json.encode(one).decode())
            continue
        batch.append(one)
        if len(batch) == _AT_ONCE:
            show_rows(rows_of(batch), COLUMNS, json=False)
            batch.clear()
    if json:
        sys.stdout.write("\n]\n" if count else "]\n")
    if batch:
        show_rows(rows_of(batch), COLUMNS, json=False)
    return count


async def _each(page: Sequence[StoredEvent]) -> AsyncIterator[StoredEvent]:
    for one in page:
        yield one


async def _follow(call: Call, metric: str | None, json: bool) -> None:
    seen: dict[str, None] | None = None
    while True:
        found = await _recent(call, metric)
        fresh = [one for one in found if seen is not None and one.id not in seen]
        for one in reversed(fresh):
            print(_line(one, json), flush=True)
        seen = dict.fromkeys(one.id for one in found)
        await asyncio.sleep(_LOOK_EVERY_S)


async def _recent(call: Call, metric: str | None) -> list[StoredEvent]:
    now_us = call.ports.database.now_us()
    after = model.first_id_at(now_us - _LOOK_BACK_S * 1_000_000)
    vault = await call.vault()
    async with call.app() as tx:
        return await events.list_events(
            tx,
            call.workspace_id,
            Which(metric=metric, after=after),
            vault=vault,
            now_us=now_us,
            limit=_AT_ONCE * 10,
        )


def _line(one: StoredEvent, json: bool) -> str:
    if json:
        return msgspec.json.encode(one).decode()
    return f"{one.received_at}  {one.name}  {one.profile_id}  {brief(one.properties)}"


def _nothing(place: Place, workspace: str | None, *, narrowed: bool) -> str:
    """What to do when there is no event."""
    return "No such events." if narrowed else f"No events yet. Send one:\n\n  {first_event(place, workspace)}"
