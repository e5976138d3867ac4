"""The mailbox: messages land here until a provider is set, built as they would have gone out."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import msgspec

from clarion import messaging
from clarion.channels.email import message as mails
from clarion.channels.email.message import Unwritable
from clarion.db import Tx
from clarion.messaging import Landed, configs
from clarion.messaging.port import Accepted, Committing, Email, Kind, Outgoing, Rejected, Result, Text
from clarion.model import Ids, show_id
from clarion.vault import Vault

MESSAGE = "mbx"
_TITLE_MAX = 120
#: A mail wants a sender; the mailbox has no settings to take one from.
_AS = configs.Smtp(host="mailbox.invalid", sender="clarion@mailbox.invalid")


Transaction = Callable[[UUID], AbstractAsyncContextManager[Tx]]


class Mailbox:
    """The provider `mailbox`. `transaction`: one that may write for a workspace."""

    def __init__(
        self,
        transaction: Transaction,
        vault_of: Callable[[UUID], Awaitable[Vault]],
        ids: Ids,
    ) -> None:
        self._transaction = transaction
        self._vault_of = vault_of
        self._ids = ids

    async def check(self, config: configs.Mailbox) -> None:
        """There is nothing to refuse."""

    async def send(self, message: Outgoing, config: configs.Mailbox, *, committing: Committing) -> Result:
        """It lands, once whatever is tried again."""
        try:
            title, raw = build(message)
        except Unwritable as exc:
            kind = Kind.BAD_ADDRESS if exc.address else Kind.REFUSED_CONTENT
            return Rejected(reason=str(exc), permanent=True, kind=kind)
        mailbox_id, received_us = messaging.landing_id(self._ids)
        landing = Landed(
            mailbox_id=mailbox_id,
            send_id=message.send_id,
            channel=message.channel,
            recipient=message.recipient,
            title=title[:_TITLE_MAX],
            raw=raw,
            received_us=received_us,
        )
        vault = await self._vault_of(message.workspace_id)
        await committing()
        async with self._transaction(message.workspace_id) as tx:
            await messaging.land(
                tx, message.workspace_id, landing, profile_id=message.profile_id, vault=vault
            )
        return Accepted(show_id(MESSAGE, mailbox_id), "in the mailbox")

    def again_within_s(self, config: configs.Mailbox) -> int:
        return 10 * 365 * 86_400  # the send's id is a unique key


def build(message: Outgoing) -> tuple[str, bytes]:
    """What it is called in the list, and the bytes that would have gone out. Raises Unwritable."""
    match message.content:
        case Email() as content:
            return content.subject, mails.build(message, _AS).data
        case Text(text=text):
            return text, text.encode("utf-8", "replace")
        case payload:
            return payload.type, msgspec.json.encode(payload.data)
