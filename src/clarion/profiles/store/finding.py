"""Who is behind an id, an address, a place in the list: for doors that look people up."""

from collections.abc import Sequence
from uuid import UUID

from clarion.db import Tx
from clarion.model import Identity, IdentityKind, Reach
from clarion.profiles.identities import reach_of
from clarion.profiles.store._queries import Q
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


async def page_profiles(tx: Tx, workspace_id: UUID, *, unless: str, offset: int, limit: int) -> list[UUID]:
    """The roots from a place on, oldest first, but those who have the trait `unless`."""
    rows = await tx.fetch(Q.page_people, workspace_id, unless, offset, limit)
    return [row["profile_id"] for row in rows]


async def oldest_of(tx: Tx, workspace_id: UUID, roots: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of each person the member that was made first: it stays the same whoever joins them later."""
    rows = await tx.fetch(Q.list_oldest, workspace_id, roots)
    return {row["root_id"]: row["profile_id"] for row in rows}


async def roots_of(tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Whose members some profiles are."""
    rows = await tx.fetch(Q.list_roots, workspace_id, profile_ids)
    return {row["profile_id"]: row["root_id"] for row in rows}
