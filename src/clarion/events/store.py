"""The room's SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from asyncpg.cursor import CursorFactory
from msgspec import Struct

from clarion import db, errors, model
from clarion.db import Tx
from clarion.events.ledger import TERMS, LedgerLine

Q = db.load("clarion.events")
WORK = "clarion_work"  #: the channel on which workers hear that there are blocks
FIRST_ID = UUID(int=0)
LAST_ID = UUID(int=(1 << 128) - 1)
LONG_S = 3_600.0  # a count of months of a timeline
_BLOCKS_A_CLAIM = 512
_STREAMED_AT_ONCE = 500


class Keys(Struct, frozen=True):
    """The group's keys, each once, in the order in which every group takes its locks."""

    ordinals: list[int]  # of the first item with the key
    hashes: list[UUID]
    item_ids: list[UUID]
    buckets: list[int]
    copies: list[int]  # how many items of the group have the key
    firsts: list[int]  # for every item of the group: the ordinal of the first with its key
    positions: list[int]  # for every item: how many before it have its key


class Block(Struct, frozen=True, kw_only=True):
    """What accept writes beside the keys."""

    block_id: UUID
    minute_us: int
    items: int
    rejected: int
    payload: bytes


class OpenBlock(Struct, frozen=True, kw_only=True):
    """A journal row on its way to being processed."""

    block_id: UUID
    minute_us: int
    accepted_us: int
    items: int
    received: int
    rejected: int
    duplicate: int
    source: int
    skip: list[int]
    override_ordinals: list[int]
    override_event_ids: list[UUID]
    override_revisions: list[int]
    payload: bytes


class Which(Struct, frozen=True, kw_only=True):
    """Which events of a timeline: of some profiles, of a metric, between two ids; all by default."""

    profile_ids: Sequence[UUID] | None = None
    metric: str | None = None
    before: UUID = LAST_ID
    after: UUID = FIRST_ID


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


# ---- accept


# Arrays of numbers go as one text, which the statement casts: as lists they cost more of Python than PostgreSQL takes
# to read them. Of UUIDs it is the other way: as text 1.5 us an event in PostgreSQL, as lists 0.3 here.


def _integers(values: Sequence[int]) -> str:
    return f"{{{','.join(map(str, values))}}}"


async def accept_once(
    tx: Tx, workspace_id: UUID, source: int, keys: Keys, repeats: list[int], block: Block
) -> frozenset[int]:
    """The ordinals that were seen before; the rest is on disk."""
    seen = await tx.fetchval(
        Q.accept_once,
        workspace_id,
        source,
        _integers(keys.ordinals),
        keys.hashes,
        keys.item_ids,
        _integers(keys.buckets),
        repeats,
        block.block_id,
        block.minute_us,
        block.items,
        block.rejected,
        block.payload,
    )
    return frozenset(seen)


async def accept_windowed(
    tx: Tx,
    workspace_id: UUID,
    source: int,
    window_us: int,
    keys: Keys,
    repeats: list[int],
    block: Block,
    at: datetime | None = None,
) -> frozenset[int]:
    """The same for keys that are known for a window. `at`: another clock than the database's, for replays of time."""
    seen = await tx.fetchval(
        Q.accept_windowed,
        workspace_id,
        source,
        _integers(keys.ordinals),
        keys.hashes,
        keys.item_ids,
        window_us,
        repeats,
        block.block_id,
        block.minute_us,
        block.items,
        block.rejected,
        block.payload,
        at,
    )
    return frozenset(seen)


async def accept_overrides(tx: Tx, workspace_id: UUID, source: int, keys: Keys, block: Block) -> bool:
    """Every item is on disk, as some revision of its key's event; False when an earlier try had written the block."""
    written: int = await tx.fetchval(
        Q.accept_overrides,
        workspace_id,
        source,
        _integers(keys.ordinals),
        keys.hashes,
        keys.item_ids,
        _integers(keys.buckets),
        _integers(keys.copies),
        _integers(keys.firsts),
        _integers(keys.positions),
        block.block_id,
        block.minute_us,
        block.items,
        block.rejected,
        block.payload,
    )
    return written > 0


async def own_keys(tx: Tx, workspace_id: UUID, source: int, keys: Keys) -> frozenset[int]:
    """The ordinals whose keys hold the items' own ids."""
    rows = await tx.fetch(
        Q.find_own_keys,
        workspace_id,
        source,
        keys.hashes,
        keys.item_ids,
        keys.buckets,
    )
    own = {row["event_id"] for row in rows}
    return frozenset(
        ordinal for ordinal, item_id in zip(keys.ordinals, keys.item_ids, strict=True) if item_id in own
    )


