"""Who is one person: links join members, cuts part them; the roots say the answer."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion import errors, model
from clarion.db import Tx
from clarion.model import IdentityKind, Ids
from clarion.profiles.resolve import Cut, Joined, Link, Node, Sets, devices, resolve, stamp_of
from clarion.profiles.store._queries import Q
from clarion.profiles.store.traits import json_of, refold
from clarion.vault import Vault

COMPONENT_MAX = 20_000  # identities that hang together; beyond it a late link is taken as if it came last


class Standing(Struct, frozen=True):
    """An identity and where it stands now."""

    node: Node
    member: UUID | None
    root: UUID | None


async def join(
    tx: Tx, workspace_id: UUID, links: Sequence[Link], *, vault: Vault, ids: Ids, cause: str
) -> None:
    """Let new links have their effect: one step each where it is the newest of all it touches, else all anew."""
    if not links:
        return
    await tx.execute(Q.lock_people, workspace_id)
    ends = {end for link in links for end in (link.strong, link.weak)}
    known = await _standings(tx, workspace_id, ends)
    cuts = await _cuts(tx, workspace_id)
    nodes = {blind: standing.node for blind, standing in known.items()}
    sets = Sets(nodes.values(), cuts)
    newest = {blind: standing.node.newest for blind, standing in known.items()}
    late = set()
    for link in sorted(links, key=lambda link: link.order):
        touched = sets.of(link.strong) | sets.of(link.weak)
        is_newest = all(newest[blind] < link.order for blind in touched)
        were_one = link.weak in sets.of(link.strong)
        contested = sets.join(link) is Joined.TWO and devices(link, nodes)
        if contested or not (were_one or is_newest):
            late |= {link.strong, link.weak}
        for end in (link.strong, link.weak):
            newest[end] = max(newest[end], link.order)
    await _raise_newest(tx, workspace_id, links)
    if late and await _anew(tx, workspace_id, late | ends, cuts, vault=vault, ids=ids, cause=cause):
        return
    shared = {blind for blind, standing in known.items() if standing.node.shared}
    await _settle(tx, workspace_id, known, sets.all(), shared, vault=vault, ids=ids, cause=cause)


async def merge(
    tx: Tx, workspace_id: UUID, one_id: UUID, other_id: UUID, *, vault: Vault, ids: Ids, now_us: int
) -> UUID:
    """Make two people one, by hand; returns the root. Raises NotFound, Invalid."""
    await tx.execute(Q.lock_people, workspace_id)
    one, other = await _person(tx, workspace_id, one_id), await _person(tx, workspace_id, other_id)
    if one[0].root == other[0].root:
        raise errors.Invalid("these are one person already")
    strong, weak = sorted(
        (_lead(one), _lead(other)), key=lambda lead: (lead.node.kind, lead.node.blind.bytes)
    )
    link_id = ids.next()
    await tx.execute(
        Q.insert_links, workspace_id, [strong.node.blind], [weak.node.blind], [now_us], [link_id], True
    )
    stamp = stamp_of(now_us, link_id)
    link = Link(strong.node.blind, weak.node.blind, weak.node.kind, stamp, by_hand=True)
    await join(tx, workspace_id, [link], vault=vault, ids=ids, cause="merge")
    return (await _person(tx, workspace_id, one_id))[0].root or one_id


async def unmerge(
    tx: Tx, workspace_id: UUID, member_id: UUID, *, vault: Vault, ids: Ids, now_us: int
) -> UUID:
    """Part a member from the person whom it was joined to: a cut. Returns whom the others are now.

    Raises NotFound, Invalid.
    """
    await tx.execute(Q.lock_people, workspace_id)
    person = await _person(tx, workspace_id, member_id)
    one = [standing.node.blind for standing in person if standing.member == member_id]
    other = [standing.node.blind for standing in person if standing.member not in (None, member_id)]
    if not other:
        raise errors.Invalid("this person has one member only: there is nothing to part")
    await tx.execute(Q.insert_cut, workspace_id, ids.next(), one, other, now_us)
    cuts = await _cuts(tx, workspace_id)
    await _anew(tx, workspace_id, {*one, *other}, cuts, vault=vault, ids=ids, cause="unmerge")
    rest = next(standing.member for standing in person if standing.member not in (None, member_id))
    assert rest is not None
    return (await _person(tx, workspace_id, rest))[0].root or rest


def _lead(person: Sequence[Standing]) -> Standing:
    """The identity of the person's root."""
    return next(standing for standing in person if standing.member == standing.root)


async def _person(tx: Tx, workspace_id: UUID, profile_id: UUID) -> list[Standing]:
    """All identities of the person that a member belongs to. Raises NotFound."""
    rows = await tx.fetch(Q.read_members, workspace_id, profile_id)
    if not rows:
        raise errors.NotFound("there is no such profile in this workspace")
    found = await tx.fetch(Q.find_nodes, workspace_id, [], [rows[0]["root_id"]])
    if not found:
        raise errors.NotFound("there is no such profile in this workspace: that person was erased")
    return [_standing(row) for row in found]


