"""`clarion rule`: when and how often marketing goes out."""

from typing import Annotated

from cyclopts import App, Parameter

from clarion.api import Call
from clarion.api import consent_views as views
from clarion.api.nouns import rule
from clarion.api.ports import Nothing
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one
from clarion.messaging import Channel

app = App(name="rule", help="Sending rules: quiet hours, caps, expiry and tracking of marketing, by channel.")

_COLUMNS = ("channel", "quiet", "cap", "expires_hours", "track_opens", "track_clicks")


@app.command
def show(
    channel: Annotated[Channel | None, Parameter(help="Of this one alone.")] = None,
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """The rules of every channel that has some, or of one."""
    if channel is not None:
        one = rule.One(channel=channel)
        show_one(with_call(place, "rule show", workspace, lambda call: rule.show(call, one)), json=json)
        return

    async def ask(call: Call) -> list[views.Rule]:
        return await rule.list_all(call, Nothing())

    found = with_call(place, "rule show", workspace, ask)
    if not found and not json:
        made = example("rule set email --quiet 22:00-08:00 --cap 3/24", place)
        print(f"No rules: marketing goes out at any hour. Set some: {made}")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command(name="set")
def set_(  # noqa: PLR0913 - an option each
    channel: Channel,
    *,
    quiet: Annotated[
        str | None, Parameter(help="Nothing then, by the reader's wall: `22:00-08:00`, or `none`.")
    ] = None,
    cap: Annotated[str | None, Parameter(help="Messages in hours to one address: `3/24`, or `none`.")] = None,
    expires_hours: Annotated[
        int | None, Parameter(help="How long a message may wait that says nothing itself; 0 for ever.")
    ] = None,
    track_opens: Annotated[bool | None, Parameter(help="Whether opens are seen, by a picture.")] = None,
    track_clicks: Annotated[bool | None, Parameter(help="Whether clicks are seen: links lead by us.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Change a channel's rules for marketing; what is not named stays."""
    wish = rule.Change(
        channel=channel, quiet=quiet, cap=cap, expires_hours=expires_hours,
        track_opens=track_opens, track_clicks=track_clicks,
    )  # fmt: skip

    async def do(call: Call) -> views.Rule:
        return await rule.change(call, wish)

    show_one(with_call(place, "rule set", workspace, do), json=json)
