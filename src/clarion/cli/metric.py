"""`clarion metric`: kinds of events."""

from typing import Annotated, Literal, get_args

from cyclopts import App, Parameter

from clarion import errors
from clarion.api import Call
from clarion.api.nouns import metric
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._confirm import confirmed
from clarion.cli._losses import tell
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn
from clarion.metrics import Attribute, AttributeType, Category, Metric

app = App(name="metric", help="Metrics: the kinds of events, with their properties.")


@app.command(name="list")
def list_(
    *,
    category: Annotated[
        Category | None,
        Parameter(help="api: those that callers defined; system: all of the catalogue of system events."),
    ] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """All metrics by name."""

    async def ask(call: Call) -> list[Metric]:
        return await metric.list_all(call, metric.Listed(category=category))

    found = with_call(place, "metric list", workspace, ask)
    if not found and not json and category is None:
        print("No metrics yet. Each kind of event becomes one when its first event comes; see `event list`.")
        print("Names that apps use, with what they mean: `metric list --category system`.")
        return
    if category == "system":
        show_rows(found, ("group", "name", "description", "useful", "status", "events"), json=json)
        return
    show_rows(
        found, ("name", "category", "status", "events", "discarded", "discovered", "first_seen"), json=json
    )


@app.command
def show(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """One metric with its properties."""

    async def ask(call: Call) -> Metric:
        return await metric.show(call, metric.One(name))

    found = with_call(place, "metric show", workspace, ask)
    if json:
        show_json(found)
        return
    about = {
        "name": found.name,
        "title": found.title,
        "category": found.category,
        "status": found.status,
        "events": found.events,
        "discarded": found.discarded,
        "first seen": found.first_seen or "not yet",
    }
    if found.category == "system":
        about |= {
            "group": found.group,
            "description": found.description,
            "useful params": ", ".join(found.useful),
        }
    show_one(about, json=False)
    if found.attributes:
        print()
        show_rows(found.attributes, ("code", "title", "type"), json=False)
    if found.properties:
        print()
        show_rows(found.properties, ("name", "type", "example", "personal"), json=False)


@app.command
def create(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Make a metric before its first event comes."""

    async def do(call: Call) -> Metric:
        return await metric.create(call, metric.Create(name))

    made = with_call(place, "metric create", workspace, do)
    if json:
        show_json(made)
    else:
        print(f"{made.name} is {made.status}.")


@app.command
def pause(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Count its events and keep none, from now on."""
    _set(name, "paused", workspace, place, json)


@app.command
def resume(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Keep its events again."""
    _set(name, "syncing", workspace, place, json)


@app.command
def edit(
    name: str,
    *,
    title: Annotated[str | None, Parameter(help="How people call it.")] = None,
    attribute: Annotated[
        list[str] | None, Parameter(help="CODE=TYPE that its events may have; all of them, each in its turn.")
    ] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Change its title, or the attributes that its events may have from now on."""
    attributes = None if attribute is None else tuple(_attribute(one) for one in attribute)
    wish = metric.Change(name=name, title=title, attributes=attributes)

    async def do(call: Call) -> metric.Changed:
        return await metric.change(call, wish)

    changed = with_call(place, "metric edit", workspace, do)
    if json:
        show_json(changed)
    else:
        print(f"{changed.name} is changed; see `metric show`.")
        tell(changed.automations)


@app.command
def delete(
    name: str,
    *,
    yes: Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask.")] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Delete a metric that no event on the timeline has."""

    async def do(call: Call) -> metric.Deleted:
        return await metric.delete(call, metric.One(name))

    if not yes and not confirmed(f"Delete {name} with its attributes? There is no way back. [y/N] "):
        warn("nothing was deleted")
        return 1
    gone = with_call(place, "metric delete", workspace, do)
    if json:
        show_json(gone)
    else:
        print(f"{gone.name} is deleted.")
        tell(gone.automations)
    return 0


def _attribute(text: str) -> Attribute:
    code, _, kind = text.rpartition("=")
    for known in get_args(AttributeType):
        if code and kind == known:
            return Attribute(code=code, type=known)
    raise errors.Invalid(f"an attribute is CODE=TYPE, of type {', '.join(get_args(AttributeType))}")


def _set(
    name: str, status: Literal["syncing", "paused"], workspace: str | None, place: Place, json: bool
) -> None:
    async def do(call: Call) -> Metric:
        return await metric.change(call, metric.Change(name=name, status=status))

    command = "metric pause" if status == "paused" else "metric resume"
    changed = with_call(place, command, workspace, do)
    if json:
        show_json(changed)
    else:
        print(f"{changed.name} is {changed.status}.")
