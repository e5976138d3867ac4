"""Which JSON we can keep: text without U+0000, integers of 64 bits, names of bounded length. Pure."""

from typing import Any

NAME_MAX = 255  # characters: names become rows of a catalogue
VALUES_MAX = 1_000_000  # of a body: as Python values, each takes a hundred bytes and more
_INT64 = range(-(2**63), 2**63)


def problem(value: Any) -> str | None:
    """What is wrong with a decoded JSON value, as a phrase; None where it can be kept."""
    kind = type(value)
    if kind is str:
        return "must not contain the character U+0000" if "\0" in value else None
    if kind is int:
        return None if value in _INT64 else "must be an integer of at most 64 bits"
    if kind is list:
        for inner in value:
            if (wrong := problem(inner)) is not None:
                return wrong
    elif kind is dict:
        for name, inner in value.items():
            if len(name) > NAME_MAX or "\0" in name:
                return _name(name)
            if (wrong := problem(inner)) is not None:
                return wrong
    return None


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists stand in each other more than so many levels deep; takes no stack itself."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for several in inner for one in several if isinstance(one, dict | list)]
        if not level:
            return False
    return bool(level)


def are_too_many(body: bytes) -> bool:
    """Whether a body may hold more values than we can: the marks between values are counted, also those in texts."""
    return len(body) > VALUES_MAX and body.count(b",") + body.count(b"[") + body.count(b"{") > VALUES_MAX


def _name(name: str) -> str:
    if len(name) > NAME_MAX:
        return f"must not have names of more than {NAME_MAX} characters"
    return "must not have names with the character U+0000"
