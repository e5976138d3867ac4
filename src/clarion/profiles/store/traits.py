"""What is known of members: their traits, the folds of people who have several, the log of changes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pgproto.pgproto import UUID as FastUUID

from clarion.db import Tx
from clarion.model import Ids
from clarion.profiles.standard import canonical_name, canonical_person_name
from clarion.profiles.store._queries import Q
from clarion.profiles.traits import Change, Definition, Facts, Standing, discovered, fold, merged
from clarion.vault import Vault

ELEMENT_STAMPS = "\0stamps"  # no trait's name: PostgreSQL keeps no U+0000
BLINDED = ("first_name", "last_name")


async def fold_traits(
    tx: Tx,
    workspace_id: UUID,
    facts_of: Mapping[UUID, Sequence[Facts]],
    *,
    vault: Vault,
    ids: Ids,
    cause: str,
) -> None:
    """Fold new facts into members' traits, and into those of the person where there are several members.

    Changed and refused values are appended to the log of changes.
    """
    if not facts_of:
        return
    definitions = await _discover(tx, workspace_id, facts_of)
    rows = {
        row["profile_id"]: row
        for row in await tx.fetch(Q.lock_profiles, workspace_id, sorted(facts_of, key=lambda m: m.bytes))
    }
    after: list[tuple[UUID, Standing]] = []
    changes: list[tuple[UUID, Change]] = []
    told: dict[UUID, list[Facts]] = {}  # of people with several members
    for profile_id, facts in facts_of.items():
        row = rows.get(profile_id)
        if row is None:
            continue
        standing, changed = fold(standing_of(row, vault), facts, definitions)
        after.append((profile_id, standing))
        changes += [(profile_id, change) for change in changed]
        if row["root_id"] != profile_id or row["fold_traits"] is not None:
            told.setdefault(row["root_id"], []).extend(facts)
    await write_traits(tx, Q.update_traits, workspace_id, after, vault=vault)
    await _fold_people(tx, workspace_id, told, rows, definitions, vault=vault)
    if changes:
        await log_changes(tx, workspace_id, changes, vault=vault, ids=ids, cause=cause)
        await _count_refused(tx, workspace_id, [change for _, change in changes if change.refused])


async def refold(tx: Tx, workspace_id: UUID, root_ids: Iterable[UUID], *, vault: Vault) -> None:
    """Make each root's fold anew from all its members; none where it is the only one."""
    roots = sorted(set(root_ids), key=lambda root: root.bytes)
    if not roots:
        return
    await tx.execute(Q.share_definitions, workspace_id)
    definitions = await read_definitions(tx, workspace_id)
    members: dict[UUID, list[Standing]] = {root: [] for root in roots}
    for row in await tx.fetch(Q.lock_people_of, workspace_id, roots):
        if row["root_id"] in members:
            members[row["root_id"]].append(standing_of(row, vault))
    folds = [
        (root, merged(standings, definitions) if len(standings) > 1 else None)
        for root, standings in members.items()
    ]
    await write_traits(tx, Q.update_folds, workspace_id, folds, vault=vault)


async def find_by_name(
    tx: Tx, workspace_id: UUID, *, first: str | None, last: str | None, vault: Vault, limit: int
) -> list[UUID]:
    """The roots of people with this first and last name (at least one is given), `limit` at most."""
    wanted = [
        (trait, value) for trait, value in zip(BLINDED, (first, last), strict=True) if value is not None
    ]
    blinds = [_name_blind(vault, trait, value) for trait, value in wanted]
    second = blinds[1] if len(blinds) > 1 else None
    rows = await tx.fetch(Q.find_by_name, workspace_id, wanted[0][0], blinds[0], second, limit)
    return [row["root_id"] for row in rows]


async def read_definitions(tx: Tx, workspace_id: UUID) -> dict[str, Definition]:
    """All definitions by name."""
    return {row["name"]: definition_of(row) for row in await tx.fetch(Q.list_traits, workspace_id)}


def definition_of(row: asyncpg.Record) -> Definition:
    options = None if row["options"] is None else tuple(row["options"])
    return Definition(row["type"], row["personal"], options, row["readonly"])


async def _discover(
    tx: Tx, workspace_id: UUID, facts_of: Mapping[UUID, Sequence[Facts]]
) -> dict[str, Definition]:
    """All definitions, with those of names that nobody defined: of the type of the value with the lowest stamp."""
    await tx.execute(Q.share_definitions, workspace_id)
    definitions = await read_definitions(tx, workspace_id)
    first: dict[str, tuple[str, Any]] = {}
    for fact in (fact for facts in facts_of.values() for fact in facts):
        for given, value in fact.traits.items():
            name = canonical_name(given)
            if name in definitions or value is None:
                continue
            if name not in first or fact.stamp < first[name][0]:
                first[name] = (fact.stamp, value)
    if not first:
        return definitions
    fresh = {name: discovered(name, first[name][1]) for name in sorted(first)}
    made = await tx.fetch(
        Q.insert_traits,
        workspace_id,
        list(fresh),
        [definition.type for definition in fresh.values()],
        [definition.personal for definition in fresh.values()],
        [None if fresh[name].personal else json_of(first[name][1]) for name in fresh],
    )
    if len(made) < len(fresh):  # somebody else discovered them meanwhile, and has committed
        return await read_definitions(tx, workspace_id)
    return definitions | fresh


