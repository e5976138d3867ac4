"""Events that are stored."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from asyncpg.cursor import CursorFactory
from msgspec import Struct

from clarion.db import Tx
from clarion.events.store._queries import FIRST_ID, LAST_ID, Q

_STREAMED_AT_ONCE = 500


class Which(Struct, frozen=True, kw_only=True):
    """Which events of a timeline: of some profiles, of a metric, between two ids; all by default."""

    profile_ids: Sequence[UUID] | None = None
    metric: str | None = None
    before: UUID = LAST_ID
    after: UUID = FIRST_ID


async def find_revisions(tx: Tx, workspace_id: UUID, event_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """What the timeline holds of these events, locked."""
    return await tx.fetch(Q.find_revisions, workspace_id, event_ids, min(event_ids), max(event_ids))


async def delete_revisions(tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record]) -> None:
    columns = [[row[name] for row in rows] for name in ("profile_id", "occurred_at", "event_id")]
    await tx.execute(Q.delete_revisions, workspace_id, *columns)


async def select_events(
    tx: Tx, workspace_id: UUID, which: Which, *, before: UUID, after: UUID, limit: int
) -> list[asyncpg.Record]:
    """Rows of the timeline between two ids, newest received first."""
    return await tx.fetch(Q.list_events, workspace_id, which.profile_ids, which.metric, before, after, limit)


def event_cursor(tx: Tx, workspace_id: UUID, which: Which, *, limit: int) -> "CursorFactory[asyncpg.Record]":
    """The same over all ids, to be read a few at a time."""
    return tx.cursor(
        Q.list_events, workspace_id, which.profile_ids, which.metric, which.before, which.after, limit,
        prefetch=_STREAMED_AT_ONCE,
    )  # fmt: skip


async def select_event(tx: Tx, workspace_id: UUID, event_id: UUID) -> asyncpg.Record | None:
    return await tx.fetchrow(Q.read_event, workspace_id, event_id)


async def select_properties(
    tx: Tx, workspace_id: UUID, keys: Sequence[tuple[UUID, datetime, UUID]]
) -> list[asyncpg.Record]:
    """Of some events by (member, time, id)."""
    columns = [[key[place] for key in keys] for place in range(3)]
    return await tx.fetch(Q.read_properties, workspace_id, *columns)


async def list_to_anonymise(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], after: tuple[UUID, datetime, UUID], limit: int
) -> list[asyncpg.Record]:
    """The next events of some profiles, by their key."""
    return await tx.fetch(Q.list_to_anonymise, workspace_id, profile_ids, *after, limit)


async def anonymise_events(
    tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record], properties: Sequence[str]
) -> None:
    """These get new properties and lose what is sealed."""
    columns = [[row[name] for row in rows] for name in ("profile_id", "occurred_at", "event_id")]
    await tx.execute(Q.anonymise_events, workspace_id, *columns, properties)
