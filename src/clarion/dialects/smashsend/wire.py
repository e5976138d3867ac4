"""The vendor's types under the vendor's names, and the only place where its JSON is read and written.

An event's fields are `Any`: of a batch each event stands for itself, and one of wrong types hears all that is
wrong with it (`rules`), which a typed decoder, stopping at the first, cannot tell.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, field

from clarion import errors
from clarion.dialects import _json
from clarion.dialects.smashsend import limits

BATCH_EVENTS_MAX = 200
_REASON_MAX = 160
_NUL = rb"\u0000"  # the only way in which the character can be written


class Track(Struct, frozen=True, gc=False):
    """One event as it was sent. None is absent or null. Other keys (the SDK's identify.userId) are ignored."""

    event: Any = None
    identify: Any = None
    properties: Any = None
    timestamp: Any = None
    message_id: Any = field(default=None, name="messageId")


_Text = Annotated[str, Meta(max_length=limits.STRING_MAX)]
_Integer = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Primitive = _Text | _Integer | float | bool | None
_Array = Annotated[list[_Primitive], Meta(max_length=limits.ARRAY_MAX)]
_Flat = Annotated[dict[str, _Primitive | _Array], Meta(max_length=limits.LEAVES_MAX)]


class PlainIdentify(Struct, frozen=True, gc=False):
    email: str
    traits: _Flat | None = None


class PlainTrack(Struct, frozen=True, gc=False):
    """An event that keeps every limit that a decoder can look at, as nearly all do; seen while it was read."""

    event: Annotated[str, Meta(min_length=1)]
    identify: PlainIdentify
    properties: _Flat | None = None
    timestamp: str | int | float | None = None
    message_id: Annotated[str, Meta(min_length=1)] | None = field(default=None, name="messageId")


class _PlainBatch(Struct):
    events: list[PlainTrack]


# The array of a batch, in as many slots as may be filled and one more. What comes behind them is skipped and
# costs no memory (a body has room for three million events); that it came is seen by the last slot.
_Slots = msgspec.defstruct(
    "_Slots", [(f"event_{n}", Raw, UNSET) for n in range(BATCH_EVENTS_MAX + 1)], array_like=True
)


class _Batch(Struct):
    events: _Slots | None = None  # type: ignore[valid-type]  # made above


class Queued(Struct, frozen=True):
    """The answer to one event."""

    success: bool
    messageId: str  # noqa: N815  the vendor's name
    info: str


class EventStatus(Struct, frozen=True, gc=False):
    index: int
    messageId: str  # noqa: N815  the vendor's name
    status: str


class EventError(Struct, frozen=True):
    code: str
    message: str


class EventFailure(Struct, frozen=True):
    index: int
    errors: list[EventError]


class BatchResult(Struct, frozen=True):
    """The answer to a batch; `index` is the position in the request."""

    accepted: int
    failed: int
    duplicated: int
    events: list[EventStatus]
    errors: list[EventFailure]


class Failure(Struct, frozen=True):
    """The answer to a request that failed as a whole."""

    statusCode: int  # noqa: N815  the vendor's name
    error: str
    message: str


class Malformed(errors.Declined):
    """The bytes are not what the vendor's types say; the text is for the caller."""


_track = msgspec.json.Decoder(Track)
_plain_track = msgspec.json.Decoder(PlainTrack)
_plain_batch = msgspec.json.Decoder(_PlainBatch)
_batch = msgspec.json.Decoder(_Batch)
encode = msgspec.json.Encoder().encode


def read_track(body: bytes | Raw) -> Track:
    """One event. Raises Malformed."""
    try:
        return _read_track(bytes(body))
    except msgspec.ValidationError as exc:
        raise Malformed(_misfit(str(exc))) from exc
    except (ValueError, RecursionError) as exc:
        raise Malformed(_not_json(exc)) from exc


def _read_track(body: bytes) -> Track:
    try:
        return _track.decode(body)
    except msgspec.DecodeError:  # half an emoji where nobody looks does no harm
        return _track.decode(_with_lone_surrogates_spoilt(body))


def read_plain(body: bytes | Raw) -> PlainTrack | None:
    """One event; None: what is wrong with it, if anything, is told of what `read_track` reads."""
    body = bytes(body)
    if _has_nul(body):
        return None
    try:
        track = _plain_track.decode(body)
    except (ValueError, RecursionError):
        return None
    return track if _names_fit([track.properties or (), track.identify.traits or ()]) else None


def read_plain_batch(body: bytes) -> list[PlainTrack] | None:
    """The events of a batch when all are plain: at once they cost half as much as one by one."""
    if _has_nul(body):
        return None
    try:
        tracks = _plain_batch.decode(body).events
    except (ValueError, RecursionError):
        return None
    named = [track.properties or () for track in tracks]
    named += [track.identify.traits for track in tracks if track.identify.traits]
    return tracks if _names_fit(named) else None


def _has_nul(body: bytes) -> bool:
    return b"\\" in body and _NUL in body  # one byte is sought three times faster than six


def _names_fit(objects: Sequence[Iterable[str]]) -> bool:
    """Asked apart from the decoder, which remembers names, but not those of a limited type."""
    return max(map(len, set().union(*objects)), default=0) <= limits.KEY_MAX


def read_batch(body: bytes) -> list[Raw]:
    """The events of a batch, each still to be read: one too deep to be skipped comes flat. Raises Malformed."""
    try:
        slots = _slots(body)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfit(str(exc))) from exc
    except (ValueError, RecursionError) as exc:
        raise Malformed(_not_json(exc)) from exc
    if slots is None:
        raise Malformed('"events" is required')
    events: list[Raw] = [slot for slot in msgspec.structs.astuple(slots) if slot is not UNSET]
    if len(events) > BATCH_EVENTS_MAX:
        raise Malformed(f"Batch cannot exceed {BATCH_EVENTS_MAX} events")
    return events


