"""The vendor's types under the vendor's names, and the only place where its JSON is read and written. Pure.

The vendor's JSON is made of XML: one result stands alone where several are an array (`collapsed`), and older
answers have numbers and booleans as text.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from clarion import errors

PAST_EVENTS_MAX = 500
_REASON_MAX = 160

T = TypeVar("T")


class Malformed(errors.Declined):
    """What was sent is not what the vendor's types say; the text is for the caller."""


class Forbidden(errors.Declined):
    """A key that may only read."""


class Nothing(Struct, frozen=True):
    """A call that takes nothing."""


class Param(Struct, frozen=True, gc=False):
    """A fact about an event. `value` may be null, but it is there."""

    name: str
    value: Any


class Event(Struct, frozen=True, gc=False, rename="camel"):
    """An event of versions 1 and 2. Version 1 wants text as values, and takes anything."""

    event_type_key: str | None = None
    key_value: str | int | None = None
    params: list[Param] | None = None


class EventV3(Struct, frozen=True, gc=False, rename="camel"):
    """An event of version 3: `params` by name."""

    event_type_key: str | None = None
    key_value: str | int | None = None
    params: list[Param] | dict[str, Any] | None = None


class PastEvent(Event, frozen=True, gc=False, rename="camel"):
    """With the time at which it happened."""

    occurred: str | None = None


class PastEventV3(EventV3, frozen=True, gc=False, rename="camel"):
    """With the time at which it happened."""

    occurred: str | None = None


class PastEvents(Struct, frozen=True):
    """Many events, each still to be read."""

    events: Annotated[list[Raw], Meta(min_length=1, max_length=PAST_EVENTS_MAX)]


class Failure(Struct, frozen=True):
    """The answer to a request that failed. Clients look at `status`, at `message`, or at the text as a whole."""

    status: int
    message: str


encode = msgspec.json.Encoder().encode


@lru_cache(64)
def _decoder(kind: Any) -> Callable[[bytes | Raw], Any]:
    return msgspec.json.Decoder(kind).decode


def read(body: bytes | Raw, kind: type[T]) -> T:
    """A body. Raises Malformed."""
    try:
        wanted: Any = kind
        found: T = _decoder(wanted)(body)
        return found
    except msgspec.ValidationError as exc:
        raise Malformed(_misfit(str(exc))) from exc
    except RecursionError as exc:
        raise Malformed("The JSON is nested too deeply") from exc
    except UnicodeDecodeError as exc:
        raise Malformed("The JSON holds text that is not valid UTF-8") from exc
    except ValueError as exc:
        raise Malformed(f"This is not JSON: {str(exc)[:_REASON_MAX]}") from exc


def read_query(given: dict[str, str], kind: type[T]) -> T:
    """What stands behind the question mark; what is not asked for is ignored. Raises Malformed."""
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfit(str(exc))) from exc


def collapsed(values: Sequence[T]) -> T | Sequence[T]:
    """One result stands alone."""
    return values[0] if len(values) == 1 else values


def _misfit(reason: str) -> str:
    what, _, place = reason.partition(" - at `$")
    named = place.strip("`.")[:_REASON_MAX]
    return f"{named}: {what[:_REASON_MAX]}" if named else what[:_REASON_MAX]
