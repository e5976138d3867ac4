"""`clarion profile`: people."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from clarion.api import Call, views
from clarion.api.nouns import profile
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._events import COLUMNS, rows_of
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn
from clarion.profiles import FoundProfile, StoredChange

app = App(name="profile", help="Profiles: find a person, see what is known and what happened.")


@app.command
def find(
    *,
    email: str | None = None,
    phone: str | None = None,
    external_id: str | None = None,
    namespace: Annotated[str | None, Parameter(help="Whose ids; else those of each dialect.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Whom an e-mail, a phone or an external id identifies. Exit 1 when that is nobody."""
    wish = profile.Find(email=email, phone=phone, external_id=external_id, namespace=namespace)

    async def ask(call: Call) -> FoundProfile | None:
        vault = await call.vault()
        async with call.app() as tx:
            return await profile.sought(tx, call.workspace_id, wish, vault=vault)

    found = with_call(place, "profile find", workspace, ask)
    if found is not None:
        _show(found, json)
        return 0
    if json:
        show_json(None)
    warn("nobody is identified by that. An address that only reaches somebody does not identify them.")
    return 1


@app.command
def show(
    profile_id: str,
    *,
    timeline: Annotated[bool, Parameter(negative="", help="With the newest events.")] = False,
    limit: Annotated[int, Parameter(help="How many of them.")] = 20,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """A profile by its id (prf_…) or by that of any member."""

    async def ask(call: Call) -> tuple[FoundProfile, views.EventPage | None]:
        found = await profile.show(call, profile.One(profile_id))
        if not timeline:
            return found, None
        return found, await profile.timeline(call, profile.Timeline(profile_id=profile_id, limit=limit))

    found, page = with_call(place, "profile show", workspace, ask)
    if page is None:
        _show(found, json)
    elif json:
        show_json(views.with_events(found, page.events))
    else:
        _show(found, json)
        print()
        show_rows(rows_of(page.events), COLUMNS, json=False)


@app.command
def history(
    profile_id: str,
    *,
    limit: Annotated[int, Parameter(help="How many changes.")] = 50,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What changed of a profile, newest first."""

    async def ask(call: Call) -> list[StoredChange]:
        return await profile.history(call, profile.History(profile_id=profile_id, limit=limit))

    show_rows(
        with_call(place, "profile history", workspace, ask), ("at", "what", "value", "cause"), json=json
    )


@app.command
def merge(
    profile_id: str,
    other_id: str,
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Make two people one. `unmerge` takes it back."""

    async def ask(call: Call) -> FoundProfile:
        return await profile.merge(call, profile.Merge(profile_id, other_id))

    _show(with_call(place, "profile merge", workspace, ask), json)


@app.command
def unmerge(
    profile_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """Part a member (`show` lists them) from its person; what comes in joins them no more, `merge` does."""

    async def ask(call: Call) -> profile.Parted:
        return await profile.unmerge(call, profile.One(profile_id))

    parted = with_call(place, "profile unmerge", workspace, ask)
    if json:
        show_json(parted)
        return
    _show(parted.parted, json=False)
    print()
    _show(parted.others, json=False)


def _show(found: FoundProfile, json: bool) -> None:
    if json:
        show_json(found)
        return
    lines: dict[str, Any] = {"id": found.id, "created_at": found.created_at}
    lines |= {f"{one['kind']} {one['namespace']}".strip(): one["value"] for one in found.identities}
    lines["reached by"] = [f"{one['channel']} {one['value']}" for one in found.addresses]
    lines |= {f"trait {name}": value for name, value in found.traits.items()}
    if len(found.members) > 1:
        lines["members"] = found.members
    show_one(lines, json=False)
