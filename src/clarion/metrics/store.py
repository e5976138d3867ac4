"""The room's SQL."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, structs

from clarion import accounts, db, errors
from clarion.db import Tx
from clarion.metrics.catalogue import Property, Shape, described, properties_of, shape_of, type_of
from clarion.metrics.declared import Attribute, Declaration, TooMany
from clarion.metrics.system import SYSTEM_EVENTS, SystemEvent
from clarion.model import JSONObject

Q = db.load("clarion.metrics")
SHAPES_MAX = 100_000
Status = Literal["pending", "syncing", "paused"]


Category = Literal["api", "system", "other"]


class Metric(Struct, frozen=True, kw_only=True):
    """A kind of event. `events`: on the timeline so far; `properties` as {name, type, example, personal}.

    `category`: `api` where a caller defined it, with the `attributes` that its events may have; `system` where the
    catalogue of system events has it, with a `group`, a `description` and what its events may usefully say; `pending`
    and never seen where it did not happen yet. `discarded`: events that came while it was paused.
    """

    name: str
    title: str
    category: Category
    status: str
    discovered: bool
    events: int
    discarded: int
    first_seen: str | None
    properties: list[dict[str, Any]] = []
    attributes: list[Attribute] = []
    group: str | None = None
    description: str = ""
    useful: list[str] = []


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
        self._shapes: set[tuple[UUID, int, Shape]] = set()

    def is_new(self, workspace_id: UUID, metric_id: int, properties: JSONObject) -> bool:
        """Whether a shape was not asked about before."""
        shape = shape_of(properties)
        if shape is None:
            return True
        if (workspace_id, metric_id, shape) in self._shapes:
            return False
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        self._shapes.add((workspace_id, metric_id, shape))
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


async def list_metrics(
    tx: Tx, workspace_id: UUID, *, name: str | None = None, category: Category | None = None
) -> list[Metric]:
    """All metrics, or one with its properties and attributes. Raises NotFound for a name that is none.

    Of the category `system` all of the catalogue's, in its order; by its name one that did not happen yet as well.
    """
    rows = await tx.fetch(Q.list_metrics, workspace_id, name)
    if name is not None and rows:
        return [await _with_all(tx, workspace_id, rows[0])]
    if name is not None and name in SYSTEM_EVENTS:
        return [_unseen(SYSTEM_EVENTS[name])]
    if name is not None:
        raise errors.NotFound(f"there is no metric named {name} in this workspace")
    if category == "system":
        held = {row["name"]: _metric(row) for row in rows}
        return [held.get(one.name) or _unseen(one) for one in SYSTEM_EVENTS.values()]
    return [one for one in map(_metric, rows) if category in (None, one.category)]


async def _with_all(tx: Tx, workspace_id: UUID, row: asyncpg.Record) -> Metric:
    """One with its properties and attributes."""
    properties = await tx.fetch(Q.list_properties, workspace_id, row["metric_id"])
    attributes = _by_metric(await tx.fetch(Q.list_attributes, workspace_id, row["name"], None))[row["name"]]
    shown = [
        {
            "name": item["name"],
            "type": item["type"],
            "example": None if item["example"] is None else msgspec.json.decode(item["example"]),
            "personal": item["personal"],
        }
        for item in properties
    ]
    return structs.replace(_metric(row), properties=shown, attributes=list(attributes))


def _metric(row: asyncpg.Record) -> Metric:
    """One as it is listed."""
    known = SYSTEM_EVENTS.get(row["name"])
    found = Metric(
        name=row["name"],
        title=row["title"],
        category="api" if row["made_by"] is not None else "other" if known is None else "system",
        status=row["status"],
        discovered=row["discovered"],
        events=row["events"],
        discarded=row["discarded"],
        first_seen=row["created_at"].isoformat(),
    )
    return found if known is None else _explained(found, known)


def _unseen(known: SystemEvent) -> Metric:
    """One of the catalogue that did not happen yet."""
    found = Metric(
        name=known.name, title="", category="system", status="pending", discovered=False, events=0, discarded=0,
        first_seen=None,
    )  # fmt: skip
    return _explained(found, known)


def _explained(found: Metric, known: SystemEvent) -> Metric:
    return structs.replace(found, group=known.group, description=known.description, useful=list(known.params))


async def set_status(tx: Tx, workspace_id: UUID, name: str, status: Status) -> Metric:
    """Pause or take up again. Raises NotFound."""
    if await tx.fetchval(Q.set_status, workspace_id, name, status) is None:
        raise errors.NotFound(f"there is no metric named {name} in this workspace")
    return (await list_metrics(tx, workspace_id, name=name))[0]


async def declare(
    tx: Tx,
    workspace_id: UUID,
    wishes: Sequence[Declaration],
    *,
    made_by: str | None = None,
    metrics_max: int | None = None,
) -> None:
    """Define metrics before their first event, all or none: a dialect's call, `made_by`, or by hand.

    A call takes over what was only discovered; by hand nothing is. The limit counts what calls of `made_by` defined,
    exactly. Raises AlreadyThere with the name that is defined already, TooMany.
    """
    numbers = await accounts.take_numbers(
        tx, workspace_id, "metric", len(wishes)
    )  # and nobody else until the commit
    held = await tx.fetchval(Q.count_made, workspace_id, made_by)
    names, titles = [wish.name for wish in wishes], [wish.title for wish in wishes]
    made = await tx.fetch(Q.declare_metrics, workspace_id, numbers, names, titles, made_by)
    metric_ids = {row["name"]: row["metric_id"] for row in made}
    taken = next((name for name in names if name not in metric_ids), None)
    if taken is not None:
        raise errors.AlreadyThere(taken)
    if metrics_max is not None and held + len(wishes) > metrics_max:
        raise TooMany(f"there are {held} of {metrics_max}")
    for wish in wishes:
        await _insert_attributes(tx, workspace_id, metric_ids[wish.name], wish.attributes)


async def list_declared(tx: Tx, workspace_id: UUID, *, made_by: str) -> dict[str, tuple[Attribute, ...]]:
    """The metrics that a dialect's calls defined, with the attributes of each."""
    return _by_metric(await tx.fetch(Q.list_attributes, workspace_id, None, made_by))


