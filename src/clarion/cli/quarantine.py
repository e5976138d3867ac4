"""`clarion quarantine`: what was acknowledged and could not be processed."""

from typing import Annotated

from cyclopts import App, Parameter

from clarion import errors
from clarion.api import Call, views
from clarion.api.nouns import quarantine
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn

app = App(name="quarantine", help="Quarantine: see, retry or discard what could not be processed.")

_COLUMNS = ("id", "reason", "detail", "items", "attempts", "dialect", "accepted_at")
_AT_ONCE = 500


@app.command(name="list")
def list_(
    *,
    workspace: OfWorkspace = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What stands in quarantine, newest first."""
    if limit < 1:
        raise errors.Invalid("--limit is 1 or more")

    async def ask(call: Call) -> list[views.Quarantined]:
        return (await quarantine.list_page(call, quarantine.List(limit=limit))).quarantined

    found = with_call(place, "quarantine list", workspace, ask)
    if not found and not json:
        print("Nothing is in quarantine. What cannot be processed is kept there with its reason.")
        return
    show_rows(found, _COLUMNS, json=json)
    if not json:
        print(f"\nTry one again: {example(f'quarantine retry {found[0].id}', place)}")


@app.command
def show(
    quarantined_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """One item (qrt_…) with its reason and what it says."""

    async def ask(call: Call) -> views.OpenedQuarantined:
        return await quarantine.show(call, quarantine.One(quarantined_id))

    show_one(with_call(place, "quarantine show", workspace, ask), json=json)


@app.command
def retry(
    quarantined_id: str | None = None,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", help="Whatever is there.")] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Process an item, or all, again. Exit 1 when something stays."""
    if all_ == (quarantined_id is not None):
        raise errors.Invalid("give an id, or --all")

    async def do(call: Call) -> list[views.Retried]:
        ids = [quarantined_id] if quarantined_id else await _all_ids(call)
        return [await quarantine.retry(call, quarantine.One(one)) for one in ids]

    done = with_call(place, "quarantine retry", workspace, do, owner=True)
    left = [one.quarantined for one in done if one.quarantined is not None]
    if json:
        show_json({"settled": len(done) - len(left), "left": left})
    else:
        print(f"Settled {len(done) - len(left)}, left {len(left)}.")
        for one in left:
            warn(f"{one.id} stays: {one.reason}: {one.detail}")
    return 1 if left else 0


@app.command
def discard(
    quarantined_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """Give an item up for good; the ledger counts it as discarded."""

    async def do(call: Call) -> views.Quarantined:
        return await quarantine.discard(call, quarantine.One(quarantined_id))

    gone = with_call(place, "quarantine discard", workspace, do)
    if json:
        show_json(gone)
    else:
        print(f"Discarded {gone.id} ({gone.items} item{'s' if gone.items > 1 else ''}).")


async def _all_ids(call: Call) -> list[str]:
    ids: list[str] = []
    before = None
    while True:
        page = await quarantine.list_page(call, quarantine.List(limit=_AT_ONCE, before=before))
        ids += [one.id for one in page.quarantined]
        if page.next is None:
            return ids
        before = page.next
