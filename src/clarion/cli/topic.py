"""`clarion topic`: what marketing is about."""

from typing import Annotated

from cyclopts import App, Parameter

from clarion.api import Call
from clarion.api import consent_views as views
from clarion.api.nouns import topic
from clarion.api.ports import Nothing
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one

app = App(name="topic", help="What marketing is about; readers say yes and no to each.")

_COLUMNS = ("name", "title", "opt_in")


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """All topics."""

    async def ask(call: Call) -> list[views.Topic]:
        return await topic.list_all(call, Nothing())

    found = with_call(place, "topic list", workspace, ask)
    if not found and not json:
        print(f"No topics. Make one: {example('topic set sales --title Sales', place)}")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command(name="set")
def set_(
    name: str,
    *,
    title: Annotated[str, Parameter(help="What readers see; else the name.")] = "",
    opt_in: Annotated[bool, Parameter(help="Nobody gets it who has not said yes.")] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Make a topic, or change it; what people said to it stays."""
    wish = topic.Set(name=name, title=title, opt_in=opt_in)

    async def do(call: Call) -> views.Topic:
        return await topic.set_(call, wish)

    show_one(with_call(place, "topic set", workspace, do), json=json)
