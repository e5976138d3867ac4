"""The room's SQL."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import db, model
from clarion.db import Tx
from clarion.model import Identity, IdentityKind, Ids
from clarion.profiles.arrivals import Arrival, Known, Wanted
from clarion.profiles.identities import Place, blind_of, reach_of
from clarion.profiles.standard import canonical_name
from clarion.profiles.traits import Change, Facts, Standing, fold, type_of
from clarion.vault import Vault, is_personal_trait

Q = db.load("clarion.profiles")


class FoundProfile(Struct, frozen=True, kw_only=True):
    """A person, opened: what the root and its members hold together."""

    id: str
    created_at: str
    traits: dict[str, Any]
    identities: list[dict[str, str]]
    addresses: list[dict[str, Any]]
    members: list[str]


class StoredChange(Struct, frozen=True, kw_only=True):
    """One line of a profile's history."""

    what: str
    value: Any
    at: str
    cause: str


# ---- who an item is about


async def members_of(
    tx: Tx, workspace_id: UUID, arrivals: Sequence[Arrival], *, vault: Vault, ids: Ids, remembered: Known
) -> list[UUID]:
    """The member (profile id) of each item's strongest identity; made where that identity is new.

    Also writes the weaker identities, their links and the addresses. Everything is taken in sorted order: two
    workers that meet wait for each other instead of deadlocking.
    """
    wanted = Wanted(vault)
    leads = [wanted.see(arrival) for arrival in arrivals]
    known = remembered.find(workspace_id, wanted.identities)
    unknown = [blind for blind in wanted.identities if blind not in known]
    if unknown:
        rows = await tx.fetch(Q.find_identities, workspace_id, unknown)
        known |= {row["blind"]: row["profile_id"] for row in rows}
    await _make_identities(tx, workspace_id, wanted, known, vault=vault, ids=ids)
    members = [member for lead in leads if (member := known[lead]) is not None]
    assert len(members) == len(leads), "every lead has a member now"
    await _note_addresses(tx, workspace_id, wanted, known, vault=vault)
    if wanted.links:
        await _note_links(tx, workspace_id, wanted.links)
    remembered.note(workspace_id, known)
    return members


async def _make_identities(
    tx: Tx, workspace_id: UUID, wanted: Wanted, known: dict[UUID, UUID | None], *, vault: Vault, ids: Ids
) -> None:
    """Insert what is missing, with a new profile for each that leads an item; `known` is complete afterwards.

    A lead that exists without a profile (it came as a weaker one so far) gets its own now.
    """
    homeless = {blind for blind in wanted.leads if known.get(blind) is None}
    missing = sorted(homeless | (wanted.identities.keys() - known.keys()), key=lambda blind: blind.bytes)
    if not missing:
        return
    profiles = [ids.next() if blind in wanted.leads else None for blind in missing]
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
    created = [profile_id for profile_id in fresh.values() if profile_id is not None]
    if created:
        stamps = {
            profile: arrival.stamp_us for profile, (_, arrival) in zip(profiles, seen, strict=True) if profile
        }
        await tx.execute(Q.insert_profiles, workspace_id, created, [stamps[profile] for profile in created])
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
        if profile_id is not None and identity.kind in (IdentityKind.EMAIL, IdentityKind.PHONE):
            channel = "email" if identity.kind is IdentityKind.EMAIL else "sms"
            reaches[(blind, channel, identity.value)] = arrival
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


async def _note_links(tx: Tx, workspace_id: UUID, links: Mapping[tuple[UUID, UUID], Arrival]) -> None:
    ordered = sorted(links.items(), key=lambda link: (link[0][0].bytes, link[0][1].bytes))
    await tx.execute(
        Q.insert_links,
        workspace_id,
        [strong for (strong, _), _ in ordered],
        [weak for (_, weak), _ in ordered],
        [arrival.stamp_us for _, arrival in ordered],
        [arrival.item_id for _, arrival in ordered],
    )


