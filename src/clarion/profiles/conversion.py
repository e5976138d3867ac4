"""From a value as told to a value of a trait's type, when nothing is lost; pure, and the same every time.

Converting a converted value gives it back. Choices hold distinct texts; `{"add": [...], "remove": [...]}` is a
change of single elements and stays one.
"""

import math
import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

TraitType = Literal["text", "integer", "decimal", "boolean", "date", "datetime", "choice", "choices"]
EXACT_MAX = 2**53  # a float holds every integer up to here
MILLISECONDS_MIN = 10**11  # an integer from here on is Unix time in milliseconds, below in seconds
MILLISECONDS_MAX = 10**14  # the year 5138

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


class Converted(Struct, frozen=True):
    """A value of the wanted type that says the same."""

    value: Any


class Refused(Struct, frozen=True):
    """Something would be lost. `reason` never holds the value."""

    reason: str


def convert(value: Any, wanted: TraitType, options: Collection[str] | None = None) -> Converted | Refused:
    """`value` as a `wanted`, one of `options` where there are any. None (remove) is of every type."""
    if value is None:
        return Converted(None)
    found: Any
    match wanted:
        case "text":
            found = text_of(value)
        case "integer":
            found = _integer(value)
        case "decimal":
            found = _decimal(value)
        case "boolean":
            found = _boolean(value)
        case "date":
            found = value if is_date(value) else None
        case "datetime":
            found = _datetime(value)
        case "choice":
            return _choice(value, options)
        case "choices":
            return _choices(value, options)
    if found is None:
        return Refused(f"{_kind(value)} is no {wanted}")
    return Converted(found)


def type_of(value: Any) -> TraitType:
    """The type that a trait is discovered with from its first value, which is always of it."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float() if math.isfinite(value):
            return "decimal"
        case list() if all(map(_is_scalar, value)):
            return "choices"
        case dict() if is_element_change(value):
            return "choices"
        case _ if is_date(value):
            return "date"
        case _ if is_datetime(value):
            return "datetime"
        case _:
            return "text"


def is_element_change(value: Any) -> bool:
    """Whether a value adds and removes elements instead of naming all."""
    return (
        isinstance(value, dict)
        and bool(value)
        and value.keys() <= {"add", "remove"}
        and all(isinstance(part, list) and all(map(_is_scalar, part)) for part in value.values())
    )


def is_date(value: Any) -> bool:
    """`2024-01-15`, if there is such a day."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_datetime(value: Any) -> bool:
    """An ISO 8601 date and time; where it has no offset it is the workspace's wall time."""
    if not isinstance(value, str) or not _DATETIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def text_of(value: Any) -> str:
    """A scalar as it is written; lists and objects as JSON with sorted keys."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value, order="deterministic").decode()


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= EXACT_MAX else None
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


def _decimal(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return float(value) if abs(value) <= EXACT_MAX else None
    number = _number(value)
    return float(number) if number is not None and Decimal(repr(float(number))) == number else None


def _number(value: Any) -> Decimal | None:
    """Text that is a number and nothing else: "007" is an article's or an agent's."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    number = Decimal(value)
    return None if value.startswith("-") and not number else number


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _datetime(value: Any) -> str | None:
    if is_datetime(value):
        return str(value)
    if is_date(value):
        return f"{value}T00:00:00"
    whole = None if isinstance(value, str) else _integer(value)
    if whole is None or not 0 <= whole < MILLISECONDS_MAX:
        return None
    seconds, milliseconds = divmod(whole, 1000) if whole >= MILLISECONDS_MIN else (whole, 0)
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    return at.isoformat().replace("+00:00", "Z")


def _choice(value: Any, options: Collection[str] | None) -> Converted | Refused:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not _is_scalar(value):
        return Refused(f"{_kind(value)} is no choice")
    chosen = text_of(value)
    return Converted(chosen) if options is None or chosen in options else Refused("not among the options")


def _choices(value: Any, options: Collection[str] | None) -> Converted | Refused:
    if is_element_change(value):
        change = {verb: _elements(part) for verb, part in value.items()}
        if not _all_among(change.get("add", ()), options):
            return Refused("not among the options")
        return Converted(change)
    given = value if isinstance(value, list) else [value]
    if not all(map(_is_scalar, given)):
        return Refused(f"{_kind(value)} is no choices")
    chosen = _elements(given)
    return Converted(chosen) if _all_among(chosen, options) else Refused("not among the options")


def _elements(given: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(map(text_of, given)))


def _all_among(chosen: Sequence[str], options: Collection[str] | None) -> bool:
    return options is None or set(chosen) <= set(options)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int)


def _kind(value: Any) -> str:
    return {
        str: "this text",
        bool: "a boolean",
        int: "this integer",
        float: "this decimal",
        list: "a list",
    }.get(type(value), "an object")