# ---- lanes and blocks


async def backlog(tx: Tx, workspace_id: UUID | None = None) -> tuple[int, int | None]:
    """Items accepted and not yet processed, and the oldest one's accept time (us); of all workspaces by default."""
    if workspace_id is None:
        row = await tx.fetchrow(Q.count_whole_backlog)
    else:
        row = await tx.fetchrow(Q.count_backlog, workspace_id)
    assert row is not None
    return row["items"], row["oldest_us"]


async def find_lanes(tx: Tx) -> list[tuple[UUID, int]]:
    """Free lanes that have work."""
    return [(row["workspace_id"], row["lane"]) for row in await tx.fetch(Q.find_lanes)]


async def lease_lane(tx: Tx, workspace_id: UUID, lane: int, token: UUID, worker: str, lease_s: int) -> bool:
    return await tx.fetchval(Q.lease_lane, workspace_id, lane, token, worker, lease_s) is not None


async def hold_lane(tx: Tx, workspace_id: UUID, lane: int, token: UUID, lease_s: int) -> int | None:
    """The lane's epoch where the lease is still ours, which is longer now; else None."""
    epoch: int | None = await tx.fetchval(Q.hold_lane, workspace_id, lane, token, lease_s)
    return epoch


async def free_lane(tx: Tx, workspace_id: UUID, lane: int, token: UUID) -> None:
    await tx.execute(Q.free_lane, workspace_id, lane, token)


async def postpone_lane(tx: Tx, workspace_id: UUID, lane: int, token: UUID) -> None:
    await tx.execute(Q.postpone_lane, workspace_id, lane, token)


async def take_blocks(
    tx: Tx, workspace_id: UUID, lane: int, items_max: int, *, besides: Sequence[UUID] = ()
) -> list[OpenBlock]:
    """The lane's lowest open blocks, without those in hand already."""
    rows = await tx.fetch(Q.take_blocks, workspace_id, lane, items_max, _BLOCKS_A_CLAIM, besides)
    return [OpenBlock(**dict(row)) for row in rows]


async def close_blocks(tx: Tx, workspace_id: UUID, block_ids: Sequence[UUID]) -> int:
    """How many of them were open."""
    return _count_of(await tx.execute(Q.close_blocks, workspace_id, block_ids))


async def add_to_ledger(tx: Tx, workspace_id: UUID, lines: Sequence[LedgerLine]) -> None:
    columns = [[getattr(line, term) for line in lines] for term in ("minute_us", *TERMS)]
    await tx.execute(Q.add_to_ledger, workspace_id, *columns)


async def read_ledger(
    tx: Tx, workspace_id: UUID, *, since_us: int = 0, until_us: int = 1 << 62
) -> list[LedgerLine]:
    """The ledger's minutes, open blocks included, oldest first."""
    rows = await tx.fetch(Q.read_ledger, workspace_id, since_us, until_us)
    return [LedgerLine(**dict(row)) for row in rows]


async def recount(
    tx: Tx, workspace_id: UUID, since_us: int, until_us: int
) -> tuple[dict[int, int], dict[int, int], dict[int, asyncpg.Record]]:
    """By minute: events on the timeline, items in quarantine, and the sums of the kept blocks."""
    first = model.first_id_at(since_us)
    last = LAST_ID if until_us >= 1 << 60 else model.first_id_at(until_us)
    timeline = await tx.fetch(Q.recount_timeline, workspace_id, first, last)
    quarantined = await tx.fetch(Q.recount_quarantine, workspace_id, since_us, until_us)
    journal = await tx.fetch(Q.recount_journal, workspace_id, since_us, until_us)
    return (
        {row["minute_us"]: row["events"] for row in timeline},
        {row["minute_us"]: row["items"] for row in quarantined},
        {row["minute_us"]: row for row in journal},
    )


# ---- retention


async def delete_old_windowed_keys(
    tx: Tx, workspace_id: UUID, sources: Sequence[int], before_day: int, limit: int
) -> int:
    """How many went; days are counted since 1970."""
    return _count_of(await tx.execute(Q.delete_old_windowed_keys, workspace_id, sources, before_day, limit))


async def delete_old_keys(
    tx: Tx, workspace_id: UUID, windowed: Sequence[int], before_day: int, limit: int
) -> int:
    """The same of all sources but the windowed ones."""
    return _count_of(await tx.execute(Q.delete_old_keys, workspace_id, windowed, before_day, limit))


