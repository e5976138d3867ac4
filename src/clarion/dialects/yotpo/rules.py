"""What the vendor refuses: an event or a customer as sent -> what it says. Pure. The first thing wrong ends it.

The vendor publishes the rules and no sentence; the sentences are ours.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import ciso8601
from msgspec import Struct

from clarion.dialects import _storable
from clarion.dialects.yotpo.wire import Customer, Event, Malformed
from clarion.model import JSONObject
from clarion.model.email import canonical_email

EVENT_BYTES_MAX = 64 * 1024  # the vendor names no limit
TEXT_MAX = 255  # characters of source and type; ours for ids
VALUES_MAX = 500  # of one object; the vendor names no limit
TIME_RANGE_US = 10_958 * 86_400_000_000  # 30 years; the vendor names none

#: The names under which clients may give a field whose name the page hides; the first is the one we show.
UNIQUE_ID = ("unique_id", "event_id", "id")
OCCURRED_AT = ("occurred_at", "timestamp", "event_time", "event_date", "time")
PROPERTIES = ("properties", "custom_properties", "event_properties", "metadata")
PHONE = ("phone_number", "phone")
TRAITS = ("custom_properties", "properties", "metadata")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_ISO = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T ].*)?", re.DOTALL)
_PRIMITIVE = frozenset({str, bool, int, float})
_INT64 = range(-(2**63), 2**63)


class Whom(Struct, frozen=True, gc=False):
    """By what a customer is identified."""

    external_id: str | None
    email: str | None
    phone: str | None


class Valid(Struct, frozen=True, gc=False):
    """What an event says, nothing being wrong with it. `occurred_us` is None when it told no time."""

    type: str
    unique_id: str
    occurred_us: int | None
    whom: Whom
    traits: JSONObject
    properties: JSONObject


def check(event: Event, now_us: int) -> Valid:
    """Raises Malformed."""
    properties = values(_one(event, PROPERTIES, ""), "properties")
    if event.source is not None:
        properties = {"source": _required(event.source, "source"), **properties}
    kind = _required(event.type, "type")
    occurred_us = _occurred_us(_one(event, OCCURRED_AT, ""), now_us)
    unique_id = _required(_text(_one(event, UNIQUE_ID, "")), UNIQUE_ID[0])
    if event.customer is None:
        raise Malformed("customer is required")
    who = whom(event.customer)
    return Valid(kind, unique_id, occurred_us, who, traits(event.customer), properties)


def whom(customer: Customer) -> Whom:
    """An external_id, or only one of phone number and e-mail. Raises Malformed."""
    external_id = _identifier(_text(customer.external_id), "customer.external_id")
    email = _identifier(customer.email, "customer.email")
    phone = _identifier(_one(customer, PHONE, "customer."), "customer.phone_number")
    if external_id is None and email is None and phone is None:
        raise Malformed("customer must be identified by external_id, or by one of phone_number and email")
    if external_id is None and email is not None and phone is not None:
        raise Malformed("customer without external_id must have only one of phone_number and email")
    if email is not None and (email := canonical_email(email)) is None:
        raise Malformed("customer.email is not an e-mail address")
    if phone is not None and not _E164.fullmatch(phone):
        raise Malformed("customer.phone_number must be in E.164 format, as +447911123456")
    return Whom(external_id, email, phone)


def traits(customer: Customer) -> JSONObject:
    """What is told of a customer. Raises Malformed."""
    found = values(_one(customer, TRAITS, "customer."), "customer.custom_properties")
    spaced = next((name for name in found if " " in name), None)
    if spaced is not None:
        raise Malformed(
            f"customer.custom_properties: {_shown(spaced)} must have underscores instead of spaces"
        )
    return found


def values(given: dict[str, Any] | None, place: str) -> JSONObject:
    """Primitive values by name. Raises Malformed."""
    if not given:
        return {}
    if len(given) > VALUES_MAX:
        raise Malformed(f"{place} must have at most {VALUES_MAX} values")
    for name, value in given.items():
        kind = type(value)
        if kind is str:
            fits = "\0" not in value
        elif kind is int:
            fits = value in _INT64
        else:
            fits = kind is float or kind is bool
        if not fits or not 0 < len(name) <= _storable.NAME_MAX or "\0" in name:
            raise Malformed(_wrong(name, value, place))
    return given


def _wrong(name: str, value: Any, place: str) -> str:
    """What is wrong with one of the values."""
    if not name:
        return f"{place} must not have an empty name"
    shown = f"{place}.{_shown(name)}"
    if value is None:
        return f"{shown} must not be null"
    if type(value) not in _PRIMITIVE:
        return f"{shown} must be a string, boolean or number"
    return f"{shown} {_storable.problem({name: value})}"


def _one(given: Struct, names: Sequence[str], place: str) -> Any:
    """The value of a field that has several names. Raises Malformed where two are given."""
    told: str | None = None
    found = None
    for name in names:
        if (value := getattr(given, name)) is not None:
            if told is not None:
                raise Malformed(f"{place}{name} is another name of {place}{told}: give one of them")
            told, found = name, value
    return found


def _required(text: str | None, name: str) -> str:
    if text is None:
        raise Malformed(f"{name} is required")
    if not text.strip():
        raise Malformed(f"{name} must not be empty")
    return _fitting(text, name)


def _identifier(text: str | None, name: str) -> str | None:
    """Blank is none."""
    text = text.strip() if text is not None else ""
    return _fitting(text, name) if text else None


def _fitting(text: str, name: str) -> str:
    if len(text) > TEXT_MAX:
        raise Malformed(f"{name} must have at most {TEXT_MAX} characters")
    if "\0" in text:
        raise Malformed(f"{name} must not contain the character U+0000")
    return text


def _text(given: str | int | None) -> str | None:
    """A number is the text of it, unless it is of so many digits that no text is made of it."""
    if type(given) is not int:
        return given  # type: ignore[return-value]  # a bool is no int to the decoder
    if abs(given) >= 10**TEXT_MAX:
        raise Malformed("an id must not have that many digits")
    return str(given)


def _occurred_us(text: str | None, now_us: int) -> int | None:
    """ISO 8601; without an offset it is UTC."""
    if text is None:
        return None
    try:
        moment = ciso8601.parse_datetime(text) if _ISO.fullmatch(text) else None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        time_us = (moment - _EPOCH) // _US if moment is not None else None
    except (ValueError, OverflowError):
        time_us = None
    if time_us is None:
        raise Malformed(f"{OCCURRED_AT[0]} must be a time in ISO 8601 format, as 2026-01-15T10:30:00Z")
    if abs(time_us - now_us) > TIME_RANGE_US:
        raise Malformed(f"{OCCURRED_AT[0]} must be within 30 years of now")
    return time_us


def _shown(name: str) -> str:
    return name.replace("\0", "\ufffd")[:100]