def _slots(body: bytes) -> Any:
    try:
        return _batch.decode(body).events
    except RecursionError:
        return _batch.decode(_with_lone_surrogates_spoilt(_json.flattened(body))).events
    except msgspec.DecodeError:
        return _batch.decode(_with_lone_surrogates_spoilt(body)).events


# A surrogate escape: a high one, with the low one that makes it a character if there is one; or a low one alone.
_SURROGATE = re.compile(rb"\\u[dD](?:[89abAB]..(\\u[dD][c-fC-F]..)?|[c-fC-F]..)", re.DOTALL)
_SURROGATES_MAX = 100_000


def _with_lone_surrogates_spoilt(body: bytes) -> bytes:
    r"""Half an emoji ("\ud83d", a text cut by its sender) shall fail its event and not the batch.

    The decoder looks at escapes even where it skips, but not at bytes: six that are no UTF-8 wait for the
    event's own turn.
    """
    spoilt = bytearray(body)
    for found in islice(_SURROGATE.finditer(body), _SURROGATES_MAX):
        start, end = found.span()
        if _is_escaped(
            body, start
        ):  # \\ud83d is a backslash and five letters; what follows, if anything, is alone
            start, end = found.span(1)
        elif found[1]:
            continue
        spoilt[start:end] = b"\xff" * (end - start)
    return bytes(spoilt)


def _is_escaped(body: bytes, position: int) -> bool:
    run = position
    while run and body[run - 1] == ord("\\"):
        run -= 1
    return (position - run) % 2 == 1


def _misfit(reason: str) -> str:
    """In the vendor's manner, what msgspec says of JSON that does not fit."""
    if reason.startswith("Expected `object`"):
        return '"value" must be of type object'
    if reason.startswith("Expected `array"):
        return '"events" must be an array'
    what, _, place = reason.partition(" - at `$.")
    return f'"{place.rstrip("`")[:_REASON_MAX]}": {what.lower()}'


def _not_json(exc: Exception) -> str:
    if isinstance(exc, UnicodeDecodeError):
        return "Invalid JSON: it holds text that is not valid UTF-8"
    if isinstance(exc, RecursionError):
        return "Invalid JSON: it is nested too deeply"
    return f"Invalid JSON: {str(exc)[:_REASON_MAX]}"
