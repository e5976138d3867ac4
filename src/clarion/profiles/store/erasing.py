"""Erasing a person, the receipt of it, and by what processing knows the erased."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import errors, jobs
from clarion.db import Tx
from clarion.model import AddressChannel, IdentityKind, Ids, Reach
from clarion.profiles.identities import reach_of
from clarion.profiles.store._queries import Q
from clarion.profiles.store.identities import CHANNEL_OF
from clarion.profiles.store.suppression import forget_suppressed
from clarion.vault import Vault

ERASED = "profile.erased"  #: the fact that is published; its payload is an `Erased`
RECEIPTS_MAX = 1_000
_PHONE_CHANNELS = ("sms", "viber")  #: that reach one number; messages of each have an index of their own


class Erased(Struct, frozen=True):
    """Whose data is to go: the members' ids, which name nobody any more. `after`: how far a room has come.

    `addresses`: the blind indexes of where they were reached, on each channel that reaches there; `shared`: those of
    them by which somebody else is reached as well.
    """

    erasure_id: UUID
    member_ids: list[UUID]
    erased_us: int
    done: int = 0
    after: tuple[UUID, int, UUID] | None = None
    addresses: list[UUID] = []
    shared: list[UUID] = []


class Erasure(Struct, frozen=True, kw_only=True):
    """A receipt. Complete when every awaited room has its line: what it erased -> how many."""

    erasure_id: UUID
    profile_id: UUID
    erased_us: int
    actor: str
    awaited: list[str]
    lines: dict[str, dict[str, int]]

    @property
    def complete(self) -> bool:
        return set(self.awaited) <= self.lines.keys()


async def erase(
    tx: Tx,
    workspace_id: UUID,
    profile_id: UUID,
    *,
    awaited: Sequence[str],
    actor: str,
    now_us: int,
    vault: Vault,
    ids: Ids,
) -> Erasure:
    """Erase a person (by any member) here, leave tombstones, and publish the fact to the `awaited` rooms.

    What was accepted before `now_us` does not bring the person back. The caller has seen to it that no worker is
    in the middle of a transaction. Raises NotFound.
    """
    await tx.execute(Q.lock_people, workspace_id)
    rows = await tx.fetch(Q.lock_members, workspace_id, profile_id)
    if not rows:
        raise errors.NotFound("there is no such profile in this workspace")
    members = [row["profile_id"] for row in rows]
    found_by = await tx.fetch(Q.list_own_identities, workspace_id, members)
    blinds = [row["blind"] for row in found_by]
    addresses = await tx.fetch(Q.erase_addresses, workspace_id, members)
    places = {(row["channel"], row["blind"]) for row in addresses}
    former = await tx.fetch(Q.erase_moved, workspace_id, blinds)
    await _leave_tombstones(tx, workspace_id, blinds, former, now_us)
    line = {
        "identities": len(await tx.fetch(Q.erase_identities, workspace_id, blinds)),
        "links": len(await tx.fetch(Q.erase_links, workspace_id, blinds)),
        "addresses": len(addresses),
        "suppressed addresses shown": await forget_suppressed(tx, workspace_id, places),
        "list memberships": len(await tx.fetch(Q.erase_memberships, workspace_id, members)),
        "devices": len(await tx.fetch(Q.erase_devices, workspace_id, members)),
        "trait indexes": len(await tx.fetch(Q.erase_trait_blinds, workspace_id, members)),
        "trait examples": len(await tx.fetch(Q.forget_examples, workspace_id, members)),
        "changes": len(await tx.fetch(Q.erase_changes, workspace_id, members)),
        "cuts": await _erase_from_cuts(tx, workspace_id, set(blinds)),
        "profiles": len(members),
    }
    await tx.execute(Q.erase_profiles, workspace_id, members)
    receipt = Erasure(
        erasure_id=ids.next(), profile_id=rows[0]["root_id"], erased_us=now_us, actor=actor,
        awaited=["profiles", *awaited], lines={"profiles": line},
    )  # fmt: skip
    await tx.execute(
        Q.insert_erasure, workspace_id, receipt.erasure_id, receipt.profile_id, now_us, actor, receipt.awaited,
        _json(receipt.lines),
    )  # fmt: skip
    replaced = {row["address"] for row in former} - {None}
    reached, shared = await _reached(tx, workspace_id, _reaches(found_by, addresses, vault), replaced, vault)
    fact = Erased(receipt.erasure_id, members, now_us, addresses=reached, shared=shared)
    await jobs.publish(tx, workspace_id, ERASED, pack_erased(fact), ids=ids)
    return receipt


async def add_line(tx: Tx, workspace_id: UUID, erasure_id: UUID, room: str, line: dict[str, int]) -> None:
    """Note on the receipt what a room erased."""
    await tx.execute(Q.add_erasure_line, workspace_id, erasure_id, _json({room: line}))


async def lock_erasure(tx: Tx, workspace_id: UUID, erasure_id: UUID) -> Erasure:
    """A receipt, ours until the commit. Raises NotFound."""
    row = await tx.fetchrow(Q.lock_erasure, workspace_id, erasure_id)
    if row is None:
        raise errors.NotFound("there is no such erasure in this workspace")
    return _erasure(row)


async def list_erasures(
    tx: Tx, workspace_id: UUID, erasure_id: UUID | None = None, *, limit: int = RECEIPTS_MAX
) -> list[Erasure]:
    """Receipts, newest first; or the one that is named."""
    return [_erasure(row) for row in await tx.fetch(Q.list_erasures, workspace_id, erasure_id, limit)]


def pack_erased(fact: Erased) -> bytes:
    return msgspec.msgpack.encode(fact)


def unpack_erased(payload: bytes) -> Erased:
    return msgspec.msgpack.decode(payload, type=Erased)


def _reaches(
    identities: Sequence[asyncpg.Record], addresses: Sequence[asyncpg.Record], vault: Vault
) -> set[Reach]:
    """By what a person was reached."""
    found = {
        Reach(
            cast(AddressChannel, row["channel"]),
            vault.open(row["sealed"], b"address" + row["blind"].bytes).decode(),
        )
        for row in addresses
    }
    for row in identities:
        channel = CHANNEL_OF.get(IdentityKind(row["kind"]))
        if channel is not None:
            value = vault.open(row["sealed"], b"identity" + row["blind"].bytes).decode()
            found.add(Reach(cast(AddressChannel, channel), value))
    return {reach for reach in found if reach.value}  # an e-mail that was only taken away is empty


async def _reached(
    tx: Tx, workspace_id: UUID, reaches: set[Reach], replaced: set[UUID], vault: Vault
) -> tuple[list[UUID], list[UUID]]:
    """The blind indexes of some addresses, a phone's for each channel of phones, with those of replaced e-mails; and
    which of them are others' as well.
    """
    by_reach: dict[Reach | UUID, list[UUID]] = {blind: [blind] for blind in replaced}
    for reach in reaches:
        channels = _PHONE_CHANNELS if reach.channel == "sms" else (reach.channel,)
        places = [reach_of(vault, Reach(cast(AddressChannel, one), reach.value)) for one in channels]
        by_reach[reach] = [place.blind for place in places if place is not None]
    every = [blind for blinds in by_reach.values() for blind in blinds]
    held = {row["blind"] for row in await tx.fetch(Q.find_held, workspace_id, every)}
    shared = [blind for blinds in by_reach.values() if held & set(blinds) for blind in blinds]
    return every, shared


async def _leave_tombstones(
    tx: Tx, workspace_id: UUID, blinds: Sequence[UUID], former: Sequence[asyncpg.Record], now_us: int
) -> None:
    """Of what finds the person, and of what did before it was replaced: that one is no longer theirs since then."""
    await tx.execute(
        Q.insert_tombstones,
        workspace_id,
        [*blinds, *(row["blind"] for row in former)],
        [now_us] * len(blinds) + [row["stamp_us"] for row in former],
    )


async def _erase_from_cuts(tx: Tx, workspace_id: UUID, blinds: set[UUID]) -> int:
    """A cut keeps the identities of others; one with an empty side cuts nothing."""
    cuts = await tx.fetch(Q.find_cuts, workspace_id, list(blinds))
    for cut in cuts:
        sides = [[blind for blind in cut[side] if blind not in blinds] for side in ("one_side", "other_side")]
        await tx.execute(Q.update_cut, workspace_id, cut["cut_id"], *sides)
    return len(cuts)


def _erasure(row: asyncpg.Record) -> Erasure:
    return Erasure(**dict(row) | {"lines": msgspec.json.decode(row["lines"])})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
