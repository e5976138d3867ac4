"""What a decoder says of a body that does not fit -> the sentence in which a door says it. Pure.

The vendor's own sentences name the field and what it must be; a decoder's types and patterns mean nothing to a caller.
"""

import re
from collections.abc import Callable

WHOLE = "The request body"
_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_BYTE = re.compile(r"\(byte (\d+)\)$")
_PLACE_MAX = 160  # characters
_VALUE_MAX = 40
_KINDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_UNITS = {"str": "characters", "array": "elements", "object": "fields"}
_BOUNDS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


def said(reason: str, whole: str = WHOLE) -> str:
    """Of JSON that is not what the call takes: which field, and what it must be. `whole`: what was read."""
    found = _PLACE.search(reason)
    place = found[1].replace("[...]", "").strip(".")[:_PLACE_MAX] if found else ""
    what = reason[: found.start()] if found else reason
    for pattern, say in _SENTENCES:
        if (match := pattern.match(what)) is not None:
            return say(place, whole, match)
    return f"{place or whole} is not valid"


def unreadable(reason: str) -> str:
    """Of what is no JSON: where it stops being any."""
    at = _BYTE.search(reason)
    if at is not None:
        return f"This is not JSON: it goes wrong at byte {at[1]}"
    return "This is not JSON: it ends too early" if "truncated" in reason else "This is not JSON"


def _missing(place: str, _whole: str, match: re.Match[str]) -> str:
    return f"{place}.{match[1]} is required" if place else f"{match[1]} is required"


def _kind(place: str, whole: str, match: re.Match[str]) -> str:
    taken = [_KINDS.get(kind, kind) for kind in match[1].split(" | ") if kind != "null"]
    return f"{place or whole} must be {' or '.join(taken)}, not {_KINDS.get(match[2], match[2])}"


def _length(place: str, whole: str, match: re.Match[str]) -> str:
    count, unit = match[3], _UNITS[match[1]]
    unit = unit[:-1] if count == "1" else unit
    return f"{place or whole} must have {_BOUNDS[match[2]]} {count} {unit}"


def _bound(place: str, whole: str, match: re.Match[str]) -> str:
    return f"{place or whole} must be {_BOUNDS[match[1]]} {match[2]}"


def _pattern(place: str, whole: str, _match: re.Match[str]) -> str:
    return f"{place or whole} has a character that must not be there"


def _choice(place: str, whole: str, match: re.Match[str]) -> str:
    value = match[1] if len(match[1]) <= _VALUE_MAX else match[1][:_VALUE_MAX] + "…'"
    return f"{value} is not valid {place or whole}"


def _far(place: str, whole: str, _match: re.Match[str]) -> str:
    return f"{place or whole} is a number out of range"


_SENTENCES: tuple[tuple[re.Pattern[str], Callable[[str, str, re.Match[str]], str]], ...] = (
    (re.compile(r"Object missing required field `([^`]+)`"), _missing),
    (re.compile(r"Expected `([^`]+)`, got `([^`]+)`"), _kind),
    (re.compile(r"Expected `(str|array|object)` of length (>=|>|<=|<) (\d+)"), _length),
    (re.compile(r"Expected `(?:int|float)` (>=|>|<=|<) (\S+)"), _bound),
    (re.compile(r"Expected `str` matching regex"), _pattern),
    (re.compile(r"Invalid enum value (.+)", re.DOTALL), _choice),
    (re.compile(r"(?:Integer value|Number) out of range"), _far),
)
