"""What `properties` and `identify.traits` may hold: one walk that checks every limit. Pure.

Levels are counted in objects, `properties` itself being the first: {"a": {"b": {"c": 1}}} has three. A leaf
key is a key whose value is not an object, or an empty one. The vendor sets limits for properties only; traits
have the same, and one level, since a contact property is a primitive value or a choice of them.
"""

from typing import Any

from msgspec import Struct

from clarion.dialects.smashsend.codes import PROBLEMS_MAX, Code, Problem

LEAVES_MAX = 100
STRING_MAX = 1_000  # characters
ARRAY_MAX = 100  # items
KEY_MAX = 255  # characters: names become rows of a catalogue; the vendor has no limit
_INT64 = range(-(2**63), 2**63)
_SHOWN_MAX = 100  # characters of a place


class Bounds(Struct, frozen=True):
    """One object of free keys: where it stands, and the words for its own limits."""

    place: str
    depth_max: int
    not_an_object: Problem
    too_deep: Problem
    too_many: Problem


PROPERTIES = Bounds(
    place="properties",
    depth_max=3,
    not_an_object=Problem(Code.INVALID_PROPERTIES, '"properties" must be of type object'),
    too_deep=Problem(Code.PROPERTIES_TOO_DEEP, "Properties exceed maximum depth of 3"),
    too_many=Problem(Code.TOO_MANY_PROPERTIES, "Properties exceed maximum of 100 leaf keys"),
)
TRAITS = Bounds(
    place="identify.traits",
    depth_max=1,
    not_an_object=Problem(Code.INVALID_TRAITS, '"identify.traits" must be of type object'),
    too_deep=Problem(Code.TRAITS_TOO_DEEP, "Traits can only contain primitive values and arrays of them"),
    too_many=Problem(Code.TOO_MANY_TRAITS, "Traits exceed maximum of 100 keys"),
)


def check_object(given: Any, bounds: Bounds, problems: list[Problem]) -> dict[str, Any]:
    """The object as it was given, {} for none; what is wrong with it goes to `problems`."""
    if given is None:
        return {}
    if type(given) is not dict:
        problems.append(bounds.not_an_object)
        return {}
    if _walk(given, bounds.place, bounds.depth_max, bounds, problems) > LEAVES_MAX:
        problems.append(bounds.too_many)
    return given


def _walk(values: dict[str, Any], place: str, levels: int, bounds: Bounds, problems: list[Problem]) -> int:
    """Check what is in `values`, of which `levels` levels are left; say how many leaf keys there are."""
    leaves = len(values)
    for key, value in values.items():
        kind = type(value)
        if kind is str:
            if len(value) > STRING_MAX or "\0" in value:
                _refuse_text(value, f"{place}.{key}", problems)
        elif kind is int:
            if value not in _INT64:
                _refuse_number(f"{place}.{key}", problems)
        elif kind is list:
            _check_array(value, f"{place}.{key}", problems)
        elif kind is dict:
            if levels == 1:
                if bounds.too_deep not in problems:
                    problems.append(bounds.too_deep)
            elif value:
                leaves += _walk(value, f"{place}.{key}", levels - 1, bounds, problems) - 1
        if len(key) > KEY_MAX or "\0" in key:
            _refuse_key(key, f"{place}.{key}", problems)
    return leaves


def _check_array(items: list[Any], place: str, problems: list[Problem]) -> None:
    if len(items) > ARRAY_MAX:
        _refuse(Code.ARRAY_TOO_LONG, "{} cannot exceed 100 items", place, problems)
        return
    for n, item in enumerate(items):
        kind = type(item)
        if kind is str:
            if len(item) > STRING_MAX or "\0" in item:
                _refuse_text(item, f"{place}[{n}]", problems)
        elif kind is int:
            if item not in _INT64:
                _refuse_number(f"{place}[{n}]", problems)
        elif kind is dict or kind is list:
            _refuse(Code.INVALID_ARRAY, "{} can only contain primitive values", place, problems)
            return


def _refuse_text(text: str, place: str, problems: list[Problem]) -> None:
    if len(text) > STRING_MAX:
        _refuse(Code.STRING_TOO_LONG, "{} cannot exceed 1000 characters", place, problems)
    else:
        _refuse(Code.INVALID_CHARACTER, "{} must not contain the character U+0000", place, problems)


def _refuse_key(key: str, place: str, problems: list[Problem]) -> None:
    if len(key) > KEY_MAX:
        _refuse(Code.KEY_TOO_LONG, "The name of {} cannot exceed 255 characters", place, problems)
    else:
        _refuse(
            Code.INVALID_CHARACTER, "The name of {} must not contain the character U+0000", place, problems
        )


def _refuse_number(place: str, problems: list[Problem]) -> None:
    _refuse(Code.NUMBER_OUT_OF_RANGE, "{} must be an integer of at most 64 bits", place, problems)


def _refuse(code: Code, words: str, place: str, problems: list[Problem]) -> None:
    """Note a problem with the place as the vendor quotes it, cut where it is long; no more than may be told."""
    if len(problems) < PROBLEMS_MAX:
        place = place.replace("\0", "\ufffd")
        shown = place if len(place) <= _SHOWN_MAX else f"{place[:_SHOWN_MAX]}…"
        problems.append(Problem(code, words.format(f'"{shown}"')))
