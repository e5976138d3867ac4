"""Who some members are together, and what is known of them, for many at once."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion.db import Tx
from clarion.profiles.store._queries import Q
from clarion.profiles.store.traits import open_traits
from clarion.vault import Vault


class Kin(Struct, frozen=True):
    """One person: all members, and the traits that they hold together, opened."""

    root_id: UUID
    members: frozenset[UUID]
    traits: dict[str, Any]


async def kin_of(tx: Tx, workspace_id: UUID, profile_ids: Iterable[UUID], *, vault: Vault) -> dict[UUID, Kin]:
    """By member; without those who were erased."""
    asked = set(profile_ids)
    people: dict[UUID, dict[UUID, asyncpg.Record]] = {}
    for row in await tx.fetch(Q.find_kin, workspace_id, list(asked)):
        people.setdefault(row["root_id"], {})[row["profile_id"]] = row
    found: dict[UUID, Kin] = {}
    for root_id, members in people.items():
        root = members.get(root_id)
        if root is not None and not root["erased"]:
            kin = Kin(root_id, frozenset(members), _traits(root, vault))
            found |= {member: kin for member in members if member in asked}
    return found


def _traits(root: asyncpg.Record, vault: Vault) -> dict[str, Any]:
    traits: dict[str, Any] = msgspec.json.decode(root["fold_traits"] or root["traits"])
    return traits | open_traits(vault, root["profile_id"], root["fold_sealed"] or root["sealed"])