# ---- traits


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
    await tx.execute(
        Q.update_traits,
        workspace_id,
        [profile_id for profile_id, _ in after],
        [_json(standing.plain) for _, standing in after],
        [_json(standing.stamps) for _, standing in after],
        [_seal_traits(vault, profile_id, standing.personal) for profile_id, standing in after],
    )
    if changes:
        await _log_changes(tx, workspace_id, changes, vault=vault, ids=ids, cause=cause)


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
    change_ids = [ids.next() for _ in changes]
    await tx.execute(
        Q.insert_changes,
        workspace_id,
        [profile_id for profile_id, _ in changes],
        change_ids,
        [f"trait:{change.name}" for _, change in changes],
        [None if change.personal or change.value is None else _json(change.value) for _, change in changes],
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
        _open_traits(vault, row["profile_id"], row["sealed"]),
        msgspec.json.decode(row["stamps"]),
    )


def _seal_traits(vault: Vault, profile_id: UUID, personal: Mapping[str, Any]) -> bytes | None:
    if not personal:
        return None
    return vault.seal(msgspec.msgpack.encode(personal), b"profile" + profile_id.bytes)


def _open_traits(vault: Vault, profile_id: UUID, sealed: bytes | None) -> dict[str, Any]:
    if sealed is None:
        return {}
    opened: dict[str, Any] = msgspec.msgpack.decode(vault.open(sealed, b"profile" + profile_id.bytes))
    return opened


# ---- reading


async def find_by_identity(
    tx: Tx, workspace_id: UUID, identity: Identity, *, vault: Vault
) -> FoundProfile | None:
    """The person whom an identity finds."""
    root_id = await tx.fetchval(Q.find_root, workspace_id, blind_of(vault, identity))
    return await read_profile(tx, workspace_id, root_id, vault=vault) if root_id else None


async def read_profile(tx: Tx, workspace_id: UUID, profile_id: UUID, *, vault: Vault) -> FoundProfile | None:
    """A person by the id of any member."""
    rows = await tx.fetch(Q.read_members, workspace_id, profile_id)
    if not rows:
        return None
    root_id = rows[0]["root_id"]
    members = [row["profile_id"] for row in rows]
    root = next(row for row in rows if row["profile_id"] == root_id)
    traits = msgspec.json.decode(root["fold_traits"] or root["traits"])
    traits |= _open_traits(vault, root_id, root["fold_sealed"] or root["sealed"])
    identities = await tx.fetch(Q.list_identities, workspace_id, members)
    addresses = await tx.fetch(Q.list_addresses, workspace_id, members)
    return FoundProfile(
        id=model.show_id("prf", root_id),
        created_at=_iso(min(row["created_us"] for row in rows)),
        traits=dict(sorted(traits.items())),
        identities=[_shown_identity(row, vault) for row in identities],
        addresses=[_shown_address(row, vault) for row in addresses],
        members=[model.show_id("prf", member) for member in members],
    )


async def history(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], *, vault: Vault, limit: int
) -> list[StoredChange]:
    """What changed, newest first."""
    rows = await tx.fetch(Q.list_changes, workspace_id, profile_ids, limit)
    return [
        StoredChange(
            what=row["what"], value=_change_value(row, vault), at=_iso(row["stamp_us"]), cause=row["cause"]
        )
        for row in rows
    ]


def _change_value(row: asyncpg.Record, vault: Vault) -> Any:
    if row["sealed"] is not None:
        return msgspec.msgpack.decode(vault.open(row["sealed"], b"change" + row["change_id"].bytes))
    return None if row["value"] is None else msgspec.json.decode(row["value"])


def _shown_identity(row: asyncpg.Record, vault: Vault) -> dict[str, str]:
    value = vault.open(row["sealed"], b"identity" + row["blind"].bytes).decode()
    return {"kind": IdentityKind(row["kind"]).name.lower(), "namespace": row["namespace"], "value": value}


def _shown_address(row: asyncpg.Record, vault: Vault) -> dict[str, Any]:
    value = vault.open(row["sealed"], b"address" + row["blind"].bytes).decode()
    return {"channel": row["channel"], "value": value, "irregular": row["irregular"]}


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).isoformat()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
