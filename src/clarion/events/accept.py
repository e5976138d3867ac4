"""One statement puts a group's keys and its block on disk and says which items were there before."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID
from msgspec import Struct

from clarion.db import Tx
from clarion.events import store
from clarion.events.journal import pack_block
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


class Group(Struct, frozen=True, kw_only=True):
    """What shares one commit: items of one workspace, source, policy and minute, with their requests' counts.

    `block_id` and `item_ids` stay the same when a lost connection makes us offer the group again.
    """

    block_id: UUID
    item_ids: Sequence[UUID]
    offers: Sequence[Offer]
    rejected: int = 0


class Seen(Struct, frozen=True):
    """What the statement said. `duplicates`: ordinals that were there before; `stored`: a block was written."""

    duplicates: frozenset[int]
    stored: bool


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
    keys = _keys(vault, group, policy)
    block = store.Block(
        block_id=group.block_id,
        minute_us=minute_of(group.item_ids[0]),
        items=len(group.offers),
        rejected=group.rejected,
        payload=pack_block(
            vault,
            group.block_id,
            [(item_id, offer.inbound) for item_id, offer in zip(group.item_ids, group.offers, strict=True)],
        ),
    )
    if policy.mode is Mode.OVERRIDE:
        return Seen(frozenset(), await store.accept_overrides(tx, workspace_id, source, keys, block))
    repeats = [ordinal for ordinal, position in enumerate(keys.positions) if position]
    if policy.window_s is not None:
        window_us = policy.window_s * 1_000_000
        before = await store.accept_windowed(tx, workspace_id, source, window_us, keys, repeats, block)
    else:
        before = await store.accept_once(tx, workspace_id, source, keys, repeats, block)
    stored = len(before) + len(repeats) < len(group.offers)
    if (
        again
    ):  # a key that holds the item's own id was written by the earlier try: the item is safe, not a repeat
        before -= await store.own_keys(tx, workspace_id, source, keys)
    return Seen(frozenset(before.union(repeats)), stored)


def _keys(vault: Vault, group: Group, policy: Policy) -> Keys:
    """Unique and sorted: one statement takes the same key twice unseen, and unsorted groups deadlock."""
    if policy.mode is Mode.NONE:
        return Keys([], [], [], [], [], [], [])
    items_of: dict[tuple[int, bytes], list[int]] = {}
    for ordinal, offer in enumerate(group.offers):
        key_hash = vault.dedup_key("item", offer.dedup.key)
        items_of.setdefault((offer.dedup.day or 0, key_hash.bytes), []).append(ordinal)
    firsts = [0] * len(group.offers)
    positions = [0] * len(group.offers)
    for ordinals in items_of.values():
        for position, ordinal in enumerate(ordinals):
            firsts[ordinal], positions[ordinal] = ordinals[0], position
    ordered = sorted(items_of.items())
    return Keys(
        ordinals=[ordinals[0] for _, ordinals in ordered],
        hashes=[FastUUID(key_hash) for (_, key_hash), _ in ordered],
        item_ids=[group.item_ids[ordinals[0]] for _, ordinals in ordered],
        buckets=[bucket for (bucket, _), _ in ordered],
        copies=[len(ordinals) for _, ordinals in ordered],
        firsts=firsts,
        positions=positions,
    )
