"""One statement puts a group's keys and its block on disk and says which items were there before."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID
from msgspec import Struct

from clarion.db import Tx
from clarion.events import store
from clarion.events.journal import pack_items, seal_block
from clarion.events.store import Keys
from clarion.model import Dedup, Mode, Offer, minute_of
from clarion.vault import Vault


class Policy(Struct, frozen=True):
    """What the items of one group have in common."""

    mode: Mode
    window_s: int | None

    @classmethod
    def of(cls, dedup: Dedup) -> "Policy":
        return cls(dedup.mode, dedup.window_s)

    def __post_init__(self) -> None:
        if self.window_s is not None and not 0 < self.window_s <= 86_400:
            raise ValueError("a dedup window is between a second and a day")
        if self.window_s is not None and self.mode is not Mode.ONCE:
            raise ValueError("only mode once knows a window")


class Packed(Struct, frozen=True, gc=False):
    """A request's items on their way to a commit: bytes, made while what was read is still in the cache."""

    item_ids: list[UUID]
    hashes: list[bytes]  # of the keys; none where there are no keys
    days: list[int] | None  # of the keys; None where the statement knows the bucket
    record: bytes


def pack(vault: Vault, policy: Policy, item_ids: list[UUID], offers: Sequence[Offer]) -> Packed:
    """All that accept needs of the offers, which need not be kept then."""
    record = pack_items([(item_id, offer.inbound) for item_id, offer in zip(item_ids, offers, strict=True)])
    if policy.mode is Mode.NONE:
        return Packed(item_ids, [], None, record)
    hashes = vault.dedup_keys("item", [offer.dedup.key for offer in offers])
    days = None if policy.window_s else [offer.dedup.day or 0 for offer in offers]
    return Packed(item_ids, hashes, days, record)


class Group(Struct, frozen=True, kw_only=True):
    """What shares one commit: requests of one workspace, source, policy and minute, with their counts.

    `block_id` and the items' ids stay the same when a lost connection makes us offer the group again.
    """

    block_id: UUID
    requests: Sequence[Packed]
    rejected: int = 0


class Seen(Struct, frozen=True):
    """What the statement said. `duplicates`: ordinals that were there before."""

    duplicates: frozenset[int]


async def accept(
    tx: Tx,
    workspace_id: UUID,
    source: int,
    policy: Policy,
    group: Group,
    *,
    vault: Vault,
    again: bool = False,
) -> Seen:
    """Put the group on disk. `again`: an earlier try of this very group may have been committed."""
    item_ids = [item_id for request in group.requests for item_id in request.item_ids]
    keys = _keys(group, item_ids, policy)
    records = [request.record for request in group.requests]
    block = store.Block(
        block_id=group.block_id,
        minute_us=minute_of(item_ids[0]),
        items=len(item_ids),
        rejected=group.rejected,
        payload=seal_block(vault, group.block_id, len(item_ids), records),
    )
    if policy.mode is Mode.OVERRIDE:
        await store.accept_overrides(tx, workspace_id, source, keys, block)
        return Seen(frozenset())
    repeats = [ordinal for ordinal, position in enumerate(keys.positions) if position]
    if policy.window_s is not None:
        window_us = policy.window_s * 1_000_000
        before = await store.accept_windowed(tx, workspace_id, source, window_us, keys, repeats, block)
    else:
        before = await store.accept_once(tx, workspace_id, source, keys, repeats, block)
    if again:  # a key with the item's own id was written by the earlier try: the item is safe, not a repeat
        before -= await store.own_keys(tx, workspace_id, source, keys)
    return Seen(frozenset(before.union(repeats)))


def _keys(group: Group, item_ids: Sequence[UUID], policy: Policy) -> Keys:
    """Each once: one statement takes the same key twice unseen. It sorts them itself: unsorted groups deadlock."""
    if policy.mode is Mode.NONE:
        return Keys([], [], [], [], [], [], [])
    hashes = [key_hash for request in group.requests for key_hash in request.hashes]
    days = [day for request in group.requests for day in request.days or ()] or [0] * len(hashes)
    ordinals, copies = list(range(len(hashes))), [1] * len(hashes)
    firsts, positions = ordinals, [0] * len(hashes)
    if len(set(hashes)) < len(hashes):
        firsts = ordinals.copy()
        ordinals = _without_repeats(list(zip(days, hashes, strict=True)), copies, firsts, positions)
    return Keys(
        ordinals=ordinals,
        hashes=[FastUUID(hashes[ordinal]) for ordinal in ordinals],
        item_ids=[item_ids[ordinal] for ordinal in ordinals],
        buckets=[days[ordinal] for ordinal in ordinals],
        copies=[copies[ordinal] for ordinal in ordinals],
        firsts=firsts,
        positions=positions,
    )


def _without_repeats(
    places: list[tuple[int, bytes]], copies: list[int], firsts: list[int], positions: list[int]
) -> list[int]:
    """The first ordinal of each key; which one that is, and how many there are, is noted of every item."""
    first_of: dict[tuple[int, bytes], int] = {}
    for ordinal, place in enumerate(places):
        first = first_of.setdefault(place, ordinal)
        if first != ordinal:
            firsts[ordinal], positions[ordinal] = first, copies[first]
            copies[first] += 1
    return list(first_of.values())
