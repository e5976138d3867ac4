"""Who an item is about: identities, their members, links and addresses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from clarion import model
from clarion.db import Tx
from clarion.model import Identity, IdentityKind, Ids
from clarion.profiles.arrivals import Arrival, Known, Wanted
from clarion.profiles.identities import Place, blind_of, reach_of
from clarion.profiles.resolve import Link
from clarion.profiles.store._queries import Q
from clarion.profiles.store.people import join
from clarion.profiles.store.traits import refold
from clarion.profiles.tenures import Tenure, Tenures
from clarion.vault import Vault

CHANNEL_OF = {IdentityKind.EMAIL: "email", IdentityKind.PHONE: "sms"}


async def members_of(
    tx: Tx,
    workspace_id: UUID,
    wanted: Wanted,
    *,
    vault: Vault,
    ids: Ids,
    remembered: Known,
    cause: str = "event",
) -> list[UUID]:
    """The member (profile id) of each arrival's strongest identity; made where that identity is new.

    Also writes the weaker identities, their links and the addresses, and joins the people whom links make one.
    Everything is taken in sorted order: two workers that meet wait for each other instead of deadlocking.
    """
    if tenures := await _tenures_of(tx, workspace_id, wanted.arrivals, remembered, vault=vault):
        wanted = Wanted.of(wanted.arrivals, vault, tenures)
    known = remembered.find(workspace_id, wanted.identities)
    unknown = [blind for blind in wanted.identities if blind not in known]
    if unknown:
        rows = await tx.fetch(Q.find_identities, workspace_id, unknown)
        known |= {row["blind"]: row["profile_id"] for row in rows}
    await _make_identities(tx, workspace_id, wanted, unknown, known, vault=vault, ids=ids)
    members = [member for lead in wanted.leads if (member := known[lead]) is not None]
    assert len(members) == len(wanted.leads), "every lead has a member now"
    links = await _note_links(tx, workspace_id, wanted, remembered)
    wanted.reaches.update(_reaches_of_linked(wanted, links))
    await _note_addresses(tx, workspace_id, wanted, known, vault=vault)
    await join(tx, workspace_id, links, vault=vault, ids=ids, cause=cause)
    await drop_former_places(tx, workspace_id, wanted.former, vault=vault)
    remembered.note(workspace_id, {blind: known[blind] for blind in unknown})
    return members


async def find_tenures(tx: Tx, workspace_id: UUID, blinds: Iterable[UUID]) -> Tenures:
    """Of some identities the tenures that are over: they were replaced, or their people erased."""
    rows = await tx.fetch(Q.find_tenures, workspace_id, list(blinds))
    return Tenures((row["blind"], Tenure(row["until_us"], row["became"])) for row in rows)


async def _tenures_of(
    tx: Tx, workspace_id: UUID, arrivals: Sequence[Arrival], remembered: Known, *, vault: Vault
) -> Tenures | None:
    """Not asked for what was accepted after the newest replacement, as nearly everything is."""
    if not remembered.may_precede(workspace_id, (arrival.stamp_us for arrival in arrivals)):
        return None
    identities = {identity for arrival in arrivals for identity in arrival.inbound.identities}
    return await find_tenures(tx, workspace_id, [blind_of(vault, identity) for identity in identities])


async def _make_identities(
    tx: Tx,
    workspace_id: UUID,
    wanted: Wanted,
    unknown: Iterable[UUID],
    known: dict[UUID, UUID | None],
    *,
    vault: Vault,
    ids: Ids,
) -> None:
    """Insert what is missing, with a new profile for each that leads an item; `known` is complete afterwards.

    A lead that exists without a profile (it came as a weaker one so far) gets its own now.
    """
    leads = set(wanted.leads)
    missing = sorted(
        (blind for blind in unknown if blind not in known or (known[blind] is None and blind in leads)),
        key=lambda blind: blind.bytes,
    )
    if not missing:
        return
    fresh_ids = iter(ids.many(len(missing)))  # 0.6 us each; 2.3 one by one
    profiles = [next(fresh_ids) if blind in leads else None for blind in missing]
    seen = [wanted.identities[blind] for blind in missing]
    made = await tx.fetch(
        Q.insert_identities,
        workspace_id,
        missing,
        profiles,
        [identity.kind.value for identity, _ in seen],
        [identity.namespace for identity, _ in seen],
        [
            vault.seal(identity.value.encode(), b"identity" + blind.bytes)
            for (identity, _), blind in zip(seen, missing, strict=True)
        ],
        [arrival.stamp_us for _, arrival in seen],
        [arrival.item_id for _, arrival in seen],
    )
    fresh = {row["blind"]: row["profile_id"] for row in made}
    known.update(fresh)
    created = [row for row in made if row["profile_id"] is not None]
    wanted.made.update(row["profile_id"] for row in created if row["root_id"] == row["profile_id"])
    if created:
        await tx.execute(
            Q.insert_profiles,
            workspace_id,
            [row["profile_id"] for row in created],
            [row["root_id"] for row in created],
            [wanted.identities[row["blind"]][1].stamp_us for row in created],
        )
        joined = {row["root_id"] for row in created if row["root_id"] != row["profile_id"]}
        await refold(tx, workspace_id, joined, vault=vault)
    lost = [blind for blind in missing if blind not in fresh]
    if lost:  # somebody else made them meanwhile, and has committed
        for row in await tx.fetch(Q.find_identities, workspace_id, lost):
            known[row["blind"]] = row["profile_id"]
    wanted.reaches.update(_reaches_of_new(wanted, fresh))


def _reaches_of_new(
    wanted: Wanted, fresh: Mapping[UUID, UUID | None]
) -> dict[tuple[UUID, str, str], Arrival]:
    """A new e-mail or phone that is its member's strongest identity is also where to reach it."""
    reaches = {}
    for blind, profile_id in fresh.items():
        identity, arrival = wanted.identities[blind]
        if profile_id is not None and identity.kind in CHANNEL_OF:
            reaches[(blind, CHANNEL_OF[identity.kind], identity.value)] = arrival
    return reaches


