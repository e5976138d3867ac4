"""What the vendor refuses, as pure functions: an event as sent -> what it says, or all that is wrong with it.

The sentences that the vendor publishes are kept to the letter; the others are ours, in its two manners.
Characters are Unicode code points.
"""

import re
from datetime import UTC
from functools import lru_cache
from typing import Any

import ciso8601
from msgspec import Struct

from clarion.dialects.smashsend import limits
from clarion.dialects.smashsend.codes import PROBLEMS_MAX, Code, Problem
from clarion.dialects.smashsend.wire import PlainTrack, Track
from clarion.model.email import canonical_email

EVENT_BYTES_MAX = 32 * 1024  # the vendor says 32 KB and not which; the larger reading refuses less
EVENT_TOO_LARGE = "Event payload exceeds 32KB limit"
NAME_MAX = 60  # characters
MESSAGE_ID_MAX = 128  # characters
TIMESTAMP_RANGE_US = 10_958 * 86_400_000_000  # 30 years with 8 leap days, as many as there can be
MILLISECONDS_FROM = 100_000_000_000  # Unix time from here on (the year 5138 in seconds) is in milliseconds

_NAME = re.compile(r"[A-Za-z0-9_.:-]*")
_DIGITS = re.compile(r"-?[0-9]{9,16}(?:\.[0-9]{1,9})?")  # Unix time as text; fewer are an ISO date: 20240115
_FAR = 10**15  # beyond any range, and float arithmetic still holds

_REQUIRED = '"{}" is required'
_EMPTY = '"{}" is not allowed to be empty'
_NOT_TEXT = '"{}" must be a string'
_NOT_AN_OBJECT = '"{}" must be of type object'
_NAME_CHARACTERS = (
    "Event name can only contain alphanumeric characters, underscores, hyphens, dots, and colons"
)
_NAME_LENGTH = "Event name cannot exceed 60 characters"
_EMAIL_FORMAT = "Invalid email format"
_TIME_FORMAT = '"timestamp" must be an ISO 8601 string or a Unix timestamp'
_TIME_RANGE = '"timestamp" must be within ±30 years of the current time'
_MESSAGE_ID_LENGTH = "Message ID cannot exceed 128 characters"
_MESSAGE_ID_CHARACTER = '"messageId" must not contain the character U+0000'


class Valid(Struct, frozen=True, gc=False):
    """What an event says, nothing being wrong with it. `timestamp_us` is None when it told no time."""

    name: str
    email: str
    traits: dict[str, Any]
    properties: dict[str, Any]
    timestamp_us: int | None
    message_id: str | None


def check_plain(track: PlainTrack, now_us: int) -> Valid | None:
    """What a plain event says; None where `check` has to tell what is wrong with it."""
    email = canonical_email(track.identify.email)
    timestamp_us = None
    if track.timestamp is not None:
        timestamp_us = time_us(track.timestamp)
        if timestamp_us is None or abs(timestamp_us - now_us) > TIMESTAMP_RANGE_US:
            return None
    message_id = track.message_id
    if email is None or not _is_name(track.event) or (message_id and len(message_id) > MESSAGE_ID_MAX):
        return None
    return Valid(
        track.event, email, track.identify.traits or {}, track.properties or {}, timestamp_us, message_id
    )


@lru_cache(1_024)
def _is_name(name: str) -> bool:
    return len(name) <= NAME_MAX and _NAME.fullmatch(name) is not None


def check(track: Track, now_us: int) -> Valid | list[Problem]:
    """The event, or everything that is wrong with it in the order of the vendor's page."""
    problems: list[Problem] = []
    _check_name(track.event, problems)
    email, traits = _check_identify(track.identify, problems)
    properties = limits.check_object(track.properties, limits.PROPERTIES, problems)
    timestamp_us = _check_timestamp(track.timestamp, now_us, problems)
    _check_message_id(track.message_id, problems)
    if problems:
        return problems[:PROBLEMS_MAX]
    return Valid(track.event, email, traits, properties, timestamp_us, track.message_id)


def _check_name(name: Any, problems: list[Problem]) -> None:
    if name is None:
        problems.append(Problem(Code.EVENT_NAME_REQUIRED, _REQUIRED.format("event")))
    elif type(name) is not str:
        problems.append(Problem(Code.INVALID_EVENT_NAME, _NOT_TEXT.format("event")))
    elif not name:
        problems.append(Problem(Code.EVENT_NAME_REQUIRED, _EMPTY.format("event")))
    else:
        if not _NAME.fullmatch(name):
            problems.append(Problem(Code.INVALID_EVENT_NAME, _NAME_CHARACTERS))
        if len(name) > NAME_MAX:
            problems.append(Problem(Code.EVENT_NAME_TOO_LONG, _NAME_LENGTH))


def _check_identify(identify: Any, problems: list[Problem]) -> tuple[str, dict[str, Any]]:
    if identify is None:
        problems.append(Problem(Code.IDENTIFY_REQUIRED, _REQUIRED.format("identify")))
        return "", {}
    if type(identify) is not dict:
        problems.append(Problem(Code.INVALID_IDENTIFY, _NOT_AN_OBJECT.format("identify")))
        return "", {}
    given = identify.get("email")
    email = canonical_email(given) if type(given) is str else None
    if given is None:
        problems.append(Problem(Code.EMAIL_REQUIRED, _REQUIRED.format("identify.email")))
    elif email is None:
        problems.append(Problem(Code.INVALID_EMAIL, _EMAIL_FORMAT))
    return email or "", limits.check_object(identify.get("traits"), limits.TRAITS, problems)


def _check_timestamp(given: Any, now_us: int, problems: list[Problem]) -> int | None:
    if given is None:
        return None
    found_us = time_us(given)
    if found_us is None:
        problems.append(Problem(Code.INVALID_TIMESTAMP, _TIME_FORMAT))
    elif abs(found_us - now_us) > TIMESTAMP_RANGE_US:
        problems.append(Problem(Code.TIMESTAMP_OUT_OF_RANGE, _TIME_RANGE))
    return found_us


def time_us(given: Any) -> int | None:
    """Microseconds since 1970 of what a caller gave as a time; None when it is no time."""
    if type(given) is str:
        is_unix = "T" not in given and _DIGITS.fullmatch(given)
        return _unix_us(float(given)) if is_unix else _iso_us(given)
    return _unix_us(given) if type(given) in (int, float) else None


def _iso_us(text: str) -> int | None:
    try:
        moment = ciso8601.parse_datetime(text)
    except (ValueError, OverflowError):  # 9999-12-31T24:00 overflows
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)  # exact to the microsecond between 1685 and 2255


def _unix_us(number: float) -> int:
    if abs(number) > _FAR:
        number = _FAR
    return round(number * (1_000_000 if abs(number) < MILLISECONDS_FROM else 1_000))


def _check_message_id(message_id: Any, problems: list[Problem]) -> None:
    if message_id is None:
        return
    if type(message_id) is not str:
        problems.append(Problem(Code.INVALID_MESSAGE_ID, _NOT_TEXT.format("messageId")))
    elif not message_id:
        problems.append(Problem(Code.INVALID_MESSAGE_ID, _EMPTY.format("messageId")))
    elif len(message_id) > MESSAGE_ID_MAX:
        problems.append(Problem(Code.MESSAGE_ID_TOO_LONG, _MESSAGE_ID_LENGTH))
    elif "\0" in message_id:
        problems.append(Problem(Code.INVALID_CHARACTER, _MESSAGE_ID_CHARACTER))
