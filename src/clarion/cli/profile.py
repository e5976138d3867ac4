"""`clarion profile`: people."""

import asyncio
import sys
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from clarion import errors, jobs
from clarion.api import Call, Nothing, views
from clarion.api.audience_views import Listed
from clarion.api.nouns import profile
from clarion.app.handlers import handlers
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._confirm import confirmed
from clarion.cli._events import COLUMNS, first_event, rows_of
from clarion.cli._options import HERE, Json, Place
from clarion.cli._people import show_people, show_person, show_receipt
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, warn
from clarion.profiles import FoundProfile, StoredChange

app = App(name="profile", help="Profiles: find a person, see what is known and what happened; export, erase.")

_AT_ONCE = 500
_LOOKS, _LOOK_EVERY_S = 50, 0.2  # for the receipt to be complete, which it may also become later


@app.command
def find(  # noqa: PLR0913 - an option each
    *,
    email: str | None = None,
    phone: str | None = None,
    external_id: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    namespace: Annotated[str | None, Parameter(help="Whose ids; else those of each dialect.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Whom an e-mail, a phone or an external id identifies, or who has a name. Exit 1 when that is nobody."""
    if first_name is not None or last_name is not None:
        return _find_named(
            profile.Named(first_name=first_name, last_name=last_name), workspace, place, json=json
        )
    if email is phone is external_id is None:
        raise errors.Invalid("say whom: --email, --phone, --external-id, or --first-name and --last-name")
    wish = profile.Find(email=email, phone=phone, external_id=external_id, namespace=namespace)

    async def ask(call: Call) -> FoundProfile | None:
        vault = await call.vault()
        async with call.app() as tx:
            return await profile.sought(tx, call.workspace_id, wish, vault=vault)

    found = with_call(place, "profile find", workspace, ask)
    if found is not None:
        show_person(found, json)
        return 0
    if json:
        show_json(None)
    warn("nobody is identified by that. An address that only reaches somebody does not identify them.")
    return 1


@app.command(name="list")
def list_(
    *,
    trait: Annotated[str | None, Parameter(help="NAME=VALUE: only those whose trait it is.")] = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 20,
    before: Annotated[str | None, Parameter(help="Only those made before this one (prf_…).")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """People, newest first. `find` knows one by an e-mail, a phone, an external id or a name."""
    if limit < 1:
        raise errors.Invalid("--limit is 1 or more")
    name, is_, value = trait.partition("=") if trait is not None else (None, "", None)
    if trait is not None and not (name and is_ and value):
        raise errors.Invalid("--trait is NAME=VALUE, as `--trait plan=gold`")

    async def ask(call: Call) -> list[Listed]:
        found: list[Listed] = []
        behind = before
        while len(found) < limit:
            wish = profile.Listed(
                trait=name, value=value, before=behind, limit=min(_AT_ONCE, limit - len(found))
            )
            page = await profile.list_page(call, wish)
            found += page.profiles
            behind = page.next
            if behind is None:
                break
        return found

    found = with_call(place, "profile list", workspace, ask)
    if json:
        show_json(found)
    elif found:
        show_people(found)
    elif trait or before:
        print("Nobody of that kind.")
    else:
        print(
            f"Nobody yet. Who does something is somebody; send an event:\n\n  {first_event(place, workspace)}"
        )


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
        show_person(found, json)
    elif json:
        show_json(views.with_events(found, page.events))
    else:
        show_person(found, json)
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

    found = with_call(place, "profile history", workspace, ask)
    none = "Nothing of what is known of them was changed. What they did: `profile show ID --timeline`."
    show_rows(found, ("at", "what", "value", "cause"), json=json, none=none)


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

    show_person(with_call(place, "profile merge", workspace, ask), json)


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
    show_person(parted.parted, json=False)
    print()
    show_person(parted.others, json=False)


@app.command
def erase(
    profile_id: str,
    *,
    yes: Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask.")] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Delete a person for good; of their events only counts stay. Prints the receipt."""
    if not yes and not confirmed(f"Erase {profile_id} for good? There is no way back. [y/N] "):
        warn("nothing was erased")
        return 1

    async def do(call: Call) -> views.Receipt:
        receipt = await profile.erase(call, profile.One(profile_id))
        queue = jobs.Queue(call.ports.database, handlers(call.ports.vaults, call.ports.ids), call.ports.ids)
        for _ in range(_LOOKS):  # a worker may have the job already; without a server there is none
            await queue.work_off(call.workspace_id)
            receipt = await profile.erasure(call, profile.OneErasure(receipt.id))
            if receipt.complete:
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        return receipt

    show_receipt(with_call(place, "profile erase", workspace, do, owner=True), json)
    return 0


@app.command
def erased(
    erasure_id: str | None = None, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """The receipts of erasures, newest first, or one (ers_…)."""

    async def ask(call: Call) -> list[views.Receipt]:
        if erasure_id is None:
            return await profile.erasures(call, Nothing())
        return [await profile.erasure(call, profile.OneErasure(erasure_id))]

    found = with_call(place, "profile erased", workspace, ask)
    if erasure_id is not None:
        show_receipt(found[0], json)
    else:
        columns = ("id", "erased_at", "actor", "complete", "profile_id")
        show_rows(found, columns, json=json, none="Nobody was erased.")


@app.command
def export(
    profile_id: str,
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
) -> None:
    """All that is known of a person, as one JSON document on stdout; the audit notes it."""

    async def do(call: Call) -> None:
        first = await profile.export(call, profile.One(profile_id))
        write, encode = sys.stdout.write, msgspec.json.encode
        write(f'{{"profile":{encode(first.profile).decode()},"history":{encode(first.history).decode()}')
        for name in ("lists", "suppressions", "consents", "orders", "messages", "runs"):
            write(f',"{name}":{encode(getattr(first, name)).decode()}')
        write(',"events":[')
        page, comma = first.timeline, ""
        while True:
            for one in page.events:
                write(f"{comma}{encode(one).decode()}")
                comma = ","
            if page.next is None:
                break
            wish = profile.Timeline(profile_id=profile_id, limit=_AT_ONCE, before=page.next)
            page = await profile.timeline(call, wish)
        write("]}\n")

    with_call(place, "profile export", workspace, do)


def _find_named(wish: profile.Named, workspace: str | None, place: Place, *, json: bool) -> int:
    async def ask(call: Call) -> list[FoundProfile]:
        return await profile.find_named(call, wish)

    found = with_call(place, "profile find", workspace, ask)
    rows = [
        {
            "id": one.id,
            "first_name": one.traits.get("first_name"),
            "last_name": one.traits.get("last_name"),
            "created_at": one.created_at,
        }
        for one in found
    ]
    if json:
        show_json(found)
    elif found:
        show_rows(rows, ("id", "first_name", "last_name", "created_at"), json=False)
    if not found:
        warn("nobody has that name.")
    return 0 if found else 1
