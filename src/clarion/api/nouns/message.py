"""Messages: where they stand, why, and what lies in the mailbox."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import errors, messaging
from clarion.api import message_views as views
from clarion.api.automation_views import AUTOMATION
from clarion.api.nouns import profile
from clarion.api.nouns._fields import Before, Limit, Text
from clarion.api.ports import Call, id_before, id_of
from clarion.messaging import State, To
from clarion.messaging.port import Unreadable
from clarion.messaging.returning import settle_returned


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of messages. `profile_id`: of one person, with what went to their addresses while nobody had them."""

    state: State | None = None
    cause_id: Text | None = None
    profile_id: Text | None = None
    limit: Limit = 50
    before: Before | None = None


class Find(List, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, or of one `recipient`: an e-mail address or a phone number. It is not part of a URL."""

    recipient: Annotated[str, Meta(min_length=1, max_length=320)] | None = None


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message (msg_…)."""

    message_id: Text


class Count(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of all messages, or of those that one automation or campaign wanted."""

    cause_id: Text | None = None


class Bounce(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail that came back, whole, in base64. `to`: the address that it came to, where the mail server knows it."""

    mail: Annotated[bytes, Meta(min_length=1)]
    to: Annotated[str, Meta(max_length=320)] | None = None


async def list_page(call: Call, wish: List) -> views.MessagePage:
    """Messages, newest first."""
    return await _page(call, wish, None)


async def find(call: Call, wish: Find) -> views.MessagePage:
    """The messages of one person or of one address, newest first."""
    if wish.profile_id is not None and wish.recipient is not None:
        raise errors.Invalid("give profile_id or recipient, one of the two")
    return await _page(call, wish, wish.recipient)


async def _page(call: Call, wish: List, recipient: str | None) -> views.MessagePage:
    vault = await call.vault()
    before = id_before(views.MESSAGE, wish.before, "message")
    to = None if recipient is None else To(recipients=[recipient])
    async with call.app() as tx:
        if wish.profile_id is not None:
            person = await profile.show_in(tx, call, wish.profile_id, vault)
            to = profile.written_to(person)
        found = await messaging.list_sends(
            tx, call.workspace_id, vault=vault, before=before, limit=wish.limit + 1,
            state=wish.state, cause_id=_cause(wish.cause_id), to=to,
        )  # fmt: skip
    return views.message_page(found, wish.limit)


def _cause(text: str | None) -> UUID | None:
    """An automation's id as it is shown, or any cause's as it is stored. Raises NotFound."""
    return None if text is None else id_of(AUTOMATION, text, "cause")


async def explain(call: Call, wish: One) -> views.Explained:
    """Why a message was sent or not, and what was tried."""
    vault = await call.vault()
    async with call.app() as tx:
        send_id = id_of(views.MESSAGE, wish.message_id, "message")
        found = await messaging.read_send(tx, call.workspace_id, send_id, vault=vault)
        reports = await messaging.read_reports(tx, call.workspace_id, send_id, vault=vault)
        return views.explained(found, reports, await messaging.seen(tx, call.workspace_id, send_id))


async def raw(call: Call, wish: One) -> views.Raw:
    """A message in the mailbox, as it would have gone out."""
    vault = await call.vault()
    async with call.app() as tx:
        send_id = id_of(views.MESSAGE, wish.message_id, "message")
        try:
            return views.raw(await messaging.read_landed(tx, call.workspace_id, send_id, vault=vault))
        except errors.NotFound:
            found = await messaging.read_send(tx, call.workspace_id, send_id, vault=vault)
    raise errors.NotFound(views.why_not_raw(found))


async def count(call: Call, wish: Count) -> views.Counts:
    """How many messages stand where; together they are all that were planned."""
    async with call.app() as tx:
        return views.counts(await messaging.count_sends(tx, call.workspace_id, _cause(wish.cause_id)))


async def bounce(call: Call, wish: Bounce) -> views.Returned:
    """Settle the message that a returned mail is about: a bounce, a complaint, or no news."""
    try:
        returned = call.ports.read_returned(wish.mail, wish.to)
    except Unreadable as exc:
        raise errors.Invalid(str(exc)) from exc
    vault = await call.vault()
    async with call.app() as tx:
        settled = await settle_returned(
            tx, call.workspace_id, returned,
            vault=vault, ids=call.ports.ids, now_us=call.ports.database.now_us(),
        )  # fmt: skip
    return views.returned(settled)
