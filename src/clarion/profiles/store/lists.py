"""Lists kept by hand or import: who is on them, by member; a person is on one as the newest word of any member says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion import accounts, errors
from clarion.db import Tx
from clarion.model import Ids
from clarion.profiles.numbers import LIST
from clarion.profiles.store._queries import Q

NAME_MAX = 255
_FIRST = UUID(int=0)


class ProfileList(Struct, frozen=True, kw_only=True):
    """A list. `number`: its stable small one; `members`: how many people are on it."""

    list_id: UUID
    number: int
    name: str
    members: int
    created_at: datetime


class Membership(Struct, frozen=True):
    """What a change of lists came to: how many people came or went, and which ids are nobody's."""

    changed: int
    unknown: tuple[UUID, ...]


class _Word(Struct, frozen=True):
    """What was last said of a person and a list, by whichever member."""

    attached: bool
    stamp_us: int


async def lists_named(tx: Tx, workspace_id: UUID, names: Sequence[str], *, ids: Ids) -> dict[str, UUID]:
    """The lists of these names, as they were given, made where there are none. Raises Invalid."""
    wanted = {name: _name(name) for name in names}
    fresh = sorted(set(wanted.values()))
    await tx.execute(Q.insert_lists, workspace_id, ids.many(len(fresh)) if fresh else [], fresh)
    found = await find_lists(tx, workspace_id, fresh)
    return {name: found[own] for name, own in wanted.items()}


async def find_lists(tx: Tx, workspace_id: UUID, names: Sequence[str]) -> dict[str, UUID]:
    """Those of these names that there are."""
    rows = await tx.fetch(Q.find_lists, workspace_id, names)
    return {row["name"]: row["list_id"] for row in rows}


async def create_list(tx: Tx, workspace_id: UUID, name: str, *, ids: Ids) -> ProfileList:
    """A new one. Raises AlreadyThere, Invalid."""
    list_id = ids.next()
    if not await tx.fetch(Q.insert_lists, workspace_id, [list_id], [_name(name)]):
        raise errors.AlreadyThere(f"there is a list named {_name(name)} already")
    return await read_list(tx, workspace_id, list_id)


async def list_lists(tx: Tx, workspace_id: UUID) -> list[ProfileList]:
    """All by name."""
    return await _lists(tx, workspace_id, await tx.fetch(Q.show_lists, workspace_id, None))


async def read_list(tx: Tx, workspace_id: UUID, list_id: UUID) -> ProfileList:
    """One. Raises NotFound."""
    rows = await tx.fetch(Q.show_lists, workspace_id, list_id)
    if not rows:
        raise errors.NotFound("there is no such list in this workspace")
    return (await _lists(tx, workspace_id, rows))[0]


async def list_people(
    tx: Tx, workspace_id: UUID, list_id: UUID, *, limit: int, after: UUID | None = None, skip: int = 0
) -> list[tuple[UUID, UUID]]:
    """Who is on a list: (place, person's root) by place, behind the place named `after`, without the first `skip`."""
    rows = await tx.fetch(Q.list_people, workspace_id, list_id, after or _FIRST, limit, skip)
    return [(row["profile_id"], row["root_id"]) for row in rows]


async def lists_of(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[UUID, str]]]:
    """Of each profile's person (by any member): the lists that they are on, (id, name) by name."""
    found: dict[UUID, list[tuple[UUID, str]]] = {profile_id: [] for profile_id in profile_ids}
    for row in await tx.fetch(Q.list_lists_of, workspace_id, list(found)):
        found[row["asked"]].append((row["list_id"], row["name"]))
    return found


async def attach(
    tx: Tx,
    workspace_id: UUID,
    list_ids: Sequence[UUID],
    profile_ids: Sequence[UUID],
    *,
    ids: Ids,
    now_us: int,
    cause: str = "call",
) -> Membership:
    """Put profiles on lists, for the members given; never loses to what is stored. Raises NotFound for a list."""
    return await _set(
        tx, workspace_id, list_ids, profile_ids, attached=True, ids=ids, now_us=now_us, cause=cause
    )


