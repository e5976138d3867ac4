"""Lanes, and the blocks that wait in them."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from clarion.db import Tx
from clarion.events.store._queries import Q, count_of

WORK = "clarion_work"  #: the channel on which workers hear that there are blocks
_BLOCKS_A_CLAIM = 512


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


class Held(Struct, frozen=True):
    """`epoch`: at which members are remembered; `listening`: at which is remembered what listens."""

    epoch: int
    listening: int


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


async def hold_lane(tx: Tx, workspace_id: UUID, lane: int, token: UUID, lease_s: int) -> Held | None:
    """What the lane says where the lease is still ours, which is longer now; else None.

    This transaction's commit will not wait for the disk: the caller sees to what that means.
    """
    row = await tx.fetchrow(Q.hold_lane, workspace_id, lane, token, lease_s)
    return None if row is None else Held(row["epoch"], row["listening"])


async def raise_listening(tx: Tx, workspace_id: UUID) -> None:
    """What listens to the workspace's events has changed: blocks settled after this commit are heard by it."""
    await tx.execute(Q.raise_listening, workspace_id)


async def free_lane(tx: Tx, workspace_id: UUID, lane: int, token: UUID) -> bool:
    """False where it is no longer ours."""
    return count_of(await tx.execute(Q.free_lane, workspace_id, lane, token)) == 1


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
    return count_of(await tx.execute(Q.close_blocks, workspace_id, block_ids))


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
