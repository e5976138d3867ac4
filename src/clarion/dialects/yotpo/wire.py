"""The vendor's types under the vendor's names, and the only place where its JSON is read and written. Pure.

The page shows labels where names would be: of the names that its clients may use for a field, one is given.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from clarion import errors
from clarion.dialects import _misfits, _typed

_Values = dict[str, Any]

T = TypeVar("T")


class Malformed(errors.Declined):
    """What was sent is not what the vendor's types say; the text is for the caller."""


class Unauthorized(errors.Declined):
    """A secret that opens nothing."""


class Customer(Struct, frozen=True, gc=False):
    """Whom an event is about."""

    external_id: str | int | None = None
    email: str | None = None
    phone_number: str | None = None
    phone: str | None = None
    custom_properties: _Values | None = None
    properties: _Values | None = None
    metadata: _Values | None = None


class Event(Struct, frozen=True, gc=False):
    """An event, flat as the page lists it."""

    source: str | None = None
    type: str | None = None
    customer: Customer | None = None
    unique_id: str | int | None = None
    event_id: str | int | None = None
    id: str | int | None = None
    occurred_at: str | None = None
    timestamp: str | None = None
    event_time: str | None = None
    event_date: str | None = None
    time: str | None = None
    properties: _Values | None = None
    custom_properties: _Values | None = None
    event_properties: _Values | None = None
    metadata: _Values | None = None


class _Sent(Event, frozen=True, gc=False):
    """The same in a wrapper, as the other calls of version 3 have one."""

    customer_event: Event | None = None
    custom_event: Event | None = None


class Queued(Struct, frozen=True):
    """An event that is on disk."""

    unique_id: str
    type: str


class QueuedEvent(Struct, frozen=True):
    """The answer to an event."""

    customer_event: Queued


class Failure(Struct, frozen=True):
    """What is wrong."""

    message: str


class Failures(Struct, frozen=True):
    """The answer to a request that failed."""

    errors: list[Failure]


encode = msgspec.json.Encoder().encode


def read_event(body: bytes | Raw) -> Event:
    """Raises Malformed."""
    sent = read(body, _Sent)
    return sent.customer_event or sent.custom_event or sent


def read(body: bytes | Raw, kind: type[T]) -> T:
    """A body. Raises Malformed."""
    return _typed.read(body, kind, Malformed)


def read_query(given: dict[str, str], kind: type[T]) -> T:
    """What stands behind the question mark; what is not asked for is ignored. Raises Malformed."""
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfits.said(str(exc))) from exc
