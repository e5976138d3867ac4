"""How a noun's commands call rooms: the rooms are opened, the workspace is found, one function is awaited."""

import asyncio
import getpass
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

import asyncpg
from cyclopts import Parameter

from clarion import accounts, api, app, errors, model
from clarion.accounts import Workspace
from clarion.api import views
from clarion.app import Rooms
from clarion.app.acting import listeners, templates
from clarion.app.providers import read_returned
from clarion.cli._options import Place
from clarion.cli._session import Session, session
from clarion.config import Settings
from clarion.dialects import DIALECTS
from clarion.messaging import Links
from clarion.serve import folder

Given = TypeVar("Given")
OfWorkspace: TypeAlias = Annotated[
    str | None,
    Parameter(name="--workspace", help="Name or id of the workspace; not needed where there is one."),
]

#: Nouns whose `list` shows what there is.
_LISTED = frozenset({"credential", "job", "list", "message", "metric", "order", "template", "trait"})


def with_rooms(
    place: Place, command: str, work: Callable[[Rooms], Awaitable[Given]], *, owner: bool = False
) -> Given:
    """Open the rooms and await `work`; `owner`: with a connection of the workers' role. Raises ClarionError."""
    _check_begun(place)
    with session(place, command=command) as here:
        return asyncio.run(_opened(here, work, owner))


def with_call(
    place: Place,
    command: str,
    workspace: str | None,
    work: Callable[[api.Call], Awaitable[Given]],
    *,
    owner: bool = False,
) -> Given:
    """The same for a call inside a workspace, with an owner's rights: who can run this can read the data anyway."""

    async def call(rooms: Rooms) -> Given:
        return await work(call_in(rooms, await find_workspace(rooms, workspace)))

    try:
        return with_rooms(place, command, call, owner=owner)
    except errors.NotFound as exc:
        noun, _, verb = command.partition(" ")
        if verb == "list" or noun not in _LISTED or not str(exc).endswith("in this workspace"):
            raise
        raise errors.NotFound(f"{exc}: see {example(f'{noun} list', place)}") from exc


def call_in(rooms: Rooms, workspace: Workspace) -> api.Call:
    """A call inside a workspace, with an owner's rights."""
    ports = api.Ports(
        database=rooms.database, vaults=rooms.vaults, ids=rooms.ids, dialects=DIALECTS,
        journal_keep_days=rooms.settings.journal_keep_days,
        listeners=listeners(rooms.database.now_us), find_templates=templates,
        providers=rooms.providers, links_are_local=rooms.settings.links_are_local,
        links=_links(rooms.settings), read_returned=read_returned,
    )  # fmt: skip
    actor = f"cli:{getpass.getuser()}"
    return api.Call(ports=ports, workspace_id=workspace.workspace_id, actor=actor, role="owner")


def _links(settings: Settings) -> Links:
    """As the server that runs on the folder makes them: its port may have been a flag of its own."""
    served = None if settings.public_url else folder.served_at(settings.data)
    return Links(served or settings.links_url)


async def find_workspace(rooms: Rooms, wanted: str | None) -> Workspace:
    """By name or id; the only one where none is named. Raises NotFound, Invalid."""
    async with rooms.database.app() as tx:
        if wanted is not None:
            workspace_id = model.parse_id(views.WORKSPACE, wanted)
            if workspace_id is not None:
                return await accounts.read_workspace(tx, workspace_id)
            return await accounts.find_workspace(tx, wanted)
        found = await accounts.list_workspaces(tx)
    if not found:
        raise errors.NotFound(f"there is no workspace yet; make one: {program()} workspace create NAME")
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise errors.Invalid(f"say which workspace with --workspace: {names}")
    return found[0]


def program() -> str:
    """How this program was called, for the examples that it gives."""
    return "clarion" if Path(sys.argv[0]).name == "clarion" else "./run"


def example(words: str, place: Place) -> str:
    """A command line that works as it stands, for the installation that is meant here."""
    data = f" --data {shlex.quote(str(place.data))}" if place.data else ""
    return f"{program()} {words}{data}"


def _check_begun(place: Place) -> None:
    """Raises Misconfigured where nothing was ever started: asking must not make a database."""
    settings = place.load().settings
    if settings.database_url is None and not settings.master_key_file.exists():
        raise errors.Misconfigured(
            f"there is no Clarion in {settings.data} yet: start it once with `{program()} serve`"
        )


async def _opened(here: Session, work: Callable[[Rooms], Awaitable[Given]], owner: bool) -> Given:
    try:
        async with app.rooms(here.settings, here.addresses, owner=int(owner)) as rooms:
            return await work(rooms)
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError) as exc:
        raise errors.Misconfigured(f"the database is of another version: run `{program()} migrate`") from exc