async def expire_minutes(tx: Tx, workspace_id: UUID, before: UUID) -> None:
    """The ledger counts events with ids below `before` as expired; the caller deletes them."""
    await tx.execute(Q.expire_minutes, workspace_id, before, timeout=LONG_S)


async def count_expiring(tx: Tx, workspace_id: UUID, before: UUID) -> dict[tuple[int, int], int]:
    """The same events by (metric, quarter of an hour)."""
    rows = await tx.fetch(Q.count_expiring, workspace_id, before, timeout=LONG_S)
    return {(row["metric_id"], row["quarter"]): row["events"] for row in rows}


def _count_of(tag: str) -> int:
    return int(tag.rpartition(" ")[2])


# ---- timeline


async def find_revisions(tx: Tx, workspace_id: UUID, event_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """What the timeline holds of these events, locked."""
    return await tx.fetch(Q.find_revisions, workspace_id, event_ids, min(event_ids), max(event_ids))


async def delete_revisions(tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record]) -> None:
    columns = [[row[name] for row in rows] for name in ("profile_id", "occurred_at", "event_id")]
    await tx.execute(Q.delete_revisions, workspace_id, *columns)


async def select_events(
    tx: Tx, workspace_id: UUID, which: Which, *, before: UUID, after: UUID, limit: int
) -> list[asyncpg.Record]:
    """Rows of the timeline between two ids, newest received first."""
    return await tx.fetch(Q.list_events, workspace_id, which.profile_ids, which.metric, before, after, limit)


def event_cursor(tx: Tx, workspace_id: UUID, which: Which, *, limit: int) -> "CursorFactory[asyncpg.Record]":
    """The same over all ids, to be read a few at a time."""
    return tx.cursor(
        Q.list_events, workspace_id, which.profile_ids, which.metric, which.before, which.after, limit,
        prefetch=_STREAMED_AT_ONCE,
    )  # fmt: skip


async def select_event(tx: Tx, workspace_id: UUID, event_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(Q.read_event, workspace_id, event_id)


# ---- rejected


async def insert_rejected(
    tx: Tx, workspace_id: UUID, credential_id: UUID, rows: Sequence[tuple[UUID, str, bytes]]
) -> None:
    """Rows are (id, code, sealed); one that is there already stays."""
    columns = [[row[place] for row in rows] for place in range(3)]
    await tx.execute(Q.insert_rejected, workspace_id, credential_id, *columns)


async def trim_rejected(tx: Tx, workspace_id: UUID, credential_id: UUID, kept: int) -> None:
    """The newest stay."""
    await tx.execute(Q.trim_rejected, workspace_id, credential_id, kept)


async def select_rejected(
    tx: Tx, workspace_id: UUID, credential_id: UUID, limit: int
) -> list[asyncpg.Record]:
    return await tx.fetch(Q.list_rejected, workspace_id, credential_id, limit)


# ---- quarantine


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


# ---- erasing


async def close_lanes(tx: Tx, workspace_id: UUID) -> int:
    """Nobody settles until the commit, and whoever does afterwards has forgotten what it knew.

    Returns now (us), the lanes' new epoch: whatever is accepted later has a higher stamp, and is settled later.
    """
    await tx.fetch(Q.lock_lanes, workspace_id)
    epochs: list[int] = [row["epoch"] for row in await tx.fetch(Q.raise_epochs, workspace_id)]
    return max(epochs)


async def share_lanes(tx: Tx, workspace_id: UUID) -> int:
    """No erasure and no replacement until the commit; workers go on. Returns now (us)."""
    now_us: int = await tx.fetchval(Q.share_lanes, workspace_id)
    return now_us


async def list_to_anonymise(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], after: tuple[UUID, datetime, UUID], limit: int
) -> list[asyncpg.Record]:
    """The next events of some profiles, by their key."""
    return await tx.fetch(Q.list_to_anonymise, workspace_id, profile_ids, *after, limit)


async def anonymise_events(
    tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record], properties: Sequence[str]
) -> None:
    """These get new properties and lose what is sealed."""
    columns = [[row[name] for row in rows] for name in ("profile_id", "occurred_at", "event_id")]
    await tx.execute(Q.anonymise_events, workspace_id, *columns, properties)


async def erase_samples(tx: Tx, workspace_id: UUID, before_us: int) -> int:
    """The samples of refused bodies that are older; how many there were."""
    return len(await tx.fetch(Q.erase_samples, workspace_id, model.first_id_at(before_us)))
