"""The mailbox: messages of a workspace that nobody carries yet, kept as they would have gone out."""

from typing import cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.messaging.port import Channel
from clarion.messaging.store._queries import Q
from clarion.messaging.store.standing import blind_of
from clarion.model import Ids, time_us_of
from clarion.vault import Vault

KEPT_MAX = 10_000
#: How often one that lands looks whether there are too many.
_TRIM_EVERY = 128
_LAST = UUID(int=(1 << 128) - 1)


class Landed(Struct, frozen=True, kw_only=True):
    """A message in the mailbox. `raw`: the bytes that would have gone out; `title`: a mail's subject, a text's
    beginning.
    """

    mailbox_id: UUID
    send_id: UUID
    channel: Channel
    recipient: str
    title: str
    raw: bytes
    received_us: int


class _Sealed(Struct, frozen=True, array_like=True):
    recipient: str
    title: str
    raw: bytes


async def land(
    tx: Tx,
    workspace_id: UUID,
    landing: Landed,
    *,
    profile_id: UUID | None,
    vault: Vault,
) -> None:
    """Keep it; a second copy of a send changes nothing. Of too many the oldest go."""
    record = msgspec.msgpack.encode(_Sealed(landing.recipient, landing.title, landing.raw))
    sealed = vault.seal(record, _place(landing.mailbox_id))
    await tx.execute(
        Q.insert_mailbox, workspace_id, landing.mailbox_id, landing.send_id, profile_id, landing.channel, sealed,
        landing.received_us, blind_of(vault, landing.channel, landing.recipient) if landing.recipient else None,
    )  # fmt: skip
    if landing.mailbox_id.int % _TRIM_EVERY == 0:
        await tx.execute(Q.trim_mailbox, workspace_id, KEPT_MAX)


def landing_id(ids: Ids) -> tuple[UUID, int]:
    """An id for one that lands, and when that is."""
    mailbox_id = ids.next()
    return mailbox_id, time_us_of(mailbox_id)


async def list_landed(
    tx: Tx,
    workspace_id: UUID,
    *,
    vault: Vault,
    limit: int,
    before: UUID = _LAST,
    channel: Channel | None = None,
) -> list[Landed]:
    """The newest below `before`."""
    rows = await tx.fetch(Q.list_mailbox, workspace_id, before, channel, limit)
    return [_landed(row, vault) for row in rows]


async def read_landed(tx: Tx, workspace_id: UUID, wanted: UUID, *, vault: Vault) -> Landed:
    """One, by its own id or its send's. Raises NotFound."""
    row = await tx.fetchrow(Q.read_mailbox, workspace_id, wanted)
    if row is None:
        raise errors.NotFound("there is no such message in the mailbox")
    return _landed(row, vault)


def _landed(row: asyncpg.Record, vault: Vault) -> Landed:
    record = msgspec.msgpack.decode(vault.open(row["sealed"], _place(row["mailbox_id"])), type=_Sealed)
    return Landed(
        mailbox_id=row["mailbox_id"],
        send_id=row["send_id"],
        channel=cast(Channel, row["channel"]),
        recipient=record.recipient,
        title=record.title,
        raw=record.raw,
        received_us=row["received_us"],
    )


def _place(mailbox_id: UUID) -> bytes:
    return b"mailbox" + mailbox_id.bytes
