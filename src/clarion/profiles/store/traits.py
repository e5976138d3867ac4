"""What is known of members: traits, their definitions, the log of changes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from clarion.db import Tx
from clarion.model import Ids
from clarion.profiles.standard import canonical_name
from clarion.profiles.store._queries import Q
from clarion.profiles.traits import Change, Facts, Standing, fold, merged, type_of
from clarion.vault import Vault, is_personal_trait


async def fold_traits(
    tx: Tx,
    workspace_id: UUID,
    facts_of: Mapping[UUID, Sequence[Facts]],
    *,
    vault: Vault,
    ids: Ids,
    cause: str,
) -> None:
    """Fold new facts into members' traits; changed values are appended to the log of changes."""
    if not facts_of:
        return
    personal = await _define_traits(tx, workspace_id, facts_of)
    rows = await tx.fetch(Q.lock_profiles, workspace_id, sorted(facts_of, key=lambda member: member.bytes))
    after: list[tuple[UUID, Standing]] = []
    changes: list[tuple[UUID, Change]] = []
    for row in rows:
        profile_id = row["profile_id"]
        standing, changed = fold(_standing(row, vault), facts_of[profile_id], personal)
        after.append((profile_id, standing))
        changes += [(profile_id, change) for change in changed]
    await _write(tx, workspace_id, Q.update_traits, after, vault=vault)
    if changes:
        await _log_changes(tx, workspace_id, changes, vault=vault, ids=ids, cause=cause)
    roots = {row["root_id"] for row in rows if row["root_id"] != row["profile_id"] or row["has_members"]}
    await refold(tx, workspace_id, roots, vault=vault)


async def refold(tx: Tx, workspace_id: UUID, roots: Iterable[UUID], *, vault: Vault) -> None:
    """A root with other members holds what all of them hold together; one without holds its own only."""
    ordered = sorted(set(roots), key=lambda root: root.bytes)
    if not ordered:
        return
    members: dict[UUID, list[Standing]] = {root: [] for root in ordered}
    for row in await tx.fetch(Q.lock_people_of, workspace_id, ordered):
        if row["root_id"] in members:
            members[row["root_id"]].append(_standing(row, vault))
    alone = [root for root, held in members.items() if len(held) < 2]
    if alone:
        await tx.execute(Q.clear_folds, workspace_id, alone)
    folds = [(root, merged(held)) for root, held in members.items() if len(held) > 1]
    await _write(tx, workspace_id, Q.update_folds, folds, vault=vault)


async def _write(
    tx: Tx, workspace_id: UUID, query: str, after: Sequence[tuple[UUID, Standing]], *, vault: Vault
) -> None:
    if not after:
        return
    await tx.execute(
        query,
        workspace_id,
        [profile_id for profile_id, _ in after],
        [json_of(standing.plain) for _, standing in after],
        [json_of(standing.stamps) for _, standing in after],
        [_seal_traits(vault, profile_id, standing.personal) for profile_id, standing in after],
    )


async def _define_traits(
    tx: Tx, workspace_id: UUID, facts_of: Mapping[UUID, Sequence[Facts]]
) -> frozenset[str]:
    """Discover names that nobody defined, with the type of a value; returns which of all names are personal."""
    rows = await tx.fetch(Q.list_traits, workspace_id)
    personal = {row["name"] for row in rows if row["personal"]}
    known = {row["name"] for row in rows}
    fresh: dict[str, Any] = {}
    for facts in facts_of.values():
        for fact in facts:
            for given, value in fact.traits.items():
                name = canonical_name(given)
                if name not in known and value is not None:
                    fresh.setdefault(name, value)
    if fresh:
        names = sorted(fresh)
        personal |= {name for name in names if is_personal_trait(name)}
        await tx.execute(
            Q.insert_traits,
            workspace_id,
            names,
            [type_of(fresh[name]) for name in names],
            [name in personal for name in names],
        )
    return frozenset(personal)


async def _log_changes(
    tx: Tx, workspace_id: UUID, changes: Sequence[tuple[UUID, Change]], *, vault: Vault, ids: Ids, cause: str
) -> None:
    change_ids = ids.many(len(changes))
    await tx.execute(
        Q.insert_changes,
        workspace_id,
        [profile_id for profile_id, _ in changes],
        change_ids,
        [f"trait:{change.name}" for _, change in changes],
        [None if change.personal or change.value is None else json_of(change.value) for _, change in changes],
        [
            vault.seal(msgspec.msgpack.encode(change.value), b"change" + change_id.bytes)
            if change.personal
            else None
            for change_id, (_, change) in zip(change_ids, changes, strict=True)
        ],
        [int(change.stamp[:16], 16) for _, change in changes],
        [UUID(change.stamp[16:]) for _, change in changes],
        cause,
    )


def _standing(row: asyncpg.Record, vault: Vault) -> Standing:
    return Standing(
        msgspec.json.decode(row["traits"]),
        open_traits(vault, row["profile_id"], row["sealed"]),
        msgspec.json.decode(row["stamps"]),
    )


def _seal_traits(vault: Vault, profile_id: UUID, personal: Mapping[str, Any]) -> bytes | None:
    if not personal:
        return None
    return vault.seal(msgspec.msgpack.encode(personal), b"profile" + profile_id.bytes)


def open_traits(vault: Vault, profile_id: UUID, sealed: bytes | None) -> dict[str, Any]:
    if sealed is None:
        return {}
    opened: dict[str, Any] = msgspec.msgpack.decode(vault.open(sealed, b"profile" + profile_id.bytes))
    return opened


def json_of(value: Any) -> str:
    return msgspec.json.encode(value).decode()
