"""The room's SQL."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import accounts, db, errors
from clarion.db import Tx
from clarion.metrics.catalogue import Property, described, properties_of, type_of
from clarion.model import JSONObject

Q = db.load("clarion.metrics")
SHAPES_MAX = 100_000
Status = Literal["pending", "syncing", "paused"]


class Metric(Struct, frozen=True, kw_only=True):
    """A kind of event. `events`: on the timeline so far; `properties` as {name, type, example, personal}."""

    name: str
    status: str
    discovered: bool
    events: int
    first_seen: str
    properties: list[dict[str, Any]] = []


class Resolved(Struct, frozen=True):
    """A name's metric."""

    metric_id: int
    status: Status


async def resolve(tx: Tx, workspace_id: UUID, names: Iterable[str]) -> dict[str, Resolved]:
    """The metrics of names; unknown names become metrics."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    found = await _find(tx, workspace_id, wanted)
    missing = [name for name in wanted if name not in found]
    if missing:
        numbers = await accounts.take_numbers(tx, workspace_id, "metric", len(missing))
        await tx.execute(Q.insert_metrics, workspace_id, numbers, missing)
        found = await _find(tx, workspace_id, wanted)
    return found


async def _find(tx: Tx, workspace_id: UUID, names: list[str]) -> dict[str, Resolved]:
    rows = await tx.fetch(Q.find_metrics, workspace_id, names)
    return {row["name"]: Resolved(row["metric_id"], row["status"]) for row in rows}


class Known:
    """What the catalogue holds already, as far as this worker remembers; may be emptied at any time."""

    def __init__(self) -> None:
        self._shapes: set[tuple[object, ...]] = set()

    def is_new(self, workspace_id: UUID, metric_id: int, properties: JSONObject) -> bool:
        """Whether a shape (names and types) was not asked about before. What holds objects has no short name."""
        types = tuple(map(type, properties.values()))
        shape = (workspace_id, metric_id, tuple(properties), types)
        if shape in self._shapes:
            return False
        if dict not in types:
            if len(self._shapes) >= SHAPES_MAX:
                self._shapes.clear()
            self._shapes.add(shape)
        return True

    def clear(self) -> None:
        self._shapes.clear()


async def note_properties(
    tx: Tx, workspace_id: UUID, happened: Iterable[tuple[int, JSONObject]], *, known: Known
) -> None:
    """Put what events show, as (metric id, properties), into the catalogue: names and types that are new."""
    fresh: dict[tuple[int, str, str], Property] = {}
    for metric_id, properties in happened:
        if known.is_new(workspace_id, metric_id, properties):
            for path, value in properties_of(properties):
                fresh.setdefault((metric_id, path, type_of(value)), described(path, value))
    if not fresh:
        return
    ordered = sorted(fresh)
    await tx.execute(
        Q.insert_properties,
        workspace_id,
        [metric_id for metric_id, _, _ in ordered],
        [fresh[key].name for key in ordered],
        [fresh[key].type for key in ordered],
        [_json(fresh[key].example) for key in ordered],
        [fresh[key].personal for key in ordered],
    )


async def forget_examples(tx: Tx, workspace_id: UUID, metric_ids: Iterable[int]) -> None:
    """Let go the texts that these metrics show as examples: they may be those of a person who is being erased."""
    await tx.execute(Q.forget_examples, workspace_id, sorted(set(metric_ids)))


def quarter_of(time_us: int) -> int:
    """The quarter of an hour of a time, since 1970: every zone's days begin at one."""
    return time_us // 900_000_000


async def count_days(tx: Tx, workspace_id: UUID, counts: Mapping[tuple[int, int], int]) -> None:
    """Add counts of (metric, quarter of an hour) to the days of the workspace's zone; negative ones take away."""
    changed = sorted((key, count) for key, count in counts.items() if count)
    if changed:
        await tx.execute(
            Q.add_to_days,
            workspace_id,
            [metric_id for (metric_id, _), _ in changed],
            [quarter for (_, quarter), _ in changed],
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
