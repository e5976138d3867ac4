"""`clarion automation`: steps that an event starts."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from clarion import automations, errors
from clarion.api import Call, Nothing
from clarion.api import automation_views as views
from clarion.api.nouns import automation
from clarion.automations import Definition
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn

app = App(name="automation", help="Automations: steps that an event starts for one person.")

_COLUMNS = ("id", "name", "status", "version", "live_version", "changed_at")
_RUN_COLUMNS = ("id", "profile_id", "node", "begun_at", "due_at", "ended_at", "reason")
Which = Annotated[str, Parameter(help="Name or id (aut_…) of the automation.")]
File = Annotated[Path, Parameter(help="The definition, a JSON file; see `automation schema`.")]


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """All automations by name."""

    async def ask(call: Call) -> list[views.Automation]:
        return await automation.list_all(call, Nothing())

    found = with_call(place, "automation list", workspace, ask)
    if not found and not json:
        print("No automations yet. Make one: automation create NAME FILE")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command
def show(
    name: Which,
    *,
    limit: Annotated[int, Parameter(help="How many runs at most.")] = 10,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """One automation, how its runs stand, and the newest of them."""
    if not 1 <= limit <= 1_000:
        raise errors.Invalid("--limit is 1 to 1000")

    async def ask(call: Call) -> tuple[views.WholeAutomation, list[views.Run]]:
        found = await automation.show(call, automation.One(await _find(call, name)))
        return found, await automation.runs(call, automation.Runs(found.id, limit))

    found, runs = with_call(place, "automation show", workspace, ask)
    if json:
        show_json(msgspec.structs.asdict(found) | {"newest_runs": runs})
        return
    show_one(_brief(found), json=False)
    print("\n" + msgspec.json.format(msgspec.json.encode(found.definition), indent=2).decode())
    if runs:
        print()
        show_rows(runs, _RUN_COLUMNS, json=False)


@app.command
def create(
    name: str, file: File, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """A new automation, as a draft; says what is in the way of publishing it."""
    definition = _read(file)

    async def do(call: Call) -> views.WholeAutomation:
        return await automation.create(call, automation.Create(name, definition))

    _show_draft(with_call(place, "automation create", workspace, do), json)


@app.command
def edit(
    name: Which, file: File, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """Its next version, as a draft; what is live stays as it is until that is published."""
    definition = _read(file)

    async def do(call: Call) -> views.WholeAutomation:
        return await automation.redraft(call, automation.Redraft(await _find(call, name), definition))

    _show_draft(with_call(place, "automation edit", workspace, do), json)


@app.command
def publish(name: Which, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Its newest version is live from now on; what was paused goes on."""

    async def do(call: Call) -> views.Automation:
        return await automation.publish(call, automation.One(await _find(call, name)))

    show_one(with_call(place, "automation publish", workspace, do), json=json)


@app.command
def pause(name: Which, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Start no run, and let its runs stand still until it is published again."""

    async def do(call: Call) -> views.Automation:
        return await automation.pause(call, automation.One(await _find(call, name)))

    show_one(with_call(place, "automation pause", workspace, do), json=json)


@app.command
def archive(name: Which, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Give it up: its runs end when they are due. It cannot be taken back."""

    async def do(call: Call) -> views.Automation:
        return await automation.archive(call, automation.One(await _find(call, name)))

    show_one(with_call(place, "automation archive", workspace, do), json=json)


@app.command
def schema() -> None:
    """The JSON schema of a definition."""
    show_json(automations.schema())


def _read(file: Path) -> Definition:
    try:
        return automations.read(file.read_bytes())
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror}") from exc


def _show_draft(made: views.WholeAutomation, json: bool) -> None:
    if json:
        show_json(made)
        return
    show_one(_brief(made), json=False)
    for problem in made.problems:
        warn(f"{problem.where} {problem.what}")


def _brief(found: views.WholeAutomation) -> dict[str, Any]:
    problems = [f"{one.where} {one.what}" for one in found.problems]
    return {name: getattr(found, name) for name in (*_COLUMNS, "runs")} | {"problems": problems}


async def _find(call: Call, name: str) -> str:
    """The id, by name or id. Raises NotFound, naming what there is."""
    found = await automation.list_all(call, Nothing())
    for one in found:
        if name in (one.id, one.name):
            return one.id
    names = ", ".join(one.name for one in found[:20])
    raise errors.NotFound(f"there is no automation named {name}; there is: {names or 'none'}")
