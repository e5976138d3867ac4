"""The values of a template, and how Java prints, compares and weighs them.

| in a template | here | prints |
|---|---|---|
| String | str | as it is |
| Character (`charAt`) | Char | as it is |
| Boolean | bool | true, false |
| Integer, Long, BigInteger | int | 7 |
| Double | float | 2.0, 1.0E10 |
| BigDecimal (a string in arithmetic) | Decimal | 10.0 |
| List, array, range | list, range | [1, 2] |
| Map | dict | {a=1} |
| what keySet(), values(), entrySet() give | View | [a, b] |
| Map.Entry | Entry | a=1 |

Nothing else is a value. A template never sees a Python object: every operation looks the exact type up in a table.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clarion.velocity.errors import Trouble

#: How deep lists in lists are printed and compared; one that holds itself ends here.
DEPTH_MAX = 50
#: So many values are looked at to compare two lists.
COMPARED_MAX = 20_000
#: No printed value is longer.
TEXT_CHARS_MAX = 200_000


class Char(str):
    """A Java character: it prints like a string and is none, so `'a'.equals` of it is false."""

    __slots__ = ()


class Safe(str):
    """A string that the writer of the template has escaped, or says is safe: printed as it is."""

    __slots__ = ()


class View(tuple[Any, ...]):
    """Keys, values or entries of a map: they have a size and can be gone through, but not indexed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair of a map."""

    key: Any
    value: Any


class Printable:
    """Something with a text of its own: what #define made, a tool, $foreach."""

    __slots__ = ()

    def text(self) -> str | None:
        """What it prints; None leaves the reference unresolved."""
        return None


def double_text(value: float) -> str:
    """As Java's Double.toString: 2.0, 1.0E10, 1.0E-5, NaN, Infinity."""
    if 1e-3 <= value < 1e7:
        return repr(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or -1e7 < value <= -1e-3:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    shown = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + exponent
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{power}"


def text(value: Any) -> str | None:
    """What a value prints; None where a reference to it stays unresolved."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    printer = _SIMPLE.get(kind)
    if printer is not None:
        return printer(value)
    if kind in _NESTED:
        parts: list[str] = []
        _nested(value, parts, 0, TEXT_CHARS_MAX)
        return "".join(parts)
    if isinstance(value, Printable):
        return value.text()
    raise Trouble(f"a value of the type {kind.__name__} cannot be used in a template")


_SIMPLE: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: double_text,
    Decimal: str,
    Char: str.__str__,
    Safe: str.__str__,
}
_NESTED = {list, tuple, range, dict, View, Entry}


def inner(value: Any) -> str:
    """A value within a string, as Java's String.valueOf: null has a name there."""
    shown = None if value is None else text(value)
    return "null" if shown is None else shown


def _nested(value: Any, parts: list[str], depth: int, room: int) -> int:
    """Add the texts of a list's or map's parts; give back the room that is left."""
    kind = type(value)
    if kind not in _NESTED:
        parts.append(inner(value))
        room -= len(parts[-1])
    elif depth > DEPTH_MAX:
        raise Trouble("lists and maps within each other are too deep, or hold themselves")
    elif kind is Entry:
        room = _nested(value.key, parts, depth + 1, room)
        parts.append("=")
        room = _nested(value.value, parts, depth + 1, room - 1)
    elif kind is dict:
        parts.append("{")
        for number, (key, item) in enumerate(value.items()):
            parts.append(", " if number else "")
            room = _nested(key, parts, depth + 1, room)
            parts.append("=")
            room = _nested(item, parts, depth + 1, room - 3)
        parts.append("}")
    else:
        parts.append("[")
        for number, item in enumerate(value):
            parts.append(", " if number else "")
            room = _nested(item, parts, depth + 1, room - 2)
        parts.append("]")
    if room < 0:
        raise Trouble(f"a printed list or map is longer than {TEXT_CHARS_MAX:,} characters")
    return room


def truth(value: Any) -> bool:
    """Whether #if takes the branch: not null, not false, not empty, not zero."""
    kind = type(value)
    if kind is str or kind is bool or kind is int:
        return bool(value)
    if kind in _NESTED:
        return kind is Entry or len(value) > 0
    return True if isinstance(value, Printable) else bool(value)


def same(left: Any, right: Any, room: list[int] | None = None) -> bool:
    """Java's equals: 1 and 1.0 differ, and so do "a" and the character a. `room` is shared by many comparisons."""
    waiting, room = [(left, right)], [COMPARED_MAX] if room is None else room
    while waiting:
        room[0] -= 1
        if room[0] < 0:
            raise Trouble("comparing two lists or maps looked at too many values")
        more = _same(*waiting.pop())
        if more is None:
            return False
        waiting += more
    return True


def _same(left: Any, right: Any) -> list[tuple[Any, Any]] | None:
    """None where they differ; else the pairs that must be the same as well."""
    one, other = type(left), type(right)
    if left is right and one is not float:
        return []
    if one is Safe or other is Safe:
        one, other = (str if kind is Safe else kind for kind in (one, other))
    if one in _LISTS and other in _LISTS:
        return list(zip(left, right, strict=True)) if len(left) == len(right) else None
    if one is not other:
        return None
    if one is dict:
        return [(item, right[key]) for key, item in left.items()] if left.keys() == right.keys() else None
    if one is Entry:
        return [(left.key, right.key), (left.value, right.value)]
    if one is Decimal:
        return [] if left.as_tuple() == right.as_tuple() else None
    return [] if left == right else None


_LISTS = {list, range, tuple}
