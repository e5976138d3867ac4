"""The outbox: sends are claimed, opened, marked, closed, and taken from workers that went away."""

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion.db import Tx
from clarion.messaging.port import CHANNELS, Channel, MessageClass
from clarion.messaging.sends import Sealed, State, place
from clarion.messaging.store._queries import Q
from clarion.vault import Vault

LAPSED_AT_ONCE = 500


class Claimed(Struct, frozen=True, kw_only=True):
    """A due send that a transaction holds, not yet tried."""

    send_id: UUID
    profile_id: UUID | None
    channel: Channel
    message_class: MessageClass
    topic: str | None
    template_id: UUID | None
    version: int | None
    due_us: int
    expires_us: int | None
    attempts: int
    doubt_us: int | None
    retried: bool
    kept: Sealed


class Locked(Struct, frozen=True, kw_only=True):
    """A send whose state is about to change, as it stands."""

    send_id: UUID
    state: State
    token: UUID | None
    attempts: int
    message_class: MessageClass
    doubt_us: int | None
    retried: bool
    sent_us: int | None
    erased: bool = False


class Move(Struct, frozen=True, kw_only=True):
    """What a send becomes."""

    send_id: UUID
    state: State
    reason: str | None = None
    due_us: int | None = None
    sent_us: int | None = None
    doubt_us: int | None = None
    provider_ref: str | None = None


class Mark(Struct, frozen=True, kw_only=True):
    """A line of the journal of attempts. `reply`: what the provider said; it may name the address, so it is sealed."""

    send_id: UUID
    n: int
    phase: str
    token: UUID
    provider_id: UUID | None = None
    provider_kind: str | None = None
    outcome: str | None = None
    kind: str | None = None
    provider_ref: str | None = None
    reply: str = ""


class Marked(Struct, frozen=True, kw_only=True):
    """An attempt that came to its point of no return."""

    at_us: int
    provider_id: UUID | None


async def due_lines(tx: Tx, now_us: int) -> list[tuple[UUID, Channel]]:
    """Which workspaces have something to send on which channels."""
    rows = await tx.fetch(Q.find_due_lines, now_us, list(CHANNELS))
    return [(row["workspace_id"], cast(Channel, row["channel"])) for row in rows]


async def claim(
    tx: Tx,
    workspace_id: UUID,
    channel: Channel,
    limit: int,
    *,
    now_us: int,
    vault: Vault,
) -> list[Claimed]:
    """At most `limit` of those that wait longest; their rows stay locked until the commit."""
    rows = await tx.fetch(Q.claim_sends, workspace_id, channel, now_us, limit)
    return [_claimed(row, vault) for row in rows]


async def set_aside(tx: Tx, workspace_id: UUID, channel: Channel, *, now_us: int, until_us: int) -> None:
    """The one that waits longest is not looked at until then."""
    await tx.execute(Q.set_aside, workspace_id, channel, now_us, until_us)


async def put_off(tx: Tx, workspace_id: UUID, send_ids: Sequence[UUID], due_us: int) -> None:
    """Claimed and not opened: due again, not before `due_us`."""
    await tx.execute(Q.put_off, workspace_id, send_ids, due_us)


async def open_sends(
    tx: Tx,
    workspace_id: UUID,
    opening: Sequence[tuple[UUID, UUID | None]],
    provider_kind: str,
    token: UUID,
    *,
    now_us: int,
    lease_us: int,
) -> None:
    """They are being attempted under this token: (send, blind index of its address)."""
    ids, blinds = [one[0] for one in opening], [one[1] for one in opening]
    kinds = [provider_kind] * len(opening)
    await tx.execute(Q.open_sends, workspace_id, ids, blinds, kinds, now_us, now_us + lease_us, token)


async def mark(
    tx: Tx, workspace_id: UUID, attempts: Sequence[tuple[UUID, UUID]], *, now_us: int
) -> set[UUID]:
    """Note that these (send, token) go past the point of no return; only those that are answered may."""
    ids, tokens = [one[0] for one in attempts], [one[1] for one in attempts]
    return {row["send_id"] for row in await tx.fetch(Q.mark_sends, workspace_id, ids, tokens, now_us)}


