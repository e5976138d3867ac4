"""Synchronous writes and lists: in the caller's transaction, so that the next read shows them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.model import Identity, IdentityKind, Ids, JSONObject, ProfileChange, Reach
from clarion.profiles.arrivals import Arrival, Known, Wanted
from clarion.profiles.identities import blind_of, reach_of
from clarion.profiles.resolve import Link, stamp_of
from clarion.profiles.standard import canonical_name
from clarion.profiles.store._queries import Q
from clarion.profiles.store.identities import drop_former_places, members_of
from clarion.profiles.store.people import join
from clarion.profiles.store.traits import fold_traits, open_traits
from clarion.profiles.writing import is_element_change, winning, with_elements
from clarion.vault import Vault, is_personal_trait

_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


class Person(Struct, frozen=True, kw_only=True):
    """A person as a door lists them: the root's id, the e-mails that find them (oldest first), what is known."""

    profile_id: UUID
    emails: tuple[str, ...]
    traits: dict[str, Any]
    created_us: int
    updated_us: int


class Having(Struct, frozen=True):
    """Only those whose `trait` is `value`; `unset` is what counts where the trait is not set."""

    trait: str
    value: str
    unset: str


class Update(Struct, frozen=True, kw_only=True):
    """What an update by id says; `email` (canonical) replaces the one that finds the person."""

    traits: JSONObject = {}
    reaches: tuple[Reach, ...] = ()
    email: str | None = None


class StoredTrait(Struct, frozen=True):
    """A definition. `options`: what a choice may be; None: anything."""

    name: str
    type: str
    personal: bool
    discovered: bool
    created_at: str
    options: list[str] | None = None


class Written(Struct, frozen=True):
    """The member that a change was folded into. `made`: here and now, and not by another call at the same moment."""

    member: UUID
    made: bool


async def write(
    tx: Tx,
    workspace_id: UUID,
    change: ProfileChange,
    *,
    vault: Vault,
    ids: Ids,
    now_us: int,
    cause: str = "call",
) -> Written:
    """Fold a change into the member of its strongest identity, who is made where there is none.

    It never loses to what is stored. The caller has seen to it that nobody is erased meanwhile. Raises a deadlock
    (40P01) where a worker holds rows in another order: the edge tries again.
    """
    item_id = ids.next()
    wanted = Wanted.of([Arrival(item_id, change, now_us)], vault)
    nothing_earlier = Known()
    nothing_earlier.heed(workspace_id, 0)
    (member,) = await members_of(
        tx, workspace_id, wanted, vault=vault, ids=ids, remembered=nothing_earlier, cause=cause
    )
    await _tell(tx, workspace_id, member, change.traits, (now_us, item_id), vault=vault, ids=ids, cause=cause)
    return Written(member, member in wanted.made)


async def meet(
    tx: Tx, workspace_id: UUID, identities: Sequence[Identity], *, vault: Vault, ids: Ids, now_us: int
) -> dict[Identity, UUID]:
    """The members of many identities, who are made where there are none; nothing else is told of them."""
    distinct = list(dict.fromkeys(identities))
    arrivals = [
        Arrival(item_id, ProfileChange(identities=(one,)), now_us)
        for item_id, one in zip(ids.many(len(distinct)), distinct, strict=True)
    ]
    nothing_earlier = Known()
    nothing_earlier.heed(workspace_id, 0)
    members = await members_of(
        tx,
        workspace_id,
        Wanted.of(arrivals, vault),
        vault=vault,
        ids=ids,
        remembered=nothing_earlier,
        cause="call",
    )
    return dict(zip(distinct, members, strict=True))


async def update(
    tx: Tx, workspace_id: UUID, profile_id: UUID, wish: Update, *, vault: Vault, ids: Ids, now_us: int
) -> UUID:
    """The same by the id of any member. Its `email` takes the place of the one that finds the person.

    Where it does (see `has_email`), the caller has also seen to it that no worker is in the middle of a transaction,
    and that all forget whom they know; what was accepted before `now_us` under the old one is still this person's.
    Raises NotFound, and AlreadyThere where another person has the e-mail: nothing is ever joined by it.
    """
    if wish.email is not None:
        await tx.execute(Q.lock_people, workspace_id)
    rows = await tx.fetch(Q.lock_person, workspace_id, profile_id)
    if not rows:
        raise errors.NotFound("there is no such profile in this workspace")
    root_id = rows[0]["root_id"]
    held = await tx.fetchrow(Q.list_emails, workspace_id, [root_id])
    member: UUID = (held["profile_id"] if held else None) or root_id
    stamp = (now_us, ids.next())
    if wish.email is not None:
        await _Replacing(tx, workspace_id, member, root_id, vault, ids, stamp).by(wish.email, held)
    await _note_reaches(tx, workspace_id, member, wish.reaches, stamp, vault=vault)
    await _tell(tx, workspace_id, member, wish.traits, stamp, vault=vault, ids=ids, cause="call")
    return member


