"""What the vendor refuses, by name: contacts, metrics and events as sent -> what they say. Pure.

The vendor publishes the limits and the types; the sentences are ours.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import ciso8601
from msgspec import UNSET, Struct

from clarion import profiles
from clarion.dialects import _storable
from clarion.dialects.smartpush import wire
from clarion.dialects.smartpush.wire import Malformed
from clarion.metrics import Attribute, AttributeType, Declaration
from clarion.model import DAY_US, JSONObject
from clarion.model.email import canonical_email
from clarion.profiles import Definition

CUSTOM = "cus_"
ATTRIBUTES_MAX = 20  # custom ones of a store
METRICS_MAX = wire.METRICS_MAX
EVENT_ATTRIBUTES_MAX = 20  # of a metric
CODE_MAX, TEXT_MAX, TAGS_MAX, ID_MAX = 100, 10_000, 100, 200
TAGS = "tags"
LIMIT = "LIMIT_EXCEEDED"
#: The vendor's own fields of a contact, by ours: text, but for the birthday.
STANDARD: Mapping[str, str] = {
    "firstName": "first_name",
    "lastName": "last_name",
    "name": "name",
    "id": "document_number",
    "gender": "gender",
    "birthday": "birthday",
    "address": "address",
    "address2": "address2",
    "city": "city",
    "province": "region",
    "country": "country",
    "countryCode": "country_code",
    "zipCode": "postcode",
    "company": "company",
    "language": "language",
    "timezone": "timezone",
}
#: Our types of a trait or an attribute, as the vendor calls them.
WORD: Mapping[str, str] = {
    "text": "String",
    "integer": "Integer",
    "decimal": "Float",
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "Date",
    "choice": "String",
    "choices": "list of texts",
}
TYPES: Mapping[str, AttributeType] = {
    "STRING": "text",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "FLOAT": "decimal",
    "DECIMAL": "decimal",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
#: What most values of a type are; the others take a closer look.
_PYTHON: Mapping[str, type] = {"text": str, "integer": int, "decimal": float, "boolean": bool}
_CODE = re.compile(r"[^\0-\x1f\x7f]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_MILLISECONDS_FROM = 100_000_000_000
_SAFE = 2**63  # and above it a closer look
_FAR_US = 30 * 366 * DAY_US


Declared = Mapping[str, Mapping[str, AttributeType]]  #: a store's events -> the types of their attributes


class Contact(Struct, frozen=True, kw_only=True):
    """What createContact says. `custom`: by their whole names; None takes one away."""

    email: str | None
    phone: str | None
    traits: JSONObject
    custom: JSONObject


class Happened(Struct, frozen=True, gc=False):
    """What a report says. `event_id` is "" where it brought none."""

    code: str
    email: str | None
    phone: str | None
    time_us: int | None
    event_id: str
    attributes: JSONObject


def contact(fields: Mapping[str, Any]) -> Contact:
    """Raises Malformed with the first thing that is wrong."""
    traits: JSONObject = {}
    custom: JSONObject = {}
    emails = {name: value for name, value in fields.items() if name.lower() == "email"}
    if len(emails) > 1:
        raise Malformed(f"{' and '.join(emails)} are the same field")
    for name, value in fields.items():
        if name in emails or name == "phone":
            continue
        if name.startswith(CUSTOM):
            custom[_name(name)] = _scalar(name, value)
        elif name == TAGS:
            traits[TAGS] = _tags(value)
        elif name in STANDARD:
            traits[STANDARD[name]] = _standard(name, value)
        else:
            raise Malformed(f"{_shown(name)} is no field of a contact; custom attributes begin with {CUSTOM}")
    told = Contact(
        email=_email(next(iter(emails.values()), None)),
        phone=_phone(fields.get("phone")),
        traits=traits,
        custom=custom,
    )
    _somebody(told.email, told.phone)
    return told


def check_types(custom: JSONObject, definitions: Mapping[str, Definition]) -> None:
    """Raises Malformed with the name of a custom attribute whose value is of another type than its first was."""
    for name, value in custom.items():
        held = definitions.get(name)
        if held is None or value is None:
            continue
        if held.readonly:
            raise Malformed(f"{name} is read-only")
        wrong = isinstance(profiles.convert(value, held.type, held.options), profiles.Refused)
        if wrong or not _is(value, held.type):
            raise Malformed(f"{name} must be of type {WORD[held.type]}")


def metric(given: wire.CustomMetric) -> Declaration:
    """Raises Malformed."""
    code = _code(given.eventCode if given.eventCode is not UNSET else given.EventCode, "eventCode")
    attributes = [_attribute(one) for one in (*(given.attributes or ()), *(given.eventAttrs or ()))]
    if len(attributes) > EVENT_ATTRIBUTES_MAX:
        raise Malformed(
            f"{code} has {len(attributes)} attributes; an event has up to {EVENT_ATTRIBUTES_MAX}", LIMIT
        )
    codes = [one.code for one in attributes]
    twice = next((one for one in codes if codes.count(one) > 1), None)
    if twice is not None:
        raise Malformed(f"The attribute {twice} of {code} is there twice")
    return Declaration(name=code, title=_title(given.eventName), attributes=tuple(attributes))


def event(given: wire.CustomEvent, now_us: int) -> Happened:
    """Raises Malformed."""
    code = _code(given.eventCode if given.eventCode is not UNSET else given.EventCode, "eventCode")
    told = given.attributes or {}
    if given.eventAttrs:
        told = {**told, **given.eventAttrs}
    if len(told) > EVENT_ATTRIBUTES_MAX:
        raise Malformed(f"An event has up to {EVENT_ATTRIBUTES_MAX} attributes", LIMIT)
    attributes = told if _are_plain(told) else _scalars(told)
    event_id = "" if given.eventId is None else str(given.eventId)
    if len(event_id) > ID_MAX or "\0" in event_id:
        raise Malformed(f"eventId must have up to {ID_MAX} characters")
    email, phone = _email(given.email), _phone(given.phone)
    _somebody(email, phone)
    return Happened(code, email, phone, _time_us(given.eventTime, now_us), event_id, attributes)


def check_attributes(happened: Happened, declared: Declared) -> None:
    """Raises Malformed for an event that is not defined, and for an attribute that its metric has not, or not so."""
    types = declared.get(happened.code)
    if types is None:
        raise Malformed(
            f"The event {happened.code} is not defined; see /createCustomMetric", "UNKNOWN_EVENT_CODE"
        )
    for name, value in happened.attributes.items():
        kind = types.get(name)
        if kind is None:
            raise Malformed(f"{name} is no attribute of {happened.code}")
        if type(value) is not _PYTHON.get(kind) and not _is(value, kind):
            raise Malformed(f"{name} must be of type {WORD[kind]}")


def _is(value: Any, kind: str) -> bool:
    """Whether a JSON value is of a type as it stands: a number in quotation marks is none."""
    match kind:
        case "text":
            return type(value) is str
        case "integer":
            return type(value) is int or (type(value) is float and value.is_integer())
        case "decimal":
            return type(value) in (int, float)
        case "boolean":
            return type(value) is bool
        case "date" | "datetime":
            return type(value) is str and _is_date(value)
        case _:
            return type(value) is str


def _is_date(text: str) -> bool:
    return not all(
        isinstance(profiles.convert(text, kind), profiles.Refused) for kind in ("date", "datetime")
    )


def _code(given: Any, name: str) -> str:
    text: str = "" if given is UNSET else given.strip()
    if not text:
        raise Malformed(f"{name} is required")
    if not _is_code(text):
        raise Malformed(f"{name} must have 1 to {CODE_MAX} characters and no control characters")
    return text


def _is_code(text: str) -> bool:
    return len(text) <= CODE_MAX and _has_no_control(text)


@lru_cache(4_096)
def _has_no_control(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _attribute(given: wire.EventAttribute) -> Attribute:
    code = _name(_code(given.code if given.code is not UNSET else given.attrCode, "An attribute's code"))
    kind = given.type if given.type is not None else given.attrType
    if kind is None or kind.upper() not in TYPES:
        raise Malformed(f"The attribute {code} must be of type String, Integer, Float, Boolean or Date")
    return Attribute(code=code, title=_title(given.name or given.attrName), type=TYPES[kind.upper()])


def _title(given: str | None) -> str:
    text = (given or "").strip()
    if len(text) > _storable.NAME_MAX or "\0" in text:
        raise Malformed(f"A name must have up to {_storable.NAME_MAX} characters")
    return text


@lru_cache(4_096)
def _name(name: str) -> str:
    if name == CUSTOM or len(name) > CODE_MAX or not _CODE.fullmatch(name):
        raise Malformed(f"{_shown(name)} is no name of an attribute: it has 1 to {CODE_MAX} characters")
    return name


@lru_cache(1_024)
def _names(*names: str) -> None:
    """Asked of all of an event's at once, for most events have those of the one before. Raises Malformed."""
    for name in names:
        _name(name)


