"""`clarion workspace`: tenants."""

import getpass
from typing import Annotated
from zoneinfo import available_timezones

from cyclopts import App, Parameter

from clarion import accounts, errors
from clarion.api import views
from clarion.app import Rooms
from clarion.cli._call import example, find_workspace, with_rooms
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one

app = App(name="workspace", help="Workspaces: one for each store or brand.")


@app.command
def create(
    name: str,
    *,
    test: Annotated[bool, Parameter(negative="", help="For trying things.")] = False,
    zone: Annotated[str, Parameter(help="IANA zone in which its days are counted.")] = "UTC",
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Make a workspace with keys of its own."""
    if zone not in available_timezones():
        raise errors.Invalid(f"{zone} is not a zone; zones are named as Europe/Kyiv is")

    async def make(rooms: Rooms) -> views.Workspace:
        async with rooms.database.app() as tx:
            made = await accounts.create_workspace(
                tx, name, ids=rooms.ids, master=rooms.master, test=test, zone=zone
            )
        return views.workspace(made)

    show_one(with_rooms(place, "workspace create", make), json=json)


@app.command(name="list")
def list_(*, place: Place = HERE, json: Json = False) -> None:
    """All workspaces, oldest first."""

    async def ask(rooms: Rooms) -> list[views.Workspace]:
        async with rooms.database.app() as tx:
            return [views.workspace(one) for one in await accounts.list_workspaces(tx)]

    found = with_rooms(place, "workspace list", ask)
    if not found and not json:
        print(f"No workspace yet. Make one:\n\n  {example('workspace create shop', place)}")
        return
    show_rows(found, ("name", "id", "test", "zone", "created_at"), json=json)


@app.command(name="set")
def set_(
    name: str,
    *,
    plan: Annotated[accounts.Plan | None, Parameter(help="SmartPush wants standard or premium.")] = None,
    api_allowed: Annotated[bool | None, Parameter(help="On SmartPush's allow-list or not.")] = None,
    device_tokens: Annotated[
        accounts.DeviceTokens | None,
        Parameter(help="Whose tokens devices have: told by their shape, or all of one provider."),
    ] = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Change what vendors ask of a store before their API may be called, and what its devices' tokens are."""

    async def do(rooms: Rooms) -> views.Workspace:
        held = await find_workspace(rooms, name)
        async with rooms.database.app(held.workspace_id) as tx:
            changed = await accounts.set_workspace(
                tx,
                held.workspace_id,
                ids=rooms.ids,
                actor=f"cli:{getpass.getuser()}",
                plan=plan,
                api_allowed=api_allowed,
                device_tokens=device_tokens,
            )
        return views.workspace(changed)

    show_one(with_rooms(place, "workspace set", do), json=json)


@app.command
def show(name: str, *, place: Place = HERE, json: Json = False) -> None:
    """One workspace by its name or id."""

    async def ask(rooms: Rooms) -> views.Workspace:
        return views.workspace(await find_workspace(rooms, name))

    show_one(with_rooms(place, "workspace show", ask), json=json)
