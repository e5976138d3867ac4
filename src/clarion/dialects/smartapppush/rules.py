"""What the vendor refuses: an event as sent -> what it says. Pure. The first thing wrong ends it.

The vendor publishes the rules and no sentence; the sentences are ours, and so are the lengths.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

import ciso8601
from msgspec import Struct

from clarion.dialects import _storable
from clarion.dialects.smartapppush import wire
from clarion.dialects.smartapppush.codes import COUNTRIES, LANGUAGES
from clarion.dialects.smartapppush.wire import Malformed
from clarion.model import DAY_US, Device, JSONObject, Platform

BODY_BYTES_MAX = 64 * 1024
TEXT_MAX = 255  # characters of names and ids
TOKEN_MAX = 4_096  # characters; Firebase's have some 160
VALUES_MAX = 500  # of params, and of context
TIME_RANGE_US = 10_958 * DAY_US  # 30 years
PLATFORMS: dict[str, Platform] = {"android": "android", "ios": "ios", "web": "web"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class Valid(Struct, frozen=True, gc=False):
    """What an event says, nothing being wrong with it. `user_id` is None for a user whom the app does not know."""

    name: str
    occurred_us: int
    user_id: str | None
    device: Device
    session_id: str
    params: JSONObject
    context: JSONObject


class Refreshed(Struct, frozen=True):
    """What a refresh says. `platform`: None where it stays."""

    old_token: str
    new_token: str
    user_id: str | None
    platform: Platform | None


def check(event: wire.Event, now_us: int) -> Valid:
    """Raises Malformed."""
    return Valid(
        name=text(event.event_name, "event_name"),
        occurred_us=_occurred_us(text(event.event_time, "event_time"), now_us),
        user_id=user_id(event.app_user_id),
        device=_device(event),
        session_id=text(event.session_id, "session_id"),
        params=_values(event.params, "params"),
        context=_values(event.context, "context"),
    )


def check_refresh(refresh: wire.Refresh) -> Refreshed:
    """Raises Malformed."""
    old = text(refresh.old_token, "old_token", TOKEN_MAX)
    new = text(refresh.new_token, "new_token", TOKEN_MAX)
    if old == new:
        raise Malformed("old_token and new_token must differ")
    platform = None if refresh.platform is None else _platform(refresh.platform)
    return Refreshed(old, new, user_id(refresh.app_user_id), platform)


def user_id(given: str | int | None) -> str | None:
    """Blank is none; a number is the text of it. Raises Malformed."""
    if type(given) is int:
        if abs(given) >= 10**TEXT_MAX:
            raise Malformed("app_user_id must not have that many digits")
        return str(given)
    if given is None or not given.strip():  # type: ignore[union-attr]  # a bool is no int to the decoder
        return None
    return text(given, "app_user_id")  # type: ignore[arg-type]  # nor is it here


def text(given: str | None, name: str, characters_max: int = TEXT_MAX) -> str:
    """What is there and not blank, as it was given. Raises Malformed."""
    if given is None:
        raise Malformed(f"{name} is required")
    if not given.strip():
        raise Malformed(f"{name} must not be empty")
    if len(given) > characters_max:
        raise Malformed(f"{name} must have at most {characters_max} characters")
    if "\0" in given:
        raise Malformed(f"{name} must not contain the character U+0000")
    return given


def time_us(given: str, name: str) -> int:
    """Microseconds since 1970. Raises Malformed."""
    try:
        moment = ciso8601.parse_rfc3339(given) if _RFC_3339.fullmatch(given) else None
        if moment is not None:
            return (moment - _EPOCH) // _US
    except (ValueError, OverflowError):
        pass
    raise Malformed(f"{name} must be an RFC 3339 timestamp with its offset, as 2026-03-29T14:30:00+03:00")


def _occurred_us(given: str, now_us: int) -> int:
    occurred_us = time_us(given, "event_time")
    if abs(occurred_us - now_us) > TIME_RANGE_US:
        raise Malformed("event_time must be within 30 years of now")
    return occurred_us


def _device(event: wire.Event) -> Device:
    """A permission that is not given is none: a push needs its owner's yes, and no default says it."""
    return Device(
        token=text(event.device_token, "device_token", TOKEN_MAX),
        platform=_platform(text(event.platform, "platform")),
        may_push=event.push_permission_granted is True,
        language=_code(event.language, "language"),
        country=_code(event.country, "country"),
        timezone=_timezone(text(event.timezone, "timezone")),
    )


def _platform(given: str) -> Platform:
    platform = PLATFORMS.get(given)
    if platform is None:
        raise Malformed(f"platform must be one of: {', '.join(PLATFORMS)}")
    return platform


def _code(given: str | None, name: str) -> str:
    """In the case that the standard writes it in."""
    code = text(given, name)
    if name == "language":
        if (language := code.lower()) in LANGUAGES:
            return language
        raise Malformed("language must be a code of ISO 639-1, as en, tr or de")
    if (country := code.upper()) in COUNTRIES:
        return country
    raise Malformed("country must be a code of ISO 3166-1 alpha-2, as US, TR or DE")


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(given: str) -> str:
    if given not in _timezones():
        raise Malformed("timezone must be an IANA timezone, as Europe/Istanbul or America/New_York")
    return given


def _values(given: JSONObject | None, place: str) -> JSONObject:
    """Any JSON that can be kept."""
    if not given:
        return {}
    if len(given) > VALUES_MAX:
        raise Malformed(f"{place} must have at most {VALUES_MAX} values")
    if _storable.problem(given) is not None:
        raise Malformed(_unstorable(given, place))
    return given


def _unstorable(given: JSONObject, place: str) -> str:
    """What is wrong with the first value that cannot be kept."""
    found = ((name, _storable.problem({name: value})) for name, value in given.items())
    name, wrong = next((name, wrong) for name, wrong in found if wrong is not None)
    return f"{place}.{name.replace(chr(0), chr(0xFFFD))[:100]} {wrong}"
