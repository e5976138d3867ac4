"""`clarion suppression`: addresses that are not sent to."""

from typing import Annotated

from cyclopts import App, Parameter

from clarion import errors
from clarion.api import Call
from clarion.api import audience_views as views
from clarion.api.nouns import suppression
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one
from clarion.model import Channel
from clarion.profiles import Reason

app = App(name="suppression", help="Addresses that are not sent to, whoever has them.")

_COLUMNS = ("value", "channel", "reason", "by", "suppressed_at")
_AT_ONCE = 500


@app.command(name="list")
def list_(
    *,
    address: Annotated[str | None, Parameter(help="Only this address.")] = None,
    channel: Channel | None = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Suppressed addresses with their reasons, newest first."""
    if limit < 1:
        raise errors.Invalid("--limit is 1 or more")

    async def ask(call: Call) -> list[views.Suppression]:
        if address is not None:
            return await suppression.find(call, suppression.One(value=address, channel=channel or "email"))
        found: list[views.Suppression] = []
        before = None
        while len(found) < limit:
            at_once = min(_AT_ONCE, limit - len(found))
            page = await suppression.list_page(
                call, suppression.List(channel=channel, limit=at_once, before=before)
            )
            found += page.suppressions
            before = page.next
            if before is None:
                break
        return found

    found = with_call(place, "suppression list", workspace, ask)
    if not found and not json:
        print("No address is suppressed." if address is None else "That address is not suppressed.")
        return
    show_rows(found, _COLUMNS, json=json)


@app.command
def add(
    addresses: list[str],
    *,
    channel: Channel = "email",
    reason: Reason = Reason.BY_HAND,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Send nothing to these addresses from now on; for `unsubscribed`, nothing in bulk."""
    wish = suppression.Add(values=tuple(addresses), channel=channel, reason=reason)

    async def do(call: Call) -> suppression.Changed:
        return await suppression.add(call, wish)

    show_one(with_call(place, "suppression add", workspace, do), json=json)


@app.command
def remove(
    addresses: list[str],
    *,
    channel: Channel = "email",
    reason: Annotated[Reason | None, Parameter(help="Take back this one alone.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Send to these addresses again."""
    wish = suppression.Remove(values=tuple(addresses), channel=channel, reason=reason)

    async def do(call: Call) -> suppression.Changed:
        return await suppression.remove(call, wish)

    show_one(with_call(place, "suppression remove", workspace, do), json=json)