async def _standings(tx: Tx, workspace_id: UUID, blinds: Iterable[UUID]) -> dict[UUID, Standing]:
    """Identities, and all that are one person with them."""
    found = await tx.fetch(Q.find_nodes, workspace_id, list(blinds), [])
    roots = {row["root_id"] for row in found if row["root_id"] is not None}
    found += await tx.fetch(Q.find_nodes, workspace_id, [], list(roots))
    return {row["blind"]: _standing(row) for row in found}


async def _cuts(tx: Tx, workspace_id: UUID) -> list[Cut]:
    rows = await tx.fetch(Q.list_cuts, workspace_id)
    return [Cut(frozenset(row["one_side"]), frozenset(row["other_side"]), row["stamp_us"]) for row in rows]


async def _raise_newest(tx: Tx, workspace_id: UUID, links: Sequence[Link]) -> None:
    newest: dict[UUID, bytes] = {}
    for link in links:
        for end in (link.strong, link.weak):
            newest[end] = max(newest.get(end, b""), link.order)
    ordered = sorted(newest, key=lambda blind: blind.bytes)
    await tx.execute(Q.raise_newest, workspace_id, ordered, [newest[blind] for blind in ordered])


async def _anew(
    tx: Tx, workspace_id: UUID, blinds: set[UUID], cuts: Sequence[Cut], *, vault: Vault, ids: Ids, cause: str
) -> bool:
    """Resolve all that hangs together with some identities; False when that is too much."""
    rows = await tx.fetch(Q.find_component, workspace_id, list(blinds), COMPONENT_MAX + 1)
    if len(rows) > COMPONENT_MAX:
        return False
    known = await _standings(tx, workspace_id, [row["blind"] for row in rows])
    links = [
        Link(
            strong=row["strong"],
            weak=row["weak"],
            weak_kind=known[row["weak"]].node.kind,
            stamp=stamp_of(row["stamp_us"], row["stamp_id"]),
            by_hand=row["by_hand"],
        )
        for row in await tx.fetch(Q.find_links, workspace_id, list(known))
    ]
    found = resolve({blind: standing.node for blind, standing in known.items()}, links, cuts)
    await _settle(tx, workspace_id, known, found.people, set(found.shared), vault=vault, ids=ids, cause=cause)
    return True


async def _settle(
    tx: Tx,
    workspace_id: UUID,
    known: dict[UUID, Standing],
    people: Iterable[Iterable[UUID]],
    shared: set[UUID],
    *,
    vault: Vault,
    ids: Ids,
    cause: str,
) -> None:
    """Write what differs: whom identities find, whose members profiles are, what roots hold of all."""
    moved: list[tuple[Standing, UUID | None]] = []
    for person in people:
        held = [known[blind] for blind in person]
        root = _root_of(held)
        moved += [
            (one, root) for one in held if one.root != root or one.node.shared != (one.node.blind in shared)
        ]
    if not moved:
        return
    members = {one.member: root for one, root in moved if one.member is not None and one.root != root}
    roots = {root for one, to in moved for root in (one.root, to) if root is not None}
    await tx.fetch(Q.lock_profiles, workspace_id, sorted(roots | set(members), key=lambda one: one.bytes))
    await tx.execute(
        Q.move_identities,
        workspace_id,
        [one.node.blind for one, _ in moved],
        [root for _, root in moved],
        [one.node.blind in shared for one, _ in moved],
    )
    if members:
        await tx.execute(Q.move_members, workspace_id, list(members), list(members.values()))
        await refold(tx, workspace_id, roots, vault=vault)
        await _log_moves(tx, workspace_id, members, ids=ids, cause=cause)


async def _log_moves(
    tx: Tx, workspace_id: UUID, members: Mapping[UUID, UUID | None], *, ids: Ids, cause: str
) -> None:
    """A member's history says whose it became, and when."""
    change_ids = [ids.next() for _ in members]
    await tx.execute(
        Q.insert_changes,
        workspace_id,
        list(members),
        change_ids,
        ["person"] * len(members),
        [json_of(model.show_id("prf", root)) if root else None for root in members.values()],
        [None] * len(members),
        [model.time_us_of(change_id) for change_id in change_ids],
        change_ids,
        cause,
        [None] * len(members),
    )


def _root_of(held: Iterable[Standing]) -> UUID | None:
    """The member of the strongest identity, the oldest of equals; None where no item was ever about one of them."""
    members = [
        (standing.node.kind, standing.member.bytes, standing.member)
        for standing in held
        if standing.member is not None
    ]
    return min(members)[2] if members else None


def _standing(row: asyncpg.Record) -> Standing:
    node = Node(
        blind=row["blind"],
        kind=IdentityKind(row["kind"]),
        namespace=row["namespace"],
        person=row["root_id"],
        newest=row["newest"],
        shared=row["shared"],
    )
    return Standing(node, row["profile_id"], row["root_id"])
