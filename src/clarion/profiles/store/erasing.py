"""Erasing a person, the receipt of it, and by what processing knows the erased."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import errors, jobs
from clarion.db import Tx
from clarion.model import Ids
from clarion.profiles.store._queries import Q
from clarion.profiles.store.suppression import forget_suppressed

ERASED = "profile.erased"  #: the fact that is published; its payload is an `Erased`
RECEIPTS_MAX = 1_000


class Erased(Struct, frozen=True):
    """Whose data is to go: the members' ids, which name nobody any more. `after`: how far a room has come."""

    erasure_id: UUID
    member_ids: list[UUID]
    erased_us: int
    done: int = 0
    after: tuple[UUID, int, UUID] | None = None


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
    tx: Tx, workspace_id: UUID, profile_id: UUID, *, awaited: Sequence[str], actor: str, now_us: int, ids: Ids
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
    blinds = [row["blind"] for row in await tx.fetch(Q.list_own_blinds, workspace_id, members)]
    addresses = await tx.fetch(Q.erase_addresses, workspace_id, members)
    places = {(row["channel"], row["blind"]) for row in addresses}
    await _leave_tombstones(tx, workspace_id, blinds, now_us)
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
    fact = Erased(receipt.erasure_id, members, now_us)
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


async def _leave_tombstones(tx: Tx, workspace_id: UUID, blinds: Sequence[UUID], now_us: int) -> None:
    """Of what finds the person, and of what did before it was replaced: that one is no longer theirs since then."""
    former = await tx.fetch(Q.erase_moved, workspace_id, blinds)
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
