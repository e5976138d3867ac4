"""What the vendor refuses of events: an event as sent -> what it says. Pure. The first thing wrong ends it.

The vendor publishes the limits and one sentence; the other sentences are ours.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

import ciso8601
from msgspec import Struct

from clarion.dialects import _storable
from clarion.dialects.esputnik import wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import DAY_US

EVENT_BYTES_MAX = 20 * 1024
EVENT_TOO_LARGE = "The event is longer than 20 KB"
TYPE_KEY_MAX = 100  # characters
KEY_VALUE_MAX = 300
PARAM_NAME_MAX = wire.PARAM_NAME_MAX
AHEAD_US = DAY_US  # how far a past event may lie in the future: clocks and zones differ

_PLAIN = frozenset(wire.PLAIN.values())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_TIME_MAX = 40  # characters of a time; what is longer is not remembered
_FORBIDDEN = re.compile("[<;’\\\\/|\"`'^?!,>\0]")
_NOBODY = (
    "An event without keyValue and without one of the parameters contactId, externalCustomerId, email, phone, "
    "pushToken is not accepted"
)


class Valid(Struct, frozen=True, gc=False):
    """What an event says, nothing being wrong with it. `key` is "" where it brought none."""

    type_key: str
    key: str
    params: dict[str, Any]
    occurred_us: int | None = None


def check(event: wire.Event | wire.EventV3, *, key_required: bool, occurred_us: int | None = None) -> Valid:
    """Raises Malformed."""
    type_key = _type_key(event.event_type_key)
    if not type_key:
        raise Malformed("eventTypeKey is required")
    given = event.key_value
    key = _text(str(given) if type(given) is int else given, "keyValue", KEY_VALUE_MAX)  # type: ignore[arg-type]
    if key_required and not key:
        raise Malformed("keyValue is required")
    return Valid(type_key, key, _params(event.params, type(event) in _PLAIN), occurred_us)


def occurred_us(text: str | None, zone: tzinfo, now_us: int) -> int:
    """When a past event happened: a day, or a day and a time, of the workspace where it says no offset.

    Raises Malformed.
    """
    if not text:
        raise Malformed("occurred is required")
    text = text.strip()
    try:
        time_us = _remembered_us(text, zone) if len(text) <= _TIME_MAX else _time_us(text, zone)
    except (ValueError, OverflowError) as exc:
        raise Malformed("occurred must be YYYY-MM-DD or YYYY-MM-DDTHH:mm") from exc
    if not 0 <= time_us <= now_us + AHEAD_US:
        raise Malformed("occurred must lie between 1970 and now")
    return time_us


def _time_us(text: str, zone: tzinfo) -> int:
    moment = ciso8601.parse_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - _EPOCH) // _US


_remembered_us = lru_cache(4_096)(_time_us)  # a shop tells its past by the minute


@lru_cache(4_096)
def _type_key(given: str | None) -> str:
    return _text(given, "eventTypeKey", TYPE_KEY_MAX)


def _text(given: str | None, name: str, characters_max: int) -> str:
    text = given.strip() if given else ""
    if len(text) > characters_max:
        raise Malformed(f"{name} must have at most {characters_max} characters")
    if (found := _FORBIDDEN.search(text)) is not None:
        shown = "U+0000" if found[0] == "\0" else found[0]
        raise Malformed(f"{name} must not contain the character {shown}")
    return text


def _params(given: list[Any] | dict[str, Any] | None, plain: bool) -> dict[str, Any]:
    """By name, as they were sent. `plain`: the decoder has looked at each."""
    if not given:
        return {}
    if isinstance(given, dict):
        params = given
    elif len(params := {param.name: param.value for param in given}) < len(given):
        names = [param.name for param in given]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The parameter {twice[:PARAM_NAME_MAX]} is there twice")
    if plain:
        return params
    for name, value in params.items():
        if type(value) is not str or "\0" in value or "\0" in name or not 0 < len(name) <= PARAM_NAME_MAX:
            _check_param(name, value)
    return params


def _check_param(name: str, value: Any) -> None:
    if not 0 < len(name) <= PARAM_NAME_MAX:
        raise Malformed(f"The name of a parameter must have 1 to {PARAM_NAME_MAX} characters")
    wrong = _storable.problem({name: value})
    if wrong is not None:
        shown = name.replace("\0", "\ufffd")
        raise Malformed(f"The parameter {shown} {wrong}")


def unstorable(value: Any) -> bool:
    """Whether a value cannot be kept as it is."""
    return _storable.problem(value) is not None


def nobody() -> Malformed:
    """An event of which nobody can be told."""
    return Malformed(_NOBODY)
