"""What was reported of sends after they were handed over."""

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

from msgspec import Struct

from clarion.db import Tx
from clarion.messaging.port import Channel
from clarion.messaging.sends import State, place
from clarion.messaging.store._queries import Q
from clarion.messaging.store.outbox import Locked, locked
from clarion.vault import Vault


class Reported(Struct, frozen=True):
    """A send of which something is reported, as it stands, and its address."""

    locked: Locked
    channel: Channel
    blind: UUID | None


class ReportRow(Struct, frozen=True, kw_only=True):
    """A kind of news of a send. `said`: the words of whoever told it."""

    send_id: UUID
    state: str
    hard: bool
    origin: str
    heard_us: int
    said: bytes | None


async def sends_of_refs(tx: Tx, workspace_id: UUID, channel: Channel, refs: Sequence[str]) -> dict[str, UUID]:
    """The newest send that a channel's provider calls so."""
    rows = await tx.fetch(Q.find_refs, workspace_id, channel, refs) if refs else []
    return {row["provider_ref"]: row["send_id"] for row in rows}


async def lock_reported(
    tx: Tx, workspace_id: UUID, channel: Channel, send_ids: Iterable[UUID]
) -> dict[UUID, Reported]:
    """Those of a channel of which an attempt was opened, locked until the commit."""
    ordered = sorted(send_ids, key=lambda one: one.bytes)
    rows = await tx.fetch(Q.lock_reported, workspace_id, channel, ordered) if ordered else []
    return {row["send_id"]: Reported(locked(row), channel, row["blind"]) for row in rows}


async def note_reports(
    tx: Tx, workspace_id: UUID, rows: Sequence[ReportRow], *, vault: Vault
) -> list[tuple[UUID, State, bool]]:
    """Keep what is new; says which that is."""
    if not rows:
        return []
    found = await tx.fetch(
        Q.note_reports,
        workspace_id,
        [row.send_id for row in rows],
        [row.state for row in rows],
        [row.hard for row in rows],
        [row.origin for row in rows],
        [row.heard_us for row in rows],
        [None if row.said is None else vault.seal(row.said, place(row.send_id)) for row in rows],
    )
    return [(row["send_id"], State(row["state"]), row["hard"]) for row in found]


async def reports_of(
    tx: Tx, workspace_id: UUID, send_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[State, bool]]]:
    """What was reported of some sends: state, and whether a bounce is hard."""
    found: dict[UUID, list[tuple[State, bool]]] = {}
    for row in await tx.fetch(Q.find_reports, workspace_id, send_ids):
        found.setdefault(row["send_id"], []).append((State(row["state"]), row["hard"]))
    return found


async def read_reports(tx: Tx, workspace_id: UUID, send_id: UUID, *, vault: Vault) -> list[ReportRow]:
    """All that was reported of a send, as it came."""
    return [
        ReportRow(
            send_id=send_id,
            state=row["state"],
            hard=row["hard"],
            origin=row["origin"],
            heard_us=row["heard_us"],
            said=None if row["sealed"] is None else vault.open(row["sealed"], place(send_id)),
        )
        for row in await tx.fetch(Q.read_reports, workspace_id, send_id)
    ]


async def any_attempting(tx: Tx, workspace_id: UUID, channel: Channel) -> bool:
    """Whether some of a channel's sends are in its provider's hands right now."""
    return cast(bool, await tx.fetchval(Q.any_attempting, workspace_id, channel))
