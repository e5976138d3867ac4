"""Messages: where they stand, why, and what lies in the mailbox."""

from uuid import UUID

from msgspec import Struct

from clarion import messaging
from clarion.api import message_views as views
from clarion.api.nouns._fields import Before, Limit, Text
from clarion.api.ports import Call, id_before, id_of
from clarion.messaging import State


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of messages."""

    state: State | None = None
    cause_id: UUID | None = None
    limit: Limit = 50
    before: Before | None = None


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message (msg_…)."""

    message_id: Text


class Count(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of all messages, or of those that one automation or campaign wanted."""

    cause_id: UUID | None = None


async def list_page(call: Call, wish: List) -> views.MessagePage:
    """Messages, newest first."""
    vault = await call.vault()
    before = id_before(views.MESSAGE, wish.before, "message")
    async with call.app() as tx:
        found = await messaging.list_sends(
            tx, call.workspace_id, vault=vault, before=before, limit=wish.limit + 1,
            state=wish.state, cause_id=wish.cause_id,
        )  # fmt: skip
    return views.message_page(found, wish.limit)


async def explain(call: Call, wish: One) -> views.Explained:
    """Why a message was sent or not, and what was tried."""
    vault = await call.vault()
    async with call.app() as tx:
        send_id = id_of(views.MESSAGE, wish.message_id, "message")
        return views.explained(await messaging.read_send(tx, call.workspace_id, send_id, vault=vault))


async def raw(call: Call, wish: One) -> views.Raw:
    """A message in the mailbox, as it would have gone out."""
    vault = await call.vault()
    async with call.app() as tx:
        send_id = id_of(views.MESSAGE, wish.message_id, "message")
        return views.raw(await messaging.read_landed(tx, call.workspace_id, send_id, vault=vault))


async def count(call: Call, wish: Count) -> views.Counts:
    """How many messages stand where; together they are all that were planned."""
    async with call.app() as tx:
        return views.counts(await messaging.count_sends(tx, call.workspace_id, wish.cause_id))