async def has_email(tx: Tx, workspace_id: UUID, profile_id: UUID, email: str, *, vault: Vault) -> bool:
    """Whether a person is found by this e-mail (canonical) first, so that an update with it replaces nothing."""
    roots = [row["root_id"] for row in await tx.fetch(Q.find_roots, workspace_id, [profile_id])]
    first = await tx.fetchrow(Q.list_emails, workspace_id, roots)
    return first is not None and first["blind"] == blind_of(vault, Identity(IdentityKind.EMAIL, "", email))


async def find_person(tx: Tx, workspace_id: UUID, identity: Identity, *, vault: Vault) -> Person | None:
    """Whom an identity finds."""
    root_id = await tx.fetchval(Q.find_root, workspace_id, blind_of(vault, identity))
    found = await _people(tx, workspace_id, [root_id], vault=vault) if root_id else []
    return found[0] if found else None


async def read_person(tx: Tx, workspace_id: UUID, profile_id: UUID, *, vault: Vault) -> Person | None:
    """By the id of any member."""
    found = await _people(tx, workspace_id, [profile_id], vault=vault)
    return found[0] if found else None


async def list_profiles(
    tx: Tx,
    workspace_id: UUID,
    *,
    vault: Vault,
    after: UUID | None = None,
    limit: int,
    newest_first: bool = True,
    having: Having | None = None,
) -> list[Person]:  # fmt: skip
    """A page of persons in the order in which they were made, behind the one named `after`."""
    query = Q.list_people_down if newest_first else Q.list_people_up
    start = after or (_LAST if newest_first else _FIRST)
    rows = await tx.fetch(query, workspace_id, start, *_asked(having), limit)
    return await _people(tx, workspace_id, [row["profile_id"] for row in rows], vault=vault)


async def count_profiles(tx: Tx, workspace_id: UUID, having: Having | None = None) -> int:
    """How many persons there are."""
    count: int = await tx.fetchval(Q.count_people, workspace_id, *_asked(having))
    return count


async def list_definitions(tx: Tx, workspace_id: UUID) -> list[StoredTrait]:
    """The traits that are defined or were discovered, by name."""
    return [
        StoredTrait(
            row["name"],
            row["type"],
            row["personal"],
            row["discovered"],
            row["created_at"].isoformat(),
            row["options"],
        )
        for row in await tx.fetch(Q.list_definitions, workspace_id)
    ]


async def declare_trait(
    tx: Tx, workspace_id: UUID, name: str, type_: str, options: list[str] | None = None
) -> None:
    """Define a trait before its first value. Raises AlreadyThere."""
    own = canonical_name(name)
    if await tx.fetchval(Q.declare_trait, workspace_id, own, type_, is_personal_trait(own), options) is None:
        raise errors.AlreadyThere(f"there is a trait named {own} already")


class _Replacing(Struct):
    """An e-mail that takes the place of another at one person.

    The identity keeps all but its value: member, links, cuts, and since when it is known.
    """

    tx: Tx
    workspace_id: UUID
    member: UUID
    root_id: UUID
    vault: Vault
    ids: Ids
    stamp: tuple[int, UUID]

    async def by(self, email: str, held: Any) -> None:
        """`held` is the row of the e-mail so far. Raises AlreadyThere where the new one is somebody else's."""
        new = blind_of(self.vault, Identity(IdentityKind.EMAIL, "", email))
        if held is not None and held["blind"] == new:
            return
        holder = await self.tx.fetchval(Q.find_holder, self.workspace_id, new)
        if holder not in (None, self.root_id):
            raise errors.AlreadyThere("another profile has this e-mail")
        if held is None:
            await self._give(new, email)
        elif holder is None:
            await self.tx.execute(Q.delete_nobody, self.workspace_id, new)
            await self._rename(held, new, email)
        else:  # the person's own already, and from now on their first
            await self._rename(held, self.ids.next(), None)
            await self.tx.execute(
                Q.set_identity_stamp, self.workspace_id, new, held["stamp_us"], held["stamp_id"]
            )
        reaches = [Reach("email", email)]
        await _note_reaches(self.tx, self.workspace_id, self.member, reaches, self.stamp, vault=self.vault)

    async def _give(self, blind: UUID, email: str) -> None:
        """A first one, linked as if it had come in an item."""
        lead = await self.tx.fetchval(Q.find_lead, self.workspace_id, self.root_id)
        sealed = self._seal(blind, email)
        await self.tx.execute(Q.give_identity, self.workspace_id, blind, self.root_id, sealed, *self.stamp)
        stamp_us, stamp_id = self.stamp
        await self.tx.execute(
            Q.insert_links, self.workspace_id, [lead], [blind], [stamp_us], [stamp_id], False
        )
        link = Link(lead, blind, IdentityKind.EMAIL, stamp_of(stamp_us, stamp_id))
        await join(self.tx, self.workspace_id, [link], vault=self.vault, ids=self.ids, cause="call")

    async def _rename(self, held: Any, new: UUID, email: str | None) -> None:
        """The old one finds nobody; what was accepted under it before goes by the new; without an e-mail by nothing."""
        old, workspace_id = held["blind"], self.workspace_id
        value = self.vault.open(held["sealed"], b"identity" + old.bytes).decode()
        await self.tx.execute(
            Q.rename_identity, workspace_id, old, new, self._seal(new, email or ""), email is None
        )
        former = [(new, Identity(IdentityKind.EMAIL, "", value), self.stamp[0])]
        await drop_former_places(self.tx, workspace_id, former, vault=self.vault)
        await self.tx.execute(Q.rename_in_cuts, workspace_id, old, new)
        await self.tx.execute(Q.follow_moved, workspace_id, old, new)
        place = reach_of(self.vault, Reach("email", value))
        address = None if place is None else place.blind
        await self.tx.execute(Q.insert_moved, workspace_id, old, new, self.stamp[0], address)
        links = await self.tx.fetch(Q.take_links, workspace_id, old)
        for by_hand in (False, True):
            await self._keep_links([row for row in links if row["by_hand"] is by_hand], old, new, by_hand)

    def _seal(self, blind: UUID, email: str) -> bytes:
        return self.vault.seal(email.encode(), b"identity" + blind.bytes)

    async def _keep_links(self, links: Sequence[Any], old: UUID, new: UUID, by_hand: bool) -> None:
        """What linked the old one links the new one."""
        ends = {
            (new if row["strong"] == old else row["strong"], new if row["weak"] == old else row["weak"]): row
            for row in links
        }
        ends.pop((new, new), None)
        if ends:
            await self.tx.execute(
                Q.insert_links,
                self.workspace_id,
                [strong for strong, _ in ends],
                [weak for _, weak in ends],
                [row["stamp_us"] for row in ends.values()],
                [row["stamp_id"] for row in ends.values()],
                by_hand,
            )


