"""Synchronous writes, the rules: what a caller changes now never loses to what is stored. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clarion.model import JSONObject
from clarion.profiles.standard import canonical_name
from clarion.profiles.traits import Facts

ADD, REMOVE = "add", "remove"
_STAMP_TIME = 16  # hex digits of the accept time


def winning(traits: JSONObject, stamp: str, held: Iterable[Mapping[str, Any]]) -> list[Facts]:
    """The traits as facts, each with the later of `stamp` and the stored stamps of its name plus 1 us."""
    stored = list(held)
    facts = []
    for given, value in traits.items():
        name = canonical_name(given)
        newest = max((_newest(stamps.get(name)) for stamps in stored), default="")
        facts.append(Facts({given: value}, _above(newest, stamp)))
    return facts


def is_element_change(value: Any) -> bool:
    """`{"add": […], "remove": […]}`: some elements of a list of choices, not the whole."""
    return (
        isinstance(value, dict)
        and len(value) > 0
        and value.keys() <= {ADD, REMOVE}
        and all(isinstance(elements, list) for elements in value.values())
    )


def with_elements(held: Any, change: Mapping[str, Sequence[Any]]) -> list[Any]:
    """What the list holds after some elements came and some went; what is held counts as one where it is no list."""
    before = held if isinstance(held, list) else [] if held is None else [held]
    gone = change.get(REMOVE, ())
    after = [element for element in before if element not in gone]
    after += [element for element in change.get(ADD, ()) if element not in after and element not in gone]
    return list(after)


def _newest(stamps: Any) -> str:
    """The highest stamp of a value, whose elements may have their own."""
    if isinstance(stamps, str):
        return stamps
    inner = stamps.values() if isinstance(stamps, dict) else stamps if isinstance(stamps, list) else ()
    return max(map(_newest, inner), default="")


def _above(held: str, stamp: str) -> str:
    """ "-" marks the past, and sorts below every stamp."""
    if held < stamp:
        return stamp
    return f"{int(held[:_STAMP_TIME], 16) + 1:0{_STAMP_TIME}x}{stamp[_STAMP_TIME:]}"
