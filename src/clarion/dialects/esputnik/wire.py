"""The vendor's types under the vendor's names, and the only place where its JSON is read and written. Pure.

The vendor's JSON is made of XML: one result stands alone where several are an array (`collapsed`), and older
answers have numbers and booleans as text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from clarion import errors
from clarion.dialects import _misfits, _storable, _typed

PAST_EVENTS_MAX = 500
PARAM_NAME_MAX = 100  # characters
_NUL = rb"\u0000"  # the only way in which the character can be written
_TOO_MANY = f"The JSON holds more than {_storable.VALUES_MAX:,} values: send fewer at once"

T = TypeVar("T")


class Malformed(errors.Declined):
    """What was sent is not what the vendor's types say; the text is for the caller."""


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


_Plain = Annotated[str, Meta(min_length=1, max_length=PARAM_NAME_MAX)]


_Scalar = str | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | float | bool | None


class PlainParam(Struct, frozen=True, gc=False):
    """A parameter as nearly all are; that it keeps the rules was seen while it was read."""

    name: _Plain
    value: _Scalar | list[_Scalar]


class Plain(Event, frozen=True, gc=False, rename="camel"):
    """An event of versions 1 and 2 with plain parameters."""

    params: list[PlainParam] | None = None  # type: ignore[assignment]  # never written to


class PastPlain(PastEvent, frozen=True, gc=False, rename="camel"):
    """The same with the time at which it happened."""

    params: list[PlainParam] | None = None  # type: ignore[assignment]  # never written to


class PlainV3(EventV3, frozen=True, gc=False, rename="camel"):
    """An event of version 3 with plain parameters by name."""

    params: dict[_Plain, _Scalar | list[_Scalar]] | None = None


class PastPlainV3(PastEventV3, frozen=True, gc=False, rename="camel"):
    """The same with the time at which it happened."""

    params: dict[_Plain, _Scalar | list[_Scalar]] | None = None


PLAIN: Mapping[Any, type[Struct]] = {
    Event: Plain,
    PastEvent: PastPlain,
    EventV3: PlainV3,
    PastEventV3: PastPlainV3,
}


class PastEvents(Struct, frozen=True):
    """Many events, each still to be read."""

    events: Annotated[list[Raw], Meta(min_length=1, max_length=PAST_EVENTS_MAX)]


class Failure(Struct, frozen=True):
    """The answer to a request that failed. Clients look at `status`, at `message`, or at the text as a whole."""

    status: int
    message: str


encode = msgspec.json.Encoder().encode


def read(body: bytes | Raw, kind: type[T], whole: str = _misfits.WHOLE) -> T:
    """A body, or a part of one, which is then called `whole`. Raises Malformed."""
    if not isinstance(body, Raw) and _storable.are_too_many(body):
        raise Malformed(_TOO_MANY)
    return _typed.read(body, kind, Malformed, whole)


def read_event(body: bytes, kind: type[T]) -> T:
    """An event; a plain one, if it is. Raises Malformed."""
    wanted: Any = kind
    plain = PLAIN.get(wanted)
    if plain is not None and not _has_nul(body):
        try:
            found: T = _typed.decoder(plain)(body)
            return found
        except (ValueError, RecursionError):
            pass  # what is wrong with it, if anything, is told of what is read without limits
    return read(body, kind)


def plain_reader(kind: Any, body: bytes) -> Callable[[Raw], Any] | None:
    """What reads the plain ones among the events of a batch, and raises ValueError or RecursionError at the others."""
    plain = PLAIN.get(kind)
    return None if plain is None or _has_nul(body) else _typed.decoder(plain)


def _has_nul(body: bytes) -> bool:
    return b"\\" in body and _NUL in body  # one byte is sought faster than six


def read_query(given: dict[str, str], kind: type[T]) -> T:
    """What stands behind the question mark; what is not asked for is ignored. Raises Malformed."""
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfits.said(str(exc))) from exc


def collapsed(values: Sequence[T]) -> T | Sequence[T]:
    """One result stands alone."""
    return values[0] if len(values) == 1 else values