async def _tell(
    tx: Tx,
    workspace_id: UUID,
    member: UUID,
    traits: JSONObject,
    stamp: tuple[int, UUID],
    *,
    vault: Vault,
    ids: Ids,
    cause: str,
) -> None:  # fmt: skip
    if not traits:
        return
    rows = await tx.fetch(Q.lock_person, workspace_id, member)
    own = next((row for row in rows if row["profile_id"] == member), None)
    if own is None:
        raise errors.NotFound("that person was erased meanwhile")
    holds: Mapping[str, Any] = msgspec.json.decode(own["traits"]) | open_traits(vault, member, own["sealed"])
    whole = {
        name: with_elements(holds.get(canonical_name(name)), value) if is_element_change(value) else value
        for name, value in traits.items()
    }
    text = f"{stamp[0]:016x}{stamp[1].hex}"
    facts = winning(whole, text, [msgspec.json.decode(row["stamps"]) for row in rows])
    await fold_traits(tx, workspace_id, {member: facts}, vault=vault, ids=ids, cause=cause)


async def _note_reaches(
    tx: Tx,
    workspace_id: UUID,
    member: UUID,
    reaches: Sequence[Reach],
    stamp: tuple[int, UUID],
    *,
    vault: Vault,
) -> None:
    places = [place for reach in reaches if (place := reach_of(vault, reach)) is not None]
    if places:
        await tx.execute(
            Q.insert_addresses,
            workspace_id,
            [member] * len(places),
            [place.channel for place in places],
            [place.blind for place in places],
            [place.domain_blind for place in places],
            [place.irregular for place in places],
            [vault.seal(place.value.encode(), b"address" + place.blind.bytes) for place in places],
            [stamp[0]] * len(places),
            [stamp[1]] * len(places),
        )


async def _people(tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], *, vault: Vault) -> list[Person]:
    """The persons of some profiles, opened, in their order; without those who were erased since they were found."""
    rows = await tx.fetch(Q.read_people, workspace_id, profile_ids)
    root_of = {row["profile_id"]: row["root_id"] for row in rows}
    roots = list(dict.fromkeys(root_of[one] for one in profile_ids if one in root_of))
    members: dict[UUID, list[Any]] = {root_id: [] for root_id in roots}
    for row in rows:
        members[row["root_id"]].append(row)
    emails: dict[UUID, list[str]] = {root_id: [] for root_id in roots}
    for row in await tx.fetch(Q.list_emails, workspace_id, roots):
        value = vault.open(row["sealed"], b"identity" + row["blind"].bytes).decode()
        emails[row["root_id"]].append(value)
    return [_person(root_id, members[root_id], emails[root_id], vault) for root_id in roots]


def _person(root_id: UUID, members: Sequence[Any], emails: Sequence[str], vault: Vault) -> Person:
    root = next(row for row in members if row["profile_id"] == root_id)
    traits = msgspec.json.decode(root["fold_traits"] or root["traits"])
    traits |= open_traits(vault, root_id, root["fold_sealed"] or root["sealed"])
    created_us = min(row["created_us"] for row in members)
    told = (stamp for row in members for stamp in msgspec.json.decode(row["stamps"]).values())
    times = (int(stamp.lstrip("-")[:16], 16) for stamp in told if isinstance(stamp, str))
    return Person(
        profile_id=root_id,
        emails=tuple(emails),
        traits=traits,
        created_us=created_us,
        updated_us=max(times, default=created_us),
    )


def _asked(having: Having | None) -> tuple[str | None, str | None, str | None]:
    return (having.trait, having.value, having.unset) if having else (None, None, None)
