"""`clarion list`: sets of people that are kept by hand or import."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from clarion import errors
from clarion.api import Call, Nothing
from clarion.api import audience_views as views
from clarion.api.nouns import list as lists
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one

app = App(name="list", help="Lists that are kept by hand or import, and who is on them.")

_COLUMNS = ("id", "number", "name", "members", "created_at")
Which = Annotated[str, Parameter(help="Name or id (lst_…) of the list.")]


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """All lists by name."""

    async def ask(call: Call) -> list[views.List]:
        return await lists.list_all(call, Nothing())

    found = with_call(place, "list list", workspace, ask)
    if not found and not json:
        print("No lists yet. Make one: list create NAME")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command
def show(
    name: Which,
    *,
    limit: Annotated[int, Parameter(help="How many people at most.")] = 50,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """One list, and who is on it."""
    if not 1 <= limit <= lists.PROFILES_MAX:
        raise errors.Invalid(f"--limit is 1 to {lists.PROFILES_MAX}")

    async def ask(call: Call) -> dict[str, Any]:
        found = await _find(call, name)
        page = await lists.members(call, lists.Members(list_id=found.id, limit=limit))
        return {field: getattr(found, field) for field in _COLUMNS} | {"people": page.profile_ids}

    show_one(with_call(place, "list show", workspace, ask), json=json)


@app.command
def create(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """A new list."""

    async def do(call: Call) -> views.List:
        return await lists.create(call, lists.Create(name))

    show_one(with_call(place, "list create", workspace, do), json=json)


@app.command
def add(
    name: Which,
    profile_ids: list[str],
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Put people (prf_…) on a list; exit 1 where an id is nobody's."""

    async def do(call: Call) -> lists.Changed:
        return await lists.add(call, lists.Change((await _find(call, name)).id, tuple(profile_ids)))

    done = with_call(place, "list add", workspace, do)
    show_one(done, json=json)
    return 1 if done.unknown else 0


@app.command
def remove(
    name: Which,
    profile_ids: list[str],
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Take people (prf_…) off a list; exit 1 where an id is nobody's."""

    async def do(call: Call) -> lists.Changed:
        return await lists.remove(call, lists.Change((await _find(call, name)).id, tuple(profile_ids)))

    done = with_call(place, "list remove", workspace, do)
    show_one(done, json=json)
    return 1 if done.unknown else 0


async def _find(call: Call, name: str) -> views.List:
    """By name or id. Raises NotFound, naming what there is."""
    found = await lists.list_all(call, Nothing())
    for one in found:
        if name in (one.id, one.name):
            return one
    names = ", ".join(one.name for one in found[:20])
    raise errors.NotFound(f"there is no list named {name}; there is: {names or 'none'}")
