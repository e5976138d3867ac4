"""Timeline rows: what is asked stays plain, what is personal is sealed, and all go in by binary COPY."""

import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion.events.journal import Entry
from clarion.metrics import Shape
from clarion.model import Event, JSONObject
from clarion.vault import Vault, is_personal_property

COLUMNS = (
    "workspace_id",
    "profile_id",
    "occurred_at",
    "event_id",
    "metric_id",
    "revision",
    "source",
    "history",
    "session",
    "properties",
    "sealed",
    "brought_by",
)
_FIRST_US, _END_US = -62_135_596_800_000_000, 253_402_300_800_000_000  # the years 1 to 9999
_PG_EPOCH_US = 946_684_800_000_000
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
_FIXED = struct.Struct("!hi16si16siqi16siiiiihi?")
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)
_NESTED = frozenset((dict, list))
_json_encode = msgspec.json.Encoder().encode


def sealed_place(event_id: UUID) -> bytes:
    """What an event's sealed record is bound to; the id never changes."""
    return b"event" + event_id.bytes


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """One event as the timeline keeps it. `properties`: JSON without what is personal; `sealed`: that, and context.

    `brought_by`: the item that brought this revision, where it is not the one that gave the event its id.
    """

    profile_id: UUID
    occurred_at_us: int
    event_id: UUID
    metric_id: int
    revision: int
    source: int
    history: bool
    session: str | None
    properties: bytes
    sealed: bytes | None
    brought_by: UUID | None


class Body(Struct, frozen=True, gc=False):
    """What of a row needs no database: it can be made before its transaction begins."""

    properties: bytes
    sealed: bytes | None


class Layout(Struct, frozen=True, gc=False):
    """What holds of all properties of one shape: whether a name is personal, and below which names are lists."""

    personal: bool
    lists: tuple[str, ...]


def layout_of(shape: Shape) -> Layout:
    """Asked once a shape: events of one metric have the same few."""
    names, types = shape
    lists = tuple(name for name, type_ in zip(names, types, strict=True) if type_ is list)
    return Layout(_any_personal_name(names), lists)


def body(entry: Entry, event: Event, layout: Layout | None, vault: Vault) -> Body:
    """An event's properties without what is personal, and that with its context, sealed.

    Raises ValueError for an event's time that no reader could show.
    """
    if not _FIRST_US <= event.occurred_at_us < _END_US:
        raise ValueError("the event's own time lies outside the years 1 to 9999")
    plain, personal = split(event.properties, layout)
    record: dict[str, Any] = {}
    if personal:
        record["properties"] = personal
    if event.context:
        record["context"] = event.context
    sealed = None
    if record:
        sealed = vault.seal(msgspec.msgpack.encode(record), sealed_place(entry.event_id or entry.item_id))
    return Body(_json_encode(plain), sealed)


def row(entry: Entry, event: Event, body: Body, profile_id: UUID, metric_id: int) -> Row:
    """The row of an entry's event."""
    event_id = entry.event_id or entry.item_id
    return Row(
        profile_id=profile_id,
        occurred_at_us=event.occurred_at_us,
        event_id=event_id,
        metric_id=metric_id,
        revision=entry.revision,
        source=entry.source,
        history=event.history,
        session=event.session,
        properties=body.properties,
        sealed=body.sealed,
        brought_by=None if event_id == entry.item_id else entry.item_id,
    )


def split(
    properties: JSONObject, layout: Layout | None = None
) -> tuple[JSONObject, list[tuple[list[str | int], Any]]]:
    """Properties without the personal ones, and those with their paths. `layout`: where it is known."""
    personal: list[tuple[list[str | int], Any]] = []
    if layout is None:
        clean = not _any_personal(properties)
    else:
        clean = not layout.personal
        for name in layout.lists:
            clean = clean and not _any_personal(properties[name])
    if clean:
        return properties, personal
    plain = _without_personal(properties, [], personal)
    return plain, personal


def _any_personal(value: Any) -> bool:
    if type(value) is dict:
        if _any_personal_name(tuple(value)):
            return True
        value = value.values()
    elif type(value) is not list:
        return False
    for below in value:  # noqa: SIM110  # 0.8 us an event; 1.2 by any(), 1.5 with a call for each leaf
        if type(below) in _NESTED and _any_personal(below):
            return True
    return False


@lru_cache(maxsize=65_536)
def _any_personal_name(names: tuple[str, ...]) -> bool:
    """Asked by shape: events of one metric have the same few."""
    return any(map(is_personal_property, names))


def _without_personal(value: Any, path: list[str | int], found: list[tuple[list[str | int], Any]]) -> Any:
    if isinstance(value, list):
        return [_without_personal(below, [*path, place], found) for place, below in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, below in value.items():
        if is_personal_property(name):
            found.append(([*path, name], below))
        else:
            kept[name] = _without_personal(below, [*path, name], found)
    return kept


def anonymous(properties: JSONObject) -> JSONObject:
    """What stays of an erased person's event: numbers and booleans, under their names."""
    kept: JSONObject = {}
    for name, value in properties.items():
        if isinstance(value, (bool, int, float)):
            kept[name] = value
        elif isinstance(value, dict) and (below := anonymous(value)):
            kept[name] = below
    return kept


def copy_rows(workspace_id: UUID, rows: Iterable[Row]) -> bytes:
    """The rows in PostgreSQL's binary COPY format, in the order of COLUMNS; header and trailer stand around them."""
    parts: list[bytes] = []
    workspace = workspace_id.bytes
    for one in rows:
        parts.append(
            _FIXED.pack(
                len(COLUMNS), 16, workspace, 16, one.profile_id.bytes, 8, one.occurred_at_us - _PG_EPOCH_US,
                16, one.event_id.bytes, 4, one.metric_id, 4, one.revision, 2, one.source, 1, one.history,
            )
        )  # fmt: skip
        if one.session is None:
            parts.append(_NULL)
        else:
            session = one.session.encode()
            parts += (_LENGTH.pack(len(session)), session)
        parts += (
            _LENGTH.pack(len(one.properties) + 1),
            b"\x01",
            one.properties,
        )  # jsonb's version, then its text
        if one.sealed is None:
            parts.append(_NULL)
        else:
            parts += (_LENGTH.pack(len(one.sealed)), one.sealed)
        parts += (_NULL,) if one.brought_by is None else (_LENGTH.pack(16), one.brought_by.bytes)
    return b"".join(parts)
