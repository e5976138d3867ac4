"""The vendor's types under the vendor's names, and the only place where its JSON is read and written. Pure."""

from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from clarion import errors
from clarion.dialects import _misfits, _storable

DEPTH_MAX = 32  # objects and lists in each other; the vendor names no limit
_TOO_DEEP = f"The JSON is nested more than {DEPTH_MAX} deep"
_UNSAID: tuple[Any, ...] = (None, "", {})

T = TypeVar("T")
Told = dict[str, Any]  # a body as it came: any JSON object


class Malformed(errors.Declined):
    """What was sent breaks a rule, or shows a key that opens nothing; the text is for the caller."""


class Unauthorized(errors.Declined):
    """The same of tenant_id or key, where the vendor has a status of its own for it."""


class Tracked(Struct, frozen=True):
    """A push that was tapped; who shows which key is read before."""

    tracking_token: str | None = None


class Refresh(Struct, frozen=True):
    """A device whose token is another one now."""

    old_token: str | None = None
    new_token: str | None = None
    app_user_id: str | int | None = None
    platform: str | None = None


class Event(Struct, frozen=True, gc=False):
    """A behaviour, its user and their device; who shows which key is read before."""

    event_name: str | None = None
    event_time: str | None = None
    device_token: str | None = None
    platform: str | None = None
    timezone: str | None = None
    language: str | None = None
    country: str | None = None
    session_id: str | None = None
    app_user_id: str | int | None = None
    push_permission_granted: bool | None = None
    params: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


class Fingerprint(Struct, frozen=True):
    """The answer to an event."""

    fingerprint: str


class Success(Struct, frozen=True):
    """The answer to what was done."""

    success: bool = True


class Failure(Struct, frozen=True):
    """The answer to a request that failed."""

    error: str


encode = msgspec.json.Encoder().encode
_canonical = msgspec.json.Encoder(order="sorted").encode
_read: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


def read(body: bytes) -> Told:
    """A body as it came. Raises Malformed."""
    try:
        told = _read.decode(body)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfits.said(str(exc))) from exc
    except RecursionError as exc:
        raise Malformed(_TOO_DEEP) from exc
    except UnicodeDecodeError as exc:
        raise Malformed("The JSON holds text that is not valid UTF-8") from exc
    except ValueError as exc:
        raise Malformed(_misfits.unreadable(str(exc))) from exc
    if body.count(b"{") + body.count(b"[") > DEPTH_MAX and _storable.is_deeper(told, DEPTH_MAX):
        raise Malformed(_TOO_DEEP)
    return told


def shaped(told: Told, kind: type[T]) -> T:
    """What was told as a call's type; a name that it does not know is ignored. Raises Malformed."""
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfits.said(str(exc))) from exc


def without_key(told: Told) -> bytes:
    """All that was told but the key, in one form however it was written. What is null or empty tells nothing."""
    return _canonical({name: told[name] for name in told if name != "api_key" and told[name] not in _UNSAID})


def fingerprint(told: Told) -> str:
    """What the vendor counts as the same event: SHA-256 of all that was told but the key.

    Nothing that is made here goes in (an anonymous id, the time of the request, a permission that is not given):
    a repeat has the fingerprint of the first, wherever and whenever it comes.
    """
    return sha256(without_key(told)).hexdigest()