def _are_plain(told: JSONObject) -> bool:
    """Whether every value may stay as it is, as of most events; no other dict is made. Raises Malformed."""
    _names(*told)
    for value in told.values():
        kind = type(value)
        if kind is str:
            if len(value) > TEXT_MAX or "\0" in value:
                return False
        elif kind is int:
            if not -_SAFE < value < _SAFE:
                return False
        elif kind is not float and kind is not bool:
            return False
    return True


def _scalars(told: JSONObject) -> JSONObject:
    """What is left of the values where null tells nothing. Raises Malformed."""
    return {name: _scalar(name, value) for name, value in told.items() if value is not None}


def _scalar(name: str, value: Any) -> Any:
    """Text, a number, a boolean; of contacts None as well."""
    kind = type(value)
    if kind is bool or kind is float or (kind is str and len(value) <= TEXT_MAX and "\0" not in value):
        return value
    wrong = "must be a String, Integer, Float, Boolean or Date" if kind is list or kind is dict else None
    wrong = wrong or _storable.problem(value)
    if wrong is None and kind is str and len(value) > TEXT_MAX:
        wrong = f"must have up to {TEXT_MAX} characters"
    if wrong is not None:
        raise Malformed(f"{_shown(name)} {wrong}")
    return value


def _standard(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if type(value) is not str or len(value) > TEXT_MAX or "\0" in value:
        raise Malformed(f"{name} must be of type String")
    if name == "birthday" and not _is_date(value):
        raise Malformed(f"{name} must be of type Date")
    return value


def _tags(value: Any) -> Any:
    """Tags are added; null takes all of them away."""
    if value is None:
        return None
    tags = value if isinstance(value, list) else [value]
    if len(tags) > TAGS_MAX or not all(
        type(tag) is str and 0 < len(tag) <= CODE_MAX and "\0" not in tag for tag in tags
    ):
        raise Malformed(f"tags must be up to {TAGS_MAX} texts of up to {CODE_MAX} characters")
    return {"add": list(dict.fromkeys(tags))}


def _email(given: Any) -> str | None:
    if given is None:
        return None
    canonical = canonical_email(given) if type(given) is str else None
    if canonical is None:
        raise Malformed("email must be a valid e-mail address")
    return canonical


def _phone(given: Any) -> str | None:
    if given is None:
        return None
    text = str(given) if type(given) in (str, int) else ""
    if len(text) > CODE_MAX or "\0" in text or not profiles.canonical_phone(text)[0].strip("+"):
        raise Malformed("phone must be a telephone number")
    return text


def _somebody(email: str | None, phone: str | None) -> None:
    if email is None and phone is None:
        raise Malformed("email or phone is required")


def _time_us(given: str | float | None, now_us: int) -> int | None:
    """An ISO 8601 time (without an offset: UTC), or Unix time in seconds or milliseconds."""
    if given is None:
        return None
    try:
        if isinstance(given, str):
            moment = ciso8601.parse_datetime(given.strip())
            time_us = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _US
        else:
            time_us = int(given * (1_000 if abs(given) >= _MILLISECONDS_FROM else 1_000_000))
    except (ValueError, OverflowError) as exc:
        raise Malformed("eventTime must be an ISO 8601 time or Unix time") from exc
    if abs(time_us - now_us) > _FAR_US:
        raise Malformed("eventTime must lie within 30 years of now")
    return time_us


def _shown(name: str) -> str:
    return name[:CODE_MAX].replace("\0", "\ufffd")
