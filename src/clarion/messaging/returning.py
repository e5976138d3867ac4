"""Mails that came back: which send is meant by what we signed, and what that settles."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.messaging import links, reporting
from clarion.messaging.port import Channel, Report, Returned
from clarion.model import Ids
from clarion.vault import Vault

_CHANNEL: Channel = "email"


class Settled(Struct, frozen=True, kw_only=True):
    """What a mail that came back was about. `state` None: it is no news; `new`: it was not known before."""

    send_id: UUID
    state: str | None
    hard: bool
    reason: str
    new: bool


class NotOurs(errors.Declined):
    """Nothing in the mail was signed by this workspace."""


async def settle_returned(
    tx: Tx, workspace_id: UUID, returned: Returned, *, vault: Vault, ids: Ids, now_us: int
) -> Settled:
    """Settle the send that the mail is about. Raises NotOurs, NotFound (the send is not there any more)."""
    send_id = meant(workspace_id, returned, vault)
    if send_id is None:
        raise NotOurs(
            "this mail is about no message of ours: neither the address that it came to (--to names it, where the mail "
            "does not) nor the copy of our mail in it was signed here"
        )
    new = False
    if returned.state is not None:
        told = Report(
            provider_ref=None, send_id=send_id, state=returned.state, hard=returned.hard,
            reason=returned.reason, raw={},
        )  # fmt: skip
        heard = await reporting.hear(
            tx, workspace_id, _CHANNEL, [told], origin="mail", vault=vault, ids=ids, now_us=now_us
        )
        if heard.unknown:
            raise errors.NotFound("the message that this mail is about is not there any more")
        new = heard.taken > 0
    return Settled(send_id=send_id, state=returned.state, hard=returned.hard, reason=returned.reason, new=new)


def meant(workspace_id: UUID, returned: Returned, vault: Vault) -> UUID | None:
    """The send that is meant, by the first sign that this workspace made."""
    for tag in returned.tags:
        if (send_id := links.returned_send(vault, tag)) is not None:
            return send_id
    return _of_links(workspace_id, returned.tokens, vault)


def _of_links(workspace_id: UUID, tokens: Sequence[str], vault: Vault) -> UUID | None:
    for text in tokens:
        token = links.parse(text)
        if token is None or token.workspace_id != workspace_id:
            continue
        if (reader := links.reader_of(vault, token)) is not None:
            return reader.send_id
    return None
