"""`clarion metric`: kinds of events."""

from typing import Literal

from cyclopts import App

from clarion.api import Call, Nothing
from clarion.api.nouns import metric
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one
from clarion.metrics import Metric

app = App(name="metric", help="Metrics: the kinds of events, with their properties.")


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """All metrics by name."""

    async def ask(call: Call) -> list[Metric]:
        return await metric.list_all(call, Nothing())

    found = with_call(place, "metric list", workspace, ask)
    if not found and not json:
        print("No metrics yet. Each kind of event becomes one when its first event comes; see `event list`.")
        return
    show_rows(found, ("name", "status", "events", "discovered", "first_seen"), json=json)


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
        "status": found.status,
        "events": found.events,
        "first seen": found.first_seen,
    }
    show_one(about, json=False)
    if found.properties:
        print()
        show_rows(found.properties, ("name", "type", "example", "personal"), json=False)


@app.command
def pause(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Count its events and keep none, from now on."""
    _set(name, "paused", workspace, place, json)


@app.command
def resume(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Keep its events again."""
    _set(name, "syncing", workspace, place, json)


def _set(
    name: str, status: Literal["syncing", "paused"], workspace: str | None, place: Place, json: bool
) -> None:
    async def do(call: Call) -> Metric:
        return await metric.set_status(call, metric.SetStatus(name, status))

    command = "metric pause" if status == "paused" else "metric resume"
    changed = with_call(place, command, workspace, do)
    if json:
        show_json(changed)
    else:
        print(f"{changed.name} is {changed.status}.")