async def edit(
    tx: Tx,
    workspace_id: UUID,
    name: str,
    *,
    title: str | None = None,
    attributes: Sequence[Attribute] | None = None,
) -> frozenset[str]:
    """Change a metric's title or the attributes that its events may have. Raises NotFound, Invalid.

    Says which of those that there were are gone, or of another type.
    """
    row = await _lock(tx, workspace_id, name)
    metric_id = row["metric_id"]
    if title is not None:
        await tx.execute(Q.set_title, workspace_id, metric_id, title)
    if attributes is None:
        return frozenset()
    if row["made_by"] is None:
        raise errors.Invalid(f"{name} was not defined by a caller: its events may have any property")
    (held,) = await list_metrics(tx, workspace_id, name=name)
    await tx.execute(Q.delete_attributes, workspace_id, metric_id)
    await _insert_attributes(tx, workspace_id, metric_id, attributes)
    now = {one.code: one.type for one in attributes}
    return frozenset(one.code for one in held.attributes if now.get(one.code) != one.type)


async def delete(tx: Tx, workspace_id: UUID, name: str) -> None:
    """Delete a metric that no event on the timeline has. The caller has seen to it that nothing is processed meanwhile.

    Raises NotFound, Invalid.
    """
    metric_id = (await _lock(tx, workspace_id, name))["metric_id"]
    if await tx.fetchval(Q.has_events, workspace_id, metric_id):
        raise errors.Invalid(f"{name} has events on the timeline; `metric pause` keeps further ones out")
    await tx.execute(Q.delete_attributes, workspace_id, metric_id)
    await tx.execute(Q.delete_metric, workspace_id, metric_id)


async def begin_syncing(tx: Tx, workspace_id: UUID, metric_ids: Iterable[int]) -> None:
    """The first events of pending metrics came."""
    await tx.execute(Q.begin_syncing, workspace_id, sorted(set(metric_ids)))


async def count_discarded(tx: Tx, workspace_id: UUID, counts: Mapping[int, int]) -> None:
    """Events that came while their metric was paused."""
    changed = sorted(counts)
    await tx.execute(Q.count_discarded, workspace_id, changed, [counts[metric_id] for metric_id in changed])


async def _lock(tx: Tx, workspace_id: UUID, name: str) -> asyncpg.Record:
    row = await tx.fetchrow(Q.lock_metric, workspace_id, name)
    if row is None:
        raise errors.NotFound("there is no metric of that name in this workspace")
    return row


async def _insert_attributes(
    tx: Tx, workspace_id: UUID, metric_id: int, attributes: Sequence[Attribute]
) -> None:
    if attributes:
        await tx.execute(
            Q.insert_attributes,
            workspace_id,
            [metric_id] * len(attributes),
            [one.code for one in attributes],
            [one.title for one in attributes],
            [one.type for one in attributes],
        )


def _by_metric(rows: Iterable[asyncpg.Record]) -> dict[str, tuple[Attribute, ...]]:
    found: dict[str, tuple[Attribute, ...]] = {}
    for row in rows:
        held = found.setdefault(row["name"], ())
        if row["code"] is not None:
            attribute = Attribute(code=row["code"], title=row["title"], type=row["type"])
            found[row["name"]] = (*held, attribute)
    return found


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
