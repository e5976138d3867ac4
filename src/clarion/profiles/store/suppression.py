"""Suppressed addresses: noted, taken back, asked for."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.model import Channel, Ids, Reach, Source
from clarion.model.email import canonical_email
from clarion.profiles.identities import Place, reach_of
from clarion.profiles.store._queries import Q
from clarion.profiles.suppression import Reason, strongest_reason
from clarion.vault import Vault


class Suppressed(Struct, frozen=True, kw_only=True):
    """A suppressed address with one of its reasons. `value` None: its person was erased."""

    suppression_id: UUID
    channel: str
    value: str | None
    reason: Reason
    source: Source
    suppressed_at: datetime


async def suppress(
    tx: Tx,
    workspace_id: UUID,
    channel: Channel,
    values: Sequence[str],
    *,
    reason: Reason,
    source: Source,
    vault: Vault,
    ids: Ids,
) -> int:
    """Send nothing (for UNSUBSCRIBED: nothing in bulk) to these addresses; how many were not known so before.

    Whoever has such an address, now or later, is meant. Raises Invalid where one is none: then nothing is done.
    """
    places = _places(channel, values, vault)
    rows = await tx.fetch(
        Q.suppress,
        workspace_id,
        channel,
        [place.blind for place in places],
        reason.value,
        ids.many(len(places)) if places else [],
        int(source),
        [vault.seal(place.value.encode(), _place(place.blind)) for place in places],
    )
    return len(rows)


async def unsuppress(
    tx: Tx,
    workspace_id: UUID,
    channel: Channel,
    values: Sequence[str],
    *,
    reasons: Iterable[Reason],
    vault: Vault,
) -> int:
    """Take back these reasons alone; how many addresses had one. Raises Invalid where one is no address."""
    places = _places(channel, values, vault)
    blinds = [place.blind for place in places]
    rows = await tx.fetch(Q.unsuppress, workspace_id, channel, blinds, [reason.value for reason in reasons])
    return len({row["blind"] for row in rows})


async def suppress_blind(
    tx: Tx, workspace_id: UUID, channel: str, blind: UUID, *, reason: Reason, source: Source, ids: Ids
) -> None:
    """The same for an address of which nothing but the blind index is known any more."""
    await tx.fetch(
        Q.suppress, workspace_id, channel, [blind], reason.value, [ids.next()], int(source), [None]
    )


async def unsuppress_blind(
    tx: Tx, workspace_id: UUID, channel: str, blind: UUID, *, reasons: Iterable[Reason]
) -> None:
    """Take back these reasons of an address, by its blind index."""
    await tx.fetch(Q.unsuppress, workspace_id, channel, [blind], [reason.value for reason in reasons])


async def reasons_of_blind(tx: Tx, workspace_id: UUID, channel: str, blind: UUID) -> frozenset[Reason]:
    """Why an address is suppressed, by its blind index."""
    rows = await tx.fetch(Q.find_suppressed, workspace_id, channel, [blind])
    return frozenset(Reason(row["reason"]) for row in rows)


async def suppressed(
    tx: Tx, workspace_id: UUID, channel: Channel, values: Iterable[str], *, bulk: bool, vault: Vault
) -> dict[str, Reason]:
    """Which of these addresses, as they were given, must not be sent to (in bulk, or at all), and why.

    What is no address is not among them.
    """
    places = {value: place for value in values if (place := _address(channel, value, vault)) is not None}
    blinds = sorted({place.blind for place in places.values()}, key=lambda blind: blind.bytes)
    reasons: dict[UUID, list[Reason]] = {}
    for row in await tx.fetch(Q.find_suppressed, workspace_id, channel, blinds):
        reasons.setdefault(row["blind"], []).append(Reason(row["reason"]))
    found = {
        value: strongest_reason(reasons.get(place.blind, ()), bulk=bulk) for value, place in places.items()
    }
    return {value: reason for value, reason in found.items() if reason is not None}


async def list_suppressed(
    tx: Tx,
    workspace_id: UUID,
    *,
    vault: Vault,
    before: UUID,
    limit: int,
    channel: Channel | None = None,
) -> list[Suppressed]:
    """Newest first, below the one named `before`."""
    rows = await tx.fetch(Q.list_suppressed, workspace_id, before, channel, limit)
    return [_suppressed(row, vault) for row in rows]


async def find_suppression(
    tx: Tx, workspace_id: UUID, channel: Channel, value: str, *, vault: Vault
) -> list[Suppressed]:
    """All reasons of one address, newest first. Raises Invalid where it is none."""
    (place,) = _places(channel, [value], vault)
    rows = await tx.fetch(Q.show_suppressed, workspace_id, channel, place.blind)
    return [_suppressed(row, vault) for row in rows]


async def forget_suppressed(tx: Tx, workspace_id: UUID, addresses: Iterable[tuple[str, UUID]]) -> int:
    """Of addresses (channel, blind index) that are erased the blind index alone stays; how many had more."""
    found = sorted(addresses, key=lambda one: (one[0], one[1].bytes))
    rows = await tx.fetch(
        Q.forget_suppressed, workspace_id, [channel for channel, _ in found], [blind for _, blind in found]
    )
    return len(rows)


def _places(channel: Channel, values: Sequence[str], vault: Vault) -> list[Place]:
    """Each once, in the order in which every writer takes its locks. Raises Invalid."""
    places: dict[UUID, Place] = {}
    for position, value in enumerate(values):
        place = _address(channel, value, vault)
        if place is None:
            what = "an e-mail address" if channel == "email" else "a phone number"
            raise errors.Invalid(f"address {position + 1} is not {what}")
        places[place.blind] = place
    return [places[blind] for blind in sorted(places, key=lambda blind: blind.bytes)]


def _address(channel: Channel, value: str, vault: Vault) -> Place | None:
    canonical = canonical_email(value) if channel == "email" else value
    return None if canonical is None else reach_of(vault, Reach(channel, canonical))


def _place(blind: UUID) -> bytes:
    return b"suppression" + blind.bytes


def _suppressed(row: asyncpg.Record, vault: Vault) -> Suppressed:
    value = None if row["sealed"] is None else vault.open(row["sealed"], _place(row["blind"])).decode()
    return Suppressed(
        suppression_id=row["suppression_id"],
        channel=row["channel"],
        value=value,
        reason=Reason(row["reason"]),
        source=Source(row["source"]),
        suppressed_at=row["suppressed_at"],
    )
