"""The timeline, read: rows opened into what people and callers see."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import errors, model
from clarion.db import Tx
from clarion.events import store
from clarion.events.store import Which
from clarion.events.timeline import sealed_place
from clarion.vault import Vault

_SPANS_S = (60, 600, 7_200, 86_400, 30 * 86_400)


class StoredEvent(Struct, frozen=True, kw_only=True):
    """An event as the timeline holds it, opened. `properties` has the sealed ones again in their places."""

    id: str
    name: str
    profile_id: str
    occurred_at: str
    received_at: str
    dialect: str
    properties: dict[str, object]
    context: dict[str, object]
    session: str | None
    revision: int
    history: bool


async def list_events(
    tx: Tx, workspace_id: UUID, which: Which, *, vault: Vault, now_us: int, limit: int
) -> list[StoredEvent]:
    """The newest received first.

    Nothing orders the timeline by accept time, so spans are read that grow back from now until there are enough;
    in each the BRIN index leaves few pages. A profile's own events come by the primary key at once.
    """
    starts = [model.first_id_at(now_us - span_s * 1_000_000) for span_s in _SPANS_S]
    inside = [start for start in starts if which.profile_ids is None and which.after < start < which.before]
    rows: list[asyncpg.Record] = []
    before = which.before
    for after in (*inside, which.after):
        rows += await store.select_events(
            tx, workspace_id, which, before=before, after=after, limit=limit - len(rows)
        )
        if len(rows) >= limit:
            break
        before = after  # no event has this very id: its random bits are all zero
    return [_event(row, vault) for row in rows]


async def stream_events(
    tx: Tx, workspace_id: UUID, which: Which, *, vault: Vault, limit: int
) -> AsyncIterator[StoredEvent]:
    """The same for any number: sorted once by the database, held here a few at a time."""
    async for row in store.event_cursor(tx, workspace_id, which, limit=limit):
        yield _event(row, vault)


async def read_event(tx: Tx, workspace_id: UUID, event_id: UUID, *, vault: Vault) -> StoredEvent:
    """One event. Raises NotFound."""
    row = await store.select_event(tx, workspace_id, event_id)
    if row is None:
        raise errors.NotFound("there is no such event on the timeline of this workspace")
    return _event(row, vault)


async def read_properties(
    tx: Tx, workspace_id: UUID, keys: Sequence[tuple[UUID, datetime, UUID]], *, vault: Vault
) -> dict[UUID, dict[str, object]]:
    """The properties of some events by (member, time, id); by id alone where an override changed the others."""
    rows = await store.select_properties(tx, workspace_id, keys)
    found = {row["event_id"]: _opened(row, vault)[0] for row in rows}
    for event_id in {one for _, _, one in keys} - found.keys():
        row = await store.select_event(tx, workspace_id, event_id)
        if row is not None:
            found[event_id] = _opened(row, vault)[0]
    return found


def _event(row: asyncpg.Record, vault: Vault) -> StoredEvent:
    properties, context = _opened(row, vault)
    received = datetime.fromtimestamp(model.time_us_of(row["event_id"]) / 1_000_000, UTC)
    return StoredEvent(
        id=model.show_id("evt", row["event_id"]),
        name=row["name"],
        profile_id=model.show_id("prf", row["profile_id"]),
        occurred_at=row["occurred_at"].isoformat(),
        received_at=received.isoformat(),
        dialect=model.Source(row["source"]).dialect,
        properties=properties,
        context=context,
        session=row["session"],
        revision=row["revision"],
        history=row["history"],
    )


def _opened(row: asyncpg.Record, vault: Vault) -> tuple[dict[str, object], dict[str, object]]:
    """Properties, with the sealed ones in their places, and context."""
    properties = msgspec.json.decode(row["properties"])
    context: dict[str, object] = {}
    if row["sealed"] is not None:
        record = msgspec.msgpack.decode(vault.open(row["sealed"], sealed_place(row["event_id"])))
        context = record.get("context", {})
        for path, value in record.get("properties", []):
            _put(properties, path, value)
    return properties, context


def _put(into: dict[str, object], path: list[str], value: object) -> None:
    """Set a value at its path of keys; the dicts above it are there."""
    for key in path[:-1]:
        into = into[key]  # type: ignore[assignment]  # sealing left the dicts in place
    into[path[-1]] = value