async def extend(tx: Tx, workspace_id: UUID, send_ids: Sequence[UUID], token: UUID, until_us: int) -> None:
    """A worker is still at it."""
    await tx.execute(Q.extend_leases, workspace_id, send_ids, until_us, token)


async def lock(tx: Tx, workspace_id: UUID, send_ids: Iterable[UUID]) -> dict[UUID, Locked]:
    """As they stand, locked until the commit."""
    rows = await tx.fetch(Q.lock_sends, workspace_id, sorted(send_ids, key=lambda one: one.bytes))
    return {row["send_id"]: locked(row) for row in rows}


async def move(tx: Tx, workspace_id: UUID, moves: Sequence[Move], *, now_us: int) -> None:
    """They become what is said."""
    columns = [[getattr(one, name) for one in moves] for name in Move.__struct_fields__]
    columns[1] = [one.state.value for one in moves]
    if moves:
        await tx.execute(Q.move_sends, workspace_id, now_us, *columns)


async def note(tx: Tx, workspace_id: UUID, marks: Sequence[Mark], *, now_us: int, vault: Vault) -> None:
    """Add to the journal; a line that is there stays."""
    if not marks:
        return
    columns = [[getattr(one, name) for one in marks] for name in Mark.__struct_fields__]
    columns[-1] = [vault.seal(one.reply.encode(), place(one.send_id)) if one.reply else None for one in marks]
    await tx.execute(Q.note_attempts, workspace_id, now_us, *columns)


async def lapsed_workspaces(tx: Tx, now_us: int) -> list[UUID]:
    """Where a worker went away in the middle of an attempt."""
    return [row["workspace_id"] for row in await tx.fetch(Q.find_lapsed_workspaces, now_us)]


async def lock_lapsed(
    tx: Tx, workspace_id: UUID, now_us: int
) -> tuple[list[tuple[Locked, Channel]], dict[UUID, Marked]]:
    """Attempts whose lease is over, locked; and of those that came so far, when they passed the point of no return."""
    rows = await tx.fetch(Q.lock_lapsed, workspace_id, now_us, LAPSED_AT_ONCE)
    ids, ns = [row["send_id"] for row in rows], [row["attempts"] for row in rows]
    marked = {
        row["send_id"]: Marked(at_us=row["at_us"], provider_id=row["provider_id"])
        for row in await tx.fetch(Q.find_marked, workspace_id, ids, ns)
    }
    return [(locked(row), cast(Channel, row["channel"])) for row in rows], marked


async def unknown_workspaces(tx: Tx) -> list[UUID]:
    """Where there are sends of which nobody knows."""
    return [row["workspace_id"] for row in await tx.fetch(Q.find_unknown_workspaces)]


async def settle_unknown(
    tx: Tx, workspace_id: UUID, *, now_us: int, abandon_before_us: int, retry_before_us: int
) -> tuple[int, int]:
    """Of those that nobody knows of: old marketing is given up, what a template allows is tried once more."""
    abandoned = await tx.fetch(Q.abandon_unknown, workspace_id, now_us, abandon_before_us)
    retried = await tx.fetch(Q.retry_unknown, workspace_id, now_us, retry_before_us)
    return len(abandoned), len(retried)


def locked(row: asyncpg.Record) -> Locked:
    """A row of `lock_sends`."""
    return Locked(
        send_id=row["send_id"],
        state=State(row["state"]),
        token=row["token"],
        attempts=row["attempts"],
        message_class=MessageClass(row["class"]),
        doubt_us=row["doubt_us"],
        retried=row["retried"],
        sent_us=row["sent_us"],
        erased=row["erased"],
    )


def _claimed(row: asyncpg.Record, vault: Vault) -> Claimed:
    opened = vault.open(row["sealed"], place(row["send_id"]))
    return Claimed(
        send_id=row["send_id"],
        profile_id=row["profile_id"],
        channel=cast(Channel, row["channel"]),
        message_class=MessageClass(row["class"]),
        topic=row["topic"],
        template_id=row["template_id"],
        version=row["version"],
        due_us=row["due_us"],
        expires_us=row["expires_us"],
        attempts=row["attempts"],
        doubt_us=row["doubt_us"],
        retried=row["retried"],
        kept=msgspec.msgpack.decode(opened, type=Sealed),
    )
