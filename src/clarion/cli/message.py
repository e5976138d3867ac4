"""`clarion message`: what became of messages, and what lies in the mailbox."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

from clarion import accounts, errors
from clarion.api import Call
from clarion.api import message_views as views
from clarion.api.nouns import message
from clarion.app import Rooms
from clarion.cli._call import OfWorkspace, call_in, example, find_workspace, with_call, with_rooms
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn
from clarion.messaging import State
from clarion.messaging.returning import NotOurs

app = App(name="message", help="Messages: where they stand and why.")

_COLUMNS = ("id", "state", "reason", "channel", "recipient", "tries", "changed_at")
_REPORTS = ("state", "hard", "by", "at", "said")
#: What mail servers read as: keep the mail and try again later.
_TRY_LATER = 75
_LINES = ("n", "phase", "at", "provider", "outcome", "kind", "said")


@app.command(name="list")
def list_(  # noqa: PLR0913 - an option each
    *,
    state: State | None = None,
    cause: Annotated[str | None, Parameter(help="Of one automation (aut_…).")] = None,
    profile: Annotated[
        str | None, Parameter(help="Of one person (prf_…), with what went to their addresses before.")
    ] = None,
    recipient: Annotated[str | None, Parameter(help="To one e-mail address or phone number.")] = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    before: Annotated[str | None, Parameter(help="Older than this one (msg_…): the next page.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Messages, newest first: of all, of one person, or to one address."""
    wish = message.Find(
        state=state, cause_id=cause, profile_id=profile, recipient=recipient, limit=limit, before=before
    )

    async def ask(call: Call) -> views.MessagePage:
        return await message.find(call, wish)

    page = with_call(place, "message list", workspace, ask)
    narrowed = any(one is not None for one in (state, cause, profile, recipient, before))
    if not page.messages and not json:
        print(_nothing(place, narrowed=narrowed))
        return
    show_rows(page.messages, _COLUMNS, json=json)
    if page.next is not None and not json:
        print(f"\nMore: the same with --before {page.next}")


def _nothing(place: Place, *, narrowed: bool) -> str:
    if narrowed:
        return f"No such messages. All of them: {example('message list', place)}"
    words = "No messages yet: calls that send and automations make them. Try what carries e-mail"
    return f"{words}: {example('provider test email you@example.com', place)}"


@app.command
def show(
    message_id: str,
    *,
    raw: Annotated[
        bool, Parameter(negative="", help="As it would have gone out, out of the mailbox.")
    ] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """A message; with --raw what lies in the mailbox of it."""
    wish = message.One(message_id=message_id)

    async def ask(call: Call) -> views.Message:
        return (await message.explain(call, wish)).message

    async def ask_raw(call: Call) -> views.Raw:
        return await message.raw(call, wish)

    if not raw:
        show_one(with_call(place, "message show", workspace, ask), json=json)
        return
    found = with_call(place, "message show", workspace, ask_raw)
    if json:
        show_json(found)
    else:
        print(found.raw)


@app.command
def explain(
    message_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False
) -> None:
    """Why it was sent or not: the decision with its facts, and every attempt."""
    wish = message.One(message_id=message_id)

    async def ask(call: Call) -> views.Explained:
        return await message.explain(call, wish)

    found = with_call(place, "message explain", workspace, ask)
    if json:
        show_json(found)
        return
    show_one(found.message, json=False)
    if found.decision is None:
        print("\nNothing is decided: it is not due yet.")
    else:
        print()
        show_one(found.decision, json=False)
    if found.attempts:
        print()
        show_rows(found.attempts, _LINES, json=False)
    if found.reports:
        print()
        show_rows(found.reports, _REPORTS, json=False)
    if found.opened_at or found.clicked_at:
        print()
        show_one({"opened at": found.opened_at, "clicked at": found.clicked_at}, json=False)


@app.command
def bounce(
    *,
    to: Annotated[
        str | None, Parameter(help="The address that it came to, where the mail server knows it.")
    ] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Read a mail that came back from standard input, and settle the message that it is about.

    Without --workspace each is asked whether it signed what stands in the mail. Exit 1 where none did, 75 where the
    database is away: the mail is to be handed in again.
    """
    if sys.stdin.isatty():
        raise errors.Invalid("hand in the mail on standard input: message bounce < mail.eml")
    wish = message.Bounce(mail=sys.stdin.buffer.read(), to=to)

    async def do(rooms: Rooms) -> views.Returned:
        async with rooms.database.app() as tx:
            every = await accounts.list_workspaces(tx) if workspace is None else []
        wanted = every if workspace is None else [await find_workspace(rooms, workspace)]
        for one in wanted[:-1]:
            try:
                return await message.bounce(call_in(rooms, one), wish)
            except NotOurs:
                continue
        if not wanted:
            raise errors.NotFound("there is no workspace yet")
        return await message.bounce(call_in(rooms, wanted[-1]), wish)

    try:
        done = with_rooms(place, "message bounce", do)
    except errors.Unavailable as exc:
        warn(str(exc))
        return _TRY_LATER
    show_one(done, json=json)
    return 0


@app.command
def count(
    *,
    cause: Annotated[str | None, Parameter(help="Of one automation (aut_…).")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """How many stand where; together they are all that were planned."""

    async def ask(call: Call) -> views.Counts:
        return await message.count(call, message.Count(cause_id=cause))

    show_one(with_call(place, "message count", workspace, ask), json=json)
