"""Items that were acknowledged and could not be processed."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.events.ledger import LedgerLine
from clarion.events.store._queries import LAST_ID, Q
from clarion.events.store.ledger import add_to_ledger


class QuarantinedItem(Struct, frozen=True, kw_only=True):
    """An acknowledged item that could not be processed; `ordinal` None stands for a whole block of `items`."""

    quarantine_id: UUID
    block_id: UUID
    ordinal: int | None
    items: int
    minute_us: int
    accepted_us: int
    source: int
    event_id: UUID | None
    revision: int
    reason: str
    detail: str
    payload: bytes
    skip: list[int] = []
    override_ordinals: list[int] = []
    override_event_ids: list[UUID] = []
    override_revisions: list[int] = []
    attempts: int = 1
    quarantined_at: datetime | None = None


async def insert_quarantine(tx: Tx, workspace_id: UUID, item: QuarantinedItem) -> None:
    await tx.execute(
        Q.insert_quarantine,
        workspace_id,
        item.quarantine_id,
        item.block_id,
        item.ordinal,
        item.items,
        item.minute_us,
        item.accepted_us,
        item.source,
        item.event_id,
        item.revision,
        item.reason,
        item.detail,
        item.payload,
        item.skip,
        item.override_ordinals,
        item.override_event_ids,
        item.override_revisions,
    )


async def list_quarantine(
    tx: Tx, workspace_id: UUID, *, limit: int, before: UUID = LAST_ID
) -> list[QuarantinedItem]:
    """Newest first, below an id."""
    rows = await tx.fetch(Q.list_quarantine, workspace_id, limit, None, before)
    return [QuarantinedItem(**dict(row)) for row in rows]


async def show_quarantined(tx: Tx, workspace_id: UUID, quarantine_id: UUID) -> QuarantinedItem:
    """Raises NotFound."""
    rows = await tx.fetch(Q.list_quarantine, workspace_id, 1, [quarantine_id], LAST_ID)
    if not rows:
        raise errors.NotFound("there is no such item in quarantine")
    return QuarantinedItem(**dict(rows[0]))


async def lock_quarantined(tx: Tx, workspace_id: UUID, quarantine_id: UUID) -> QuarantinedItem:
    """Raises NotFound."""
    row = await tx.fetchrow(Q.lock_quarantine, workspace_id, quarantine_id)
    if row is None:
        raise errors.NotFound("there is no such item in quarantine")
    return QuarantinedItem(**dict(row))


async def take_quarantined(tx: Tx, workspace_id: UUID, quarantine_id: UUID) -> QuarantinedItem | None:
    """Out of quarantine, if it still is there."""
    try:
        item = await lock_quarantined(tx, workspace_id, quarantine_id)
    except errors.NotFound:
        return None
    await delete_quarantined(tx, workspace_id, quarantine_id)
    return item


async def delete_quarantined(tx: Tx, workspace_id: UUID, quarantine_id: UUID) -> None:
    await tx.execute(Q.delete_quarantine, workspace_id, quarantine_id)


async def fail_quarantined(tx: Tx, workspace_id: UUID, quarantine_id: UUID, reason: str, detail: str) -> None:
    await tx.execute(Q.fail_quarantine, workspace_id, quarantine_id, reason, detail)


async def discard_quarantined(tx: Tx, workspace_id: UUID, quarantine_id: UUID) -> QuarantinedItem:
    """Give it up; the ledger counts it as discarded. Raises NotFound."""
    item = await lock_quarantined(tx, workspace_id, quarantine_id)
    await delete_quarantined(tx, workspace_id, quarantine_id)
    line = LedgerLine(minute_us=item.minute_us, quarantined=-item.items, discarded=item.items)
    await add_to_ledger(tx, workspace_id, [line])
    return item
