"""One statement puts a group's keys and its block on disk and says which items were there before."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID
from msgspec import Struct

from clarion.db import Tx
from clarion.events import store
from clarion.events.journal import pack_items, seal_block
from clarion.events.store import Keys
from clarion.model import Dedup, Mode, Offer, minute_of
from clarion.vault import Hashes, Vault


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

    policy: Policy
    item_ids: list[UUID]
    keys: list[bytes]  # none where there are no keys
    record: bytes

    def __len__(self) -> int:
        """How many items."""
        return len(self.item_ids)


def pack(dedup: Hashes, source: int, item_ids: list[UUID], offers: Sequence[Offer]) -> Packed:
    """All that accept needs of the offers, which need not be kept then.

    All offers of a request have one dedup mode and window.
    """
    policy = Policy.of(offers[0].dedup)
    record = pack_items([(item_id, offer.inbound) for item_id, offer in zip(item_ids, offers, strict=True)])
    return Packed(policy, item_ids, _keys_of(dedup, source, policy, offers), record)


def _keys_of(dedup: Hashes, source: int, policy: Policy, offers: Sequence[Offer]) -> list[bytes]:
    if policy.mode is Mode.NONE:
        return []
    hashes = dedup.digests("item", [offer.dedup.key for offer in offers])
    if policy.window_s is not None:
        place = _place(source, 0)
        return [place + key_hash[4:] for key_hash in hashes]
    places = [_place(source, offer.dedup.day or 0) for offer in offers]
    return [place + key_hash[4:] for place, key_hash in zip(places, hashes, strict=True)]


@lru_cache(maxsize=1_000)
def _place(source: int, day: int) -> bytes:
    """What a key begins with, so that those of a source and a day lie together: 4 of its 16 bytes."""
    return source.to_bytes(1, "big") + day.to_bytes(3, "big")


class Group(Struct, frozen=True, kw_only=True):
    """What shares one commit: requests of one workspace, source, policy and minute, with their counts.

    `block_id` and the items' ids stay the same when a lost connection makes us offer the group again.
    """

    block_id: UUID
    requests: Sequence[Packed]
    rejected: int = 0


class Seen(Struct, frozen=True):
    """What the statement said. `duplicates`: ordinals that were there before. `met`: some key stood there."""

    duplicates: frozenset[int]
    met: bool = False


async def accept(
    tx: Tx,
    workspace_id: UUID,
    source: int,
    policy: Policy,
    group: Group,
    *,
    vault: Vault,
    hopeful: bool = False,
    again: bool = False,
) -> Seen:
    """Put the group on disk. `again`: an earlier try of this very group may have been committed.

    `hopeful`: first as if all keys were new, which costs half and fails where one is not; outside of transactions only.
    """
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
    if hopeful and not again and await store.accept_new(tx, workspace_id, source, keys, repeats, block):
        return Seen(frozenset(repeats))
    if again and (left_out := await store.skipped(tx, workspace_id, group.block_id)) is not None:
        return Seen(left_out)
    window_us = None if policy.window_s is None else policy.window_s * 1_000_000
    before = await store.accept_once(tx, workspace_id, source, window_us, keys, repeats, block)
    met = hopeful or bool(before)
    if again:  # a key with the item's own id was written by the earlier try: the item is safe, not a repeat
        before -= await store.own_keys(tx, workspace_id, keys)
    return Seen(frozenset(before.union(repeats)), met)


def _keys(group: Group, item_ids: Sequence[UUID], policy: Policy) -> Keys:
    """Each once: one statement takes the same key twice unseen."""
    if policy.mode is Mode.NONE:
        return Keys([], [], [], [], [], [])
    keys = [key for request in group.requests for key in request.keys]
    ordinals, copies = list(range(len(keys))), [1] * len(keys)
    firsts, positions = ordinals, [0] * len(keys)
    if len(set(keys)) < len(keys):
        firsts = ordinals.copy()
        ordinals = _without_repeats(keys, copies, firsts, positions)
    return Keys(
        ordinals=ordinals,
        keys=[FastUUID(keys[ordinal]) for ordinal in ordinals],
        item_ids=[item_ids[ordinal] for ordinal in ordinals],
        copies=[copies[ordinal] for ordinal in ordinals],
        firsts=firsts,
        positions=positions,
    )


def _without_repeats(
    keys: list[bytes], copies: list[int], firsts: list[int], positions: list[int]
) -> list[int]:
    """The first ordinal of each key; which one that is, and how many there are, is noted of every item."""
    first_of: dict[bytes, int] = {}
    for ordinal, key in enumerate(keys):
        first = first_of.setdefault(key, ordinal)
        if first != ordinal:
            firsts[ordinal], positions[ordinal] = first, copies[first]
            copies[first] += 1
    return list(first_of.values())
