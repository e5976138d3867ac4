"""What a template may ask of a string: Java's String, its commonest methods."""

from collections.abc import Callable
from typing import Any

from clarion.velocity import patterns
from clarion.velocity.conversions import (
    Method,
    anything,
    characters,
    string,
    string_or_null,
    taking,
    whole,
    working,
)
from clarion.velocity.errors import Trouble
from clarion.velocity.formats import java_format
from clarion.velocity.state import State
from clarion.velocity.values import Char, Safe, same

#: What Java's trim takes off: all up to the blank.
_TRIMMED = "".join(map(chr, range(33)))
_REPEATED_CHARS_MAX = 100_000


def _substring(text: str, begin: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= begin <= end <= len(text):
        raise Trouble(f"substring: begin {begin}, end {end}, length {len(text)}")
    return text[begin:end]


def _char_at(text: str, index: int) -> Char:
    if not 0 <= index < len(text):
        raise Trouble(f"charAt: index {index}, length {len(text)}")
    return Char(text[index])


def _compare(text: str, other: str) -> int:
    for one, another in zip(text, other, strict=False):
        if one != another:
            return ord(one) - ord(another)
    return len(text) - len(other)


def _finding(find: Callable[..., int]) -> Method:
    """indexOf, lastIndexOf: a number is a character's code."""

    def found(state: State, text: str, wanted: Any, *begin: Any) -> Any:
        state.spend(len(text))
        if wanted is None:
            raise Trouble("null where a string is needed")
        if type(wanted) is int:
            wanted = chr(wanted) if 0 <= wanted < 0x110000 else "\0"
        if not isinstance(wanted, str):
            return None
        if any(type(number) is not int for number in begin):
            return None
        return find(text, wanted, *begin)

    return found


def _find(text: str, wanted: str, begin: int = 0) -> int:
    return text.find(wanted, max(0, min(begin, len(text))))


def _find_last(text: str, wanted: str, begin: int | None = None) -> int:
    if begin is None:
        return text.rfind(wanted)
    return text.rfind(wanted, 0, begin + len(wanted)) if begin >= 0 else -1


def _replace(state: State, text: str, old: Any, new: Any) -> Any:
    if type(old) not in _REPLACEABLE or type(new) not in _REPLACEABLE:
        return None
    state.spend(len(text))
    if len(new) > 1:
        state.spend((text.count(old)) * len(new))
    return text.replace(old, new)


_REPLACEABLE = {str, Safe, Char}


def _repeat(text: str, count: int) -> str:
    if count < 0:
        raise Trouble(f"repeat: count is negative: {count}")
    if len(text) * count > _REPEATED_CHARS_MAX:
        raise Trouble(f"repeat makes more than {_REPEATED_CHARS_MAX:,} characters")
    return text * count


def _replace_all(state: State, text: str, pattern: Any, by: Any) -> Any:
    return _substituted(state, text, string(pattern), string(by), once=False)


def _replace_first(state: State, text: str, pattern: Any, by: Any) -> Any:
    return _substituted(state, text, string(pattern), string(by), once=True)


def _substituted(state: State, text: str, pattern: Any, by: Any, *, once: bool) -> Any:
    if not isinstance(pattern, str) or not isinstance(by, str):
        return None
    # The longest that can come of it, before it is made.
    state.check()
    state.spend(len(text) * (1 + by.count("$")) + (len(text) + 1 if not once else 1) * max(1, len(by)))
    result = patterns.replaced(text, pattern, by, once=once)
    state.spend(len(result))
    return result


def _split(state: State, text: str, pattern: Any, limit: Any = 0) -> Any:
    pattern, limit = string(pattern), whole(limit)
    if not isinstance(pattern, str) or not isinstance(limit, int):
        return None
    state.check()
    state.spend(len(text))
    parts = patterns.split(text, pattern, limit)
    state.keep(len(parts))
    return parts


def _matches(state: State, text: str, pattern: Any) -> Any:
    state.check()
    state.spend(len(text))
    pattern = string(pattern)
    return patterns.matches(text, pattern) if isinstance(pattern, str) else None


def _format(state: State, text: str, pattern: Any = None, *values: Any) -> Any:
    """String.format: called on any string, but its first argument is the pattern."""
    if not isinstance(pattern, str):
        return None
    state.check()
    result = java_format(pattern, values)
    state.spend(len(result))
    return result


def _compare_chars(state: State, char: Char, other: Any) -> int:
    if type(other) is not Char:
        raise Trouble("compareTo: not two characters")
    return ord(char) - ord(other)


STRING: dict[tuple[str, int], Method] = {
    ("length", 0): taking()(len),
    ("isEmpty", 0): taking()(lambda text: not text),
    ("isBlank", 0): working()(lambda text: not text.strip()),
    ("toString", 0): taking()(str),
    ("toUpperCase", 0): working()(str.upper),
    ("toLowerCase", 0): working()(str.lower),
    ("trim", 0): working()(lambda text: text.strip(_TRIMMED)),
    ("strip", 0): working()(str.strip),
    ("stripLeading", 0): working()(str.lstrip),
    ("stripTrailing", 0): working()(str.rstrip),
    ("charAt", 1): taking(whole)(_char_at),
    ("substring", 1): working(whole)(_substring),
    ("substring", 2): working(whole, whole)(_substring),
    ("concat", 1): working(string)(lambda text, other: text + other),
    ("repeat", 1): working(whole)(_repeat),
    ("equals", 1): taking(anything)(same),
    ("equalsIgnoreCase", 1): working(string_or_null)(
        lambda text, other: other is not None and text.casefold() == other.casefold()
    ),
    ("compareTo", 1): working(string)(_compare),
    ("compareToIgnoreCase", 1): working(string)(lambda text, other: _compare(text.lower(), other.lower())),
    ("startsWith", 1): taking(string)(str.startswith),
    ("startsWith", 2): taking(string, whole)(lambda text, start, at: at >= 0 and text.startswith(start, at)),
    ("endsWith", 1): taking(string)(str.endswith),
    ("contains", 1): working(characters)(lambda text, part: part in text),
    ("indexOf", 1): _finding(_find),
    ("indexOf", 2): _finding(_find),
    ("lastIndexOf", 1): _finding(_find_last),
    ("lastIndexOf", 2): _finding(_find_last),
    ("replace", 2): _replace,
    ("replaceAll", 2): _replace_all,
    ("replaceFirst", 2): _replace_first,
    ("matches", 1): _matches,
    ("split", 1): _split,
    ("split", 2): _split,
    ("format", -1): _format,
}

CHAR: dict[tuple[str, int], Method] = {
    ("toString", 0): taking()(str.__str__),
    ("compareTo", 1): _compare_chars,
    ("equals", 1): taking(anything)(same),
}