async def detach(
    tx: Tx,
    workspace_id: UUID,
    list_ids: Sequence[UUID],
    profile_ids: Sequence[UUID],
    *,
    ids: Ids,
    now_us: int,
    cause: str = "call",
) -> Membership:
    """Take the persons of these profiles off lists. Raises NotFound for a list."""
    return await _set(
        tx, workspace_id, list_ids, profile_ids, attached=False, ids=ids, now_us=now_us, cause=cause
    )


async def _set(
    tx: Tx,
    workspace_id: UUID,
    list_ids: Sequence[UUID],
    profile_ids: Sequence[UUID],
    *,
    attached: bool,
    ids: Ids,
    now_us: int,
    cause: str,
) -> Membership:
    """Writers of a list wait for each other, so what is read of it here is what stands."""
    names = {row["list_id"]: row["name"] for row in await tx.fetch(Q.lock_lists, workspace_id, list_ids)}
    if len(names) < len(set(list_ids)):
        raise errors.NotFound("there is no such list in this workspace")
    roots = await _living(tx, workspace_id, profile_ids)
    unknown = tuple(profile_id for profile_id in dict.fromkeys(profile_ids) if profile_id not in roots)
    if not roots:
        return Membership(0, unknown)
    words = await _words(tx, workspace_id, list(names), set(roots.values()))
    pairs = [(list_id, profile_id) for list_id in sorted(names) for profile_id in sorted(roots)]
    above = {pair: words.get((pair[0], roots[pair[1]]), _Word(False, 0)) for pair in pairs}
    stamps = [max(now_us, above[pair].stamp_us + 1) for pair in pairs]
    item_id = ids.next()
    await tx.execute(
        Q.set_members, workspace_id, [one for one, _ in pairs], [one for _, one in pairs], attached, stamps, item_id
    )  # fmt: skip
    changed = [
        (pair, stamp)
        for pair, stamp in zip(pairs, stamps, strict=True)
        if above[pair].attached is not attached
    ]
    await _log(tx, workspace_id, changed, names, attached, item_id, ids=ids, cause=cause)
    return Membership(len({(list_id, roots[profile_id]) for (list_id, profile_id), _ in changed}), unknown)


async def _living(tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Those of these profiles who are somebody, with their persons' roots; none is erased before the commit."""
    await tx.execute(Q.hold_profiles, workspace_id, profile_ids)
    rows = await tx.fetch(Q.find_living, workspace_id, profile_ids)
    return {row["profile_id"]: row["root_id"] for row in rows}


async def _words(
    tx: Tx, workspace_id: UUID, list_ids: Sequence[UUID], roots: set[UUID]
) -> dict[tuple[UUID, UUID], _Word]:
    rows = await tx.fetch(Q.find_memberships, workspace_id, list_ids, list(roots))
    return {(row["list_id"], row["root_id"]): _Word(row["attached"], row["stamp_us"]) for row in rows}


async def _log(
    tx: Tx,
    workspace_id: UUID,
    changed: Sequence[tuple[tuple[UUID, UUID], int]],
    names: Mapping[UUID, str],
    attached: bool,
    item_id: UUID,
    *,
    ids: Ids,
    cause: str,
) -> None:
    if not changed:
        return
    await tx.execute(
        Q.insert_changes,
        workspace_id,
        [profile_id for (_, profile_id), _ in changed],
        ids.many(len(changed)),
        [f"list:{names[list_id]}" for (list_id, _), _ in changed],
        ["true" if attached else None] * len(changed),
        [None] * len(changed),
        [stamp for _, stamp in changed],
        [item_id] * len(changed),
        cause,
        [None] * len(changed),
    )


async def _lists(tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record]) -> list[ProfileList]:
    numbers = await accounts.number_of(tx, workspace_id, LIST, [row["list_id"] for row in rows])
    return [
        ProfileList(
            list_id=row["list_id"],
            number=numbers[row["list_id"]],
            name=row["name"],
            members=row["members"],
            created_at=row["created_at"],
        )
        for row in rows
    ]


def _name(given: str) -> str:
    name = given.strip()
    if not 0 < len(name) <= NAME_MAX or "\0" in name:
        raise errors.Invalid(f"a list's name is 1 to {NAME_MAX} characters")
    return name
