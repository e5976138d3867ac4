"""The room's SQL."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import accounts, db, errors
from clarion.db import Tx
from clarion.metrics.catalogue import described, type_of

Q = db.load("clarion.metrics")
Status = Literal["pending", "syncing", "paused"]


class Metric(Struct, frozen=True, kw_only=True):
    """A kind of event. `events`: on the timeline so far; `properties` as {name, type, example, personal}."""

    name: str
    status: str
    discovered: bool
    events: int
    first_seen: str
    properties: list[dict[str, Any]] = []


async def resolve(tx: Tx, workspace_id: UUID, names: Iterable[str]) -> dict[str, tuple[int, Status]]:
    """The metric ids and statuses of names; unknown names become metrics."""
    wanted = sorted(set(names))
    found = await _find(tx, workspace_id, wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        numbers = await accounts.take_numbers(tx, workspace_id, "metric", len(missing))
        await tx.execute(Q.insert_metrics, workspace_id, numbers, missing)
        found = await _find(tx, workspace_id, wanted)
    return found


async def _find(tx: Tx, workspace_id: UUID, names: list[str]) -> dict[str, tuple[int, Status]]:
    rows = await tx.fetch(Q.find_metrics, workspace_id, names)
    return {row["name"]: (row["metric_id"], row["status"]) for row in rows}


async def note_properties(
    tx: Tx,
    workspace_id: UUID,
    leaves: Iterable[tuple[int, str, Any]],
    *,
    known: set[tuple[UUID, int, str, str]],
) -> None:
    """Put (metric, path, value) into the catalogue where path and type are new.

    `known` is the caller's memory of what stands there already (it may be emptied at any time).
    """
    fresh = {}
    for metric_id, path, value in leaves:
        key = (workspace_id, metric_id, path, type_of(value))
        if key not in known and key not in fresh:
            fresh[key] = described(path, value)
    if not fresh:
        return
    ordered = sorted(fresh, key=lambda key: key[1:])
    await tx.execute(
        Q.insert_properties,
        workspace_id,
        [metric_id for _, metric_id, _, _ in ordered],
        [fresh[key].name for key in ordered],
        [fresh[key].type for key in ordered],
        [_json(fresh[key].example) for key in ordered],
        [fresh[key].personal for key in ordered],
    )
    known.update(fresh)


async def count_days(tx: Tx, workspace_id: UUID, counts: Mapping[tuple[int, date], int]) -> None:
    """Add to the events of (metric, day); negative counts take away."""
    changed = sorted((key, count) for key, count in counts.items() if count)
    if changed:
        await tx.execute(
            Q.add_to_days,
            workspace_id,
            [metric_id for (metric_id, _), _ in changed],
            [day for (_, day), _ in changed],
            [count for _, count in changed],
        )


async def list_metrics(tx: Tx, workspace_id: UUID, *, name: str | None = None) -> list[Metric]:
    """All metrics, or one with its properties. Raises NotFound for a name that is none."""
    rows = await tx.fetch(Q.list_metrics, workspace_id, name)
    if name is not None and not rows:
        raise errors.NotFound(f"there is no metric named {name} in this workspace")
    properties = (
        await tx.fetch(Q.list_properties, workspace_id, rows[0]["metric_id"]) if name is not None else []
    )
    return [
        Metric(
            name=row["name"],
            status=row["status"],
            discovered=row["discovered"],
            events=row["events"],
            first_seen=row["created_at"].isoformat(),
            properties=[
                {
                    "name": item["name"],
                    "type": item["type"],
                    "example": None if item["example"] is None else msgspec.json.decode(item["example"]),
                    "personal": item["personal"],
                }
                for item in properties
            ],
        )
        for row in rows
    ]


async def set_status(tx: Tx, workspace_id: UUID, name: str, status: Status) -> Metric:
    """Pause or take up again. Raises NotFound."""
    if await tx.fetchval(Q.set_status, workspace_id, name, status) is None:
        raise errors.NotFound(f"there is no metric named {name} in this workspace")
    return (await list_metrics(tx, workspace_id, name=name))[0]


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
