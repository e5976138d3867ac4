"""One statement puts a group's keys and its block on disk and says which items were there before."""

from collections.abc import Sequence
from uuid import UUID

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
    dedups = [offer.dedup for offer in group.offers]
    hashes = vault.dedup_keys("item", [dedup.key for dedup in dedups])
    places = [(dedup.day or 0, key_hash) for dedup, key_hash in zip(dedups, hashes, strict=True)]
    ordered = sorted(range(len(places)), key=places.__getitem__)  # stable: copies of a key stand as they came
    copies, firsts, positions = [1] * len(places), list(range(len(places))), [0] * len(places)
    if len(set(places)) < len(places):
        ordered = _without_repeats(ordered, places, copies, firsts, positions)
    return Keys(
        ordinals=ordered,
        hashes=[hashes[ordinal] for ordinal in ordered],
        item_ids=[group.item_ids[ordinal] for ordinal in ordered],
        buckets=[places[ordinal][0] for ordinal in ordered],
        copies=[copies[ordinal] for ordinal in ordered],
        firsts=firsts,
        positions=positions,
    )


def _without_repeats(
    ordered: list[int],
    places: list[tuple[int, bytes]],
    copies: list[int],
    firsts: list[int],
    positions: list[int],
) -> list[int]:
    """The first ordinal of each key; which one that is, and how many there are, is noted of every item."""
    kept: list[int] = []
    for ordinal in ordered:
        if kept and places[kept[-1]] == places[ordinal]:
            firsts[ordinal], positions[ordinal] = kept[-1], copies[kept[-1]]
            copies[kept[-1]] += 1
        else:
            kept.append(ordinal)
    return kept
