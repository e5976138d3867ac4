"""Keys and blocks, as accept writes them."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion.db import Tx
from clarion.events.store._queries import Q


class Keys(Struct, frozen=True):
    """The group's keys, each once. Statements sort them: so every group takes its locks in one order."""

    ordinals: list[int]  # of the first item with the key
    keys: list[UUID]
    item_ids: list[UUID]
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


# Arrays of numbers go as one text, which the statement casts: as lists they cost more of Python than PostgreSQL takes
# to read them. Of UUIDs it is the other way: as text 1.5 us an event in PostgreSQL, as lists 0.3 here.


def _integers(values: Sequence[int]) -> str:
    return f"{{{','.join(map(str, values))}}}"


async def accept_new(
    tx: Tx, workspace_id: UUID, source: int, keys: Keys, repeats: list[int], block: Block
) -> bool:
    """The group is on disk, if none of its keys stood there; else nothing of it is. Not inside a transaction."""
    try:
        await tx.execute(
            Q.accept_new,
            workspace_id,
            source,
            keys.keys,
            keys.item_ids,
            repeats,
            block.block_id,
            block.minute_us,
            block.items,
            block.rejected,
            block.payload,
        )
    except asyncpg.UniqueViolationError:
        return False
    return True


async def accept_once(
    tx: Tx,
    workspace_id: UUID,
    source: int,
    window_us: int | None,
    keys: Keys,
    repeats: list[int],
    block: Block,
) -> frozenset[int]:
    """The ordinals that were seen before, within the window if there is one; the rest is on disk."""
    seen = await tx.fetchval(
        Q.accept_once,
        workspace_id,
        source,
        _integers(keys.ordinals),
        keys.keys,
        keys.item_ids,
        repeats,
        block.block_id,
        block.minute_us,
        block.items,
        block.rejected,
        block.payload,
        window_us,
    )
    return frozenset(seen)


async def accept_overrides(tx: Tx, workspace_id: UUID, source: int, keys: Keys, block: Block) -> bool:
    """Every item is on disk, as some revision of its key's event; False when an earlier try had written the block."""
    written: int = await tx.fetchval(
        Q.accept_overrides,
        workspace_id,
        source,
        _integers(keys.ordinals),
        keys.keys,
        keys.item_ids,
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


async def skipped(tx: Tx, workspace_id: UUID, block_id: UUID) -> frozenset[int] | None:
    """The ordinals that an earlier try of the block left out; None: none was committed, or all of it was left out."""
    skip = await tx.fetchval(Q.find_skip, workspace_id, block_id)
    return None if skip is None else frozenset(skip)


async def own_keys(tx: Tx, workspace_id: UUID, keys: Keys) -> frozenset[int]:
    """The ordinals whose keys hold the items' own ids."""
    rows = await tx.fetch(Q.find_own_keys, workspace_id, keys.keys, keys.item_ids)
    own = {row["event_id"] for row in rows}
    return frozenset(
        ordinal for ordinal, item_id in zip(keys.ordinals, keys.item_ids, strict=True) if item_id in own
    )
