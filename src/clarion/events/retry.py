"""Another try for what stands in quarantine."""

from uuid import UUID

from clarion.db import Tx, is_transient
from clarion.events import process, store
from clarion.events.draft import Draft, entries_of
from clarion.events.journal import Entry, Unreadable, unpack_item
from clarion.events.ledger import Tally
from clarion.events.process import Bench
from clarion.events.store import OpenBlock, QuarantinedItem
from clarion.model import Inbound
from clarion.vault import Vault


async def retry_quarantined(tx: Tx, bench: Bench, quarantine_id: UUID) -> QuarantinedItem | None:
    """Settle it now. Returns None when that worked, else the item as it still stands there. Raises NotFound.

    Needs the workers' role: it does what processing does.
    """
    await store.share_lanes(tx, bench.workspace_id)
    item = await store.lock_quarantined(tx, bench.workspace_id, quarantine_id)
    tally = Tally()
    try:
        async with tx.transaction():
            await process.settle(tx, bench, Draft.of(_entries(bench, item), bench.vault), tally)
    except Exception as exc:
        if is_transient(exc):
            raise
        reason, detail = process.reason_of(exc)
        await store.fail_quarantined(tx, bench.workspace_id, quarantine_id, reason, detail)
        return await store.lock_quarantined(tx, bench.workspace_id, quarantine_id)
    await store.delete_quarantined(tx, bench.workspace_id, quarantine_id)
    tally.add(item.minute_us, quarantined=-item.items)
    await store.add_to_ledger(tx, bench.workspace_id, tally.take())
    return None


def read_quarantined(item: QuarantinedItem, vault: Vault) -> Inbound | None:
    """What the item says; None for a whole block, and for what cannot be opened: that may be why it stands here."""
    if item.ordinal is None:
        return None
    try:
        return unpack_item(vault, item.quarantine_id, item.payload)
    except Unreadable:
        return None


def _entries(bench: Bench, item: QuarantinedItem) -> list[Entry]:
    if item.ordinal is None:
        return entries_of(_as_block(item), bench.vault)
    return [
        Entry(
            item_id=item.quarantine_id,
            inbound=unpack_item(bench.vault, item.quarantine_id, item.payload),
            stamp_us=item.accepted_us,
            minute_us=item.minute_us,
            source=item.source,
            ordinal=item.ordinal,
            event_id=item.event_id,
            revision=item.revision,
        )
    ]


def _as_block(item: QuarantinedItem) -> OpenBlock:
    """A quarantined block as it lay in the journal; its own counts are in the ledger already."""
    return OpenBlock(
        block_id=item.block_id,
        minute_us=item.minute_us,
        accepted_us=item.accepted_us,
        items=item.items + len(item.skip),
        received=0,
        rejected=0,
        duplicate=0,
        source=item.source,
        skip=item.skip,
        override_ordinals=item.override_ordinals,
        override_event_ids=item.override_event_ids,
        override_revisions=item.override_revisions,
        payload=item.payload,
    )
