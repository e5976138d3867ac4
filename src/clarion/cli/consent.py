"""`clarion consent`: what owners of addresses said yes and no to."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from clarion.api import Call
from clarion.api import consent_views as views
from clarion.api.nouns import consent
from clarion.api.ports import Nothing
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one
from clarion.messaging import Channel

app = App(name="consent", help="What owners of addresses said yes and no to.")

_COLUMNS = ("channel", "topic", "yes", "no")
_TOPICS = ("topic", "title", "said", "gets")


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """How many addresses said what; an empty topic is the channel as a whole."""

    async def ask(call: Call) -> list[views.Count]:
        return await consent.list_all(call, Nothing())

    found = with_call(place, "consent list", workspace, ask)
    if not found and not json:
        print(f"Nobody said anything yet. Note it: {example('consent set ann@example.com yes', place)}")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command
def show(
    address: str,
    *,
    channel: Channel = "email",
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What one address's owner agreed to, and what they get for that."""
    wish = consent.One(value=address, channel=channel)

    async def ask(call: Call) -> views.Consent:
        return await consent.show(call, wish)

    _show(with_call(place, "consent show", workspace, ask), json)


@app.command(name="set")
def set_(
    address: str,
    answer: Literal["yes", "no"],
    *,
    channel: Channel = "email",
    topic: Annotated[str | None, Parameter(help="Only this topic; else the channel as a whole.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Note what an address's owner said."""
    wish = consent.Set(value=address, agreed=answer == "yes", channel=channel, topic=topic)

    async def do(call: Call) -> views.Consent:
        return await consent.set_(call, wish)

    _show(with_call(place, "consent set", workspace, do), json)


def _show(found: views.Consent, json: bool) -> None:
    if json:
        show_json(found)
        return
    suppressed = ", ".join(found.suppressed) or None
    plain = {"value": found.value, "channel": found.channel, "said": found.said, "suppressed": suppressed}
    show_one(plain, json=False)
    if found.topics:
        print()
        show_rows(found.topics, _TOPICS, json=False)