async def _note_addresses(
    tx: Tx, workspace_id: UUID, wanted: Wanted, known: Mapping[UUID, UUID | None], *, vault: Vault
) -> None:
    """Addresses of new identities, and values that only reach; what is known stays with its first stamp."""
    rows: dict[tuple[bytes, str, bytes], tuple[UUID, Place, Arrival]] = {}
    for (lead, channel, value), arrival in wanted.reaches.items():
        member = known[lead]
        place = reach_of(vault, model.Reach(channel, value))  # type: ignore[arg-type]  # came out of a Reach
        if member is not None and place is not None:
            rows.setdefault((member.bytes, place.channel, place.blind.bytes), (member, place, arrival))
    if not rows:
        return
    ordered = [rows[key] for key in sorted(rows)]
    await tx.execute(
        Q.insert_addresses,
        workspace_id,
        [member for member, _, _ in ordered],
        [place.channel for _, place, _ in ordered],
        [place.blind for _, place, _ in ordered],
        [place.domain_blind for _, place, _ in ordered],
        [place.irregular for _, place, _ in ordered],
        [vault.seal(place.value.encode(), b"address" + place.blind.bytes) for _, place, _ in ordered],
        [arrival.stamp_us for _, _, arrival in ordered],
        [arrival.item_id for _, _, arrival in ordered],
    )


async def drop_former_places(
    tx: Tx, workspace_id: UUID, former: Collection[tuple[UUID, Identity, int]], *, vault: Vault
) -> None:
    """A replaced e-mail goes as an address too, from the person whose identity it was; others may share it.

    Each is what it became, the value that it was, and until when (us).
    """
    if not former:
        return
    places = [reach_of(vault, model.Reach("email", identity.value)) for _, identity, _ in former]
    await tx.execute(
        Q.drop_former_places,
        workspace_id,
        [became for became, _, _ in former],
        [place.blind for place in places if place is not None],  # an e-mail always is a place
        [until_us for _, _, until_us in former],
    )


def _reaches_of_linked(wanted: Wanted, links: Sequence[Link]) -> dict[tuple[UUID, str, str], Arrival]:
    """A weaker e-mail or phone reaches the stronger one's member, whether or not they are one person."""
    reaches = {}
    for link in links:
        arrival = wanted.links[link.strong, link.weak]
        identity = wanted.value_in(arrival, link.weak)
        if identity.kind in CHANNEL_OF:
            reaches[link.strong, CHANNEL_OF[identity.kind], identity.value] = arrival
    return reaches


async def _note_links(tx: Tx, workspace_id: UUID, wanted: Wanted, remembered: Known) -> list[Link]:
    """Keep each pair with its first stamp; returns the pairs that are new, or older than was known."""
    links = remembered.new_links(workspace_id, wanted.links)
    if not links:
        return []
    ordered = sorted(links.items(), key=lambda link: (link[0][0].bytes, link[0][1].bytes))
    rows = await tx.fetch(
        Q.insert_links,
        workspace_id,
        [strong for (strong, _), _ in ordered],
        [weak for (_, weak), _ in ordered],
        [arrival.stamp_us for _, arrival in ordered],
        [arrival.item_id for _, arrival in ordered],
        False,
    )
    return [
        Link(
            strong=row["strong"],
            weak=row["weak"],
            weak_kind=wanted.identities[row["weak"]][0].kind,
            stamp=wanted.links[row["strong"], row["weak"]].stamp,
        )
        for row in rows
    ]