async def _fold_people(
    tx: Tx,
    workspace_id: UUID,
    told: Mapping[UUID, Sequence[Facts]],
    rows: Mapping[UUID, asyncpg.Record],
    definitions: Mapping[str, Definition],
    *,
    vault: Vault,
) -> None:
    """The same facts into the folds of people with several members, which are locked with them."""
    folds = []
    unknown = []
    for root_id, facts in told.items():
        row = rows.get(root_id)
        if row is None or row["fold_traits"] is None:  # joined while we waited for the lock
            unknown.append(root_id)
        else:
            folds.append((root_id, fold(fold_of(row, vault), facts, definitions)[0]))
    if folds:
        await write_traits(tx, Q.update_folds, workspace_id, folds, vault=vault)
    await refold(tx, workspace_id, unknown, vault=vault)


async def write_traits(
    tx: Tx,
    query: str,
    workspace_id: UUID,
    standings: Sequence[tuple[UUID, Standing | None]],
    *,
    vault: Vault,
) -> None:
    """Write members' traits or people's folds."""
    await tx.execute(
        query,
        workspace_id,
        [profile_id for profile_id, _ in standings],
        [None if one is None else json_of(one.plain) for _, one in standings],
        [None if one is None else json_of(_open_stamps(one)) for _, one in standings],
        [
            None if one is None else _seal(vault, profile_id, one, always=query == Q.update_folds)
            for profile_id, one in standings
        ],
    )


async def log_changes(
    tx: Tx, workspace_id: UUID, changes: Sequence[tuple[UUID, Change]], *, vault: Vault, ids: Ids, cause: str
) -> None:
    """Append to the log, and keep the blind indexes of names as the values."""
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
        [FastUUID(change.stamp[16:]) for _, change in changes],
        cause,
        [change.refused for _, change in changes],
    )
    await _blind_names(tx, workspace_id, changes, vault=vault)


async def _blind_names(
    tx: Tx, workspace_id: UUID, changes: Sequence[tuple[UUID, Change]], *, vault: Vault
) -> None:
    named = [(member, one) for member, one in changes if one.name in BLINDED and one.refused is None]
    if not named:
        return
    await tx.execute(
        Q.delete_trait_blinds, workspace_id, [member for member, _ in named], [one.name for _, one in named]
    )
    held = [(member, one) for member, one in named if one.value and canonical_person_name(str(one.value))]
    if held:
        await tx.execute(
            Q.insert_trait_blinds,
            workspace_id,
            [one.name for _, one in held],
            [_name_blind(vault, one.name, str(one.value)) for _, one in held],
            [member for member, _ in held],
        )


def _name_blind(vault: Vault, trait: str, value: str) -> UUID:
    return vault.blind(f"trait:{trait}", canonical_person_name(value))


async def _count_refused(tx: Tx, workspace_id: UUID, refused: Sequence[Change]) -> None:
    if not refused:
        return
    counts = Counter(change.name for change in refused)
    last = {change.name: change for change in sorted(refused, key=lambda change: change.stamp)}
    await tx.execute(Q.lock_traits, workspace_id, list(counts))
    await tx.execute(
        Q.count_refused,
        workspace_id,
        list(counts),
        list(counts.values()),
        [last[name].refused for name in counts],
        [int(last[name].stamp[:16], 16) for name in counts],
    )


def standing_of(row: asyncpg.Record, vault: Vault) -> Standing:
    """What a member holds itself."""
    return _standing(row["profile_id"], row["traits"], row["stamps"], row["sealed"], vault)


def fold_of(row: asyncpg.Record, vault: Vault) -> Standing:
    """What a root of several members holds for all."""
    return _standing(row["profile_id"], row["fold_traits"], row["fold_stamps"], row["fold_sealed"], vault)


def _standing(profile_id: UUID, traits: str, stamps: str, sealed: bytes | None, vault: Vault) -> Standing:
    record = _open(vault, profile_id, sealed)
    elements = record.pop(ELEMENT_STAMPS, {})
    return Standing(msgspec.json.decode(traits), record, msgspec.json.decode(stamps) | elements)


def _open_stamps(standing: Standing) -> dict[str, Any]:
    """Stamps as they stand in plain: those of personal choices without the elements, which are the values."""
    sealed = _element_stamps(standing)
    return {name: state[0] if name in sealed else state for name, state in standing.stamps.items()}


def _element_stamps(standing: Standing) -> dict[str, Any]:
    """Stamps by element of all but plain values; a trait with nothing left counts as personal."""
    return {
        name: state
        for name, state in standing.stamps.items()
        if isinstance(state, list) and name not in standing.plain
    }


def _seal(vault: Vault, profile_id: UUID, standing: Standing, *, always: bool) -> bytes | None:
    elements = _element_stamps(standing)
    record = standing.personal | ({ELEMENT_STAMPS: elements} if elements else {})
    if not record and not always:
        return None
    return vault.seal(msgspec.msgpack.encode(record), b"profile" + profile_id.bytes)


def open_traits(vault: Vault, profile_id: UUID, sealed: bytes | None) -> dict[str, Any]:
    """A profile's personal traits."""
    record = _open(vault, profile_id, sealed)
    record.pop(ELEMENT_STAMPS, None)
    return record


def _open(vault: Vault, profile_id: UUID, sealed: bytes | None) -> dict[str, Any]:
    if sealed is None:
        return {}
    opened: dict[str, Any] = msgspec.msgpack.decode(vault.open(sealed, b"profile" + profile_id.bytes))
    return opened


def json_of(value: Any) -> str:
    return msgspec.json.encode(value).decode()
