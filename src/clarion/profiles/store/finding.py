"""Who is behind an id, an address, a place in the list: for doors that look people up."""

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

import asyncpg

from clarion.db import Tx
from clarion.model import Channel, Identity, IdentityKind, Reach
from clarion.profiles.identities import blind_of, reach_of
from clarion.profiles.store._queries import Q
from clarion.profiles.store.identities import CHANNEL_OF
from clarion.profiles.store.kin import Kin
from clarion.vault import Vault


async def leads_of(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], *, vault: Vault
) -> dict[UUID, Identity]:
    """The identity that finds each profile's person best; of one that was erased nothing."""
    return {
        row["profile_id"]: Identity(
            IdentityKind(row["kind"]),
            row["namespace"],
            vault.open(row["sealed"], b"identity" + row["blind"].bytes).decode(),
        )
        for row in await tx.fetch(Q.list_leads, workspace_id, profile_ids)
    }


async def find_by_address(
    tx: Tx, workspace_id: UUID, reach: Reach, *, vault: Vault, limit: int
) -> list[UUID]:
    """Whom an address reaches: the roots, oldest first."""
    place = reach_of(vault, reach)
    if place is None:
        return []
    rows = await tx.fetch(Q.find_by_address, workspace_id, place.channel, place.blind, limit)
    return [row["root_id"] for row in rows]


async def find_reached(
    tx: Tx, workspace_id: UUID, identities: Sequence[Identity], *, vault: Vault
) -> dict[Identity, UUID]:
    """Whom e-mail addresses or phone numbers find, else reach (then who was made first): the roots."""
    by_blind = {blind_of(vault, one): one for one in identities}
    rows = await tx.fetch(Q.find_named, workspace_id, list(by_blind))
    found = {by_blind[row["blind"]]: row["root_id"] for row in rows}
    places: dict[tuple[str, UUID], Identity] = {}
    for one in identities:
        place = reach_of(vault, Reach(cast(Channel, CHANNEL_OF[one.kind]), one.value))
        if one not in found and place is not None:
            places[place.channel, place.blind] = one
    for channel in sorted({channel for channel, _ in places}):
        blinds = [blind for held, blind in places if held == channel]
        for row in await tx.fetch(Q.find_reached, workspace_id, channel, blinds):
            found[places[channel, row["blind"]]] = row["root_id"]
    return found


async def newest_addresses(
    tx: Tx, workspace_id: UUID, roots: Sequence[UUID], channel: str, *, vault: Vault
) -> dict[UUID, str]:
    """Where people are reached on a channel; of one without an address there nothing."""
    return {
        row["root_id"]: vault.open(row["sealed"], b"address" + row["blind"].bytes).decode()
        for row in await tx.fetch(Q.list_newest_addresses, workspace_id, roots, channel)
    }


async def reach_of_kin(
    tx: Tx, workspace_id: UUID, people: Iterable[Kin], channel: str, *, vault: Vault
) -> dict[UUID, str]:
    """The same of people whose members are known, by root: one look by key, however many there are."""
    root_of = {member: one.root_id for one in people for member in one.members}
    newest: dict[UUID, asyncpg.Record] = {}
    for row in await tx.fetch(Q.list_told_addresses, workspace_id, list(root_of)):
        if row["channel"] == channel:
            newest.setdefault(root_of[row["profile_id"]], row)
    return {
        root_id: vault.open(row["sealed"], b"address" + row["blind"].bytes).decode()
        for root_id, row in newest.items()
    }


async def page_profiles(tx: Tx, workspace_id: UUID, *, unless: str, offset: int, limit: int) -> list[UUID]:
    """The roots from a place on, oldest first, but those who have the trait `unless`."""
    rows = await tx.fetch(Q.page_people, workspace_id, unless, offset, limit)
    return [row["profile_id"] for row in rows]


async def oldest_of(tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of each profile's person the member that was made first: it stays the same whoever joins them later."""
    rows = await tx.fetch(Q.list_oldest, workspace_id, profile_ids)
    return {row["asked"]: row["profile_id"] for row in rows}


async def erased_of(tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some profiles that are an erased person's: nothing of them is left but the row."""
    return {row["profile_id"] for row in await tx.fetch(Q.find_erased, workspace_id, profile_ids)}


async def roots_of(tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Whose members some profiles are."""
    rows = await tx.fetch(Q.list_roots, workspace_id, profile_ids)
    return {row["profile_id"]: row["root_id"] for row in rows}
