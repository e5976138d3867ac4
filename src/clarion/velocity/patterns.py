"""Regular expressions of templates, by RE2: its time grows with the text alone, whatever the pattern.

What RE2 does not know (looking ahead and behind, references back) is refused with a sentence.
"""

from functools import lru_cache
from typing import Any

import re2

from clarion.velocity.errors import Trouble

PATTERN_CHARS_MAX = 2500
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,;:/-_'\"@=&%<>~!`")

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 2 << 20


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Any:
    """The pattern's automaton. Raises Trouble for what is no pattern, or none that RE2 knows."""
    if len(pattern) > PATTERN_CHARS_MAX:
        raise Trouble(f"a pattern is longer than {PATTERN_CHARS_MAX:,} characters")
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as exc:
        words = exc.args[0] if exc.args else ""
        reason = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
        raise Trouble(f"{pattern!r} is not a pattern that can be used here: {reason}") from exc


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text is such."""
    return compiled(pattern).fullmatch(text) is not None


def replaced(text: str, pattern: str, by: str, *, once: bool = False) -> str:
    """Java's replaceAll, or replaceFirst: `$1` is a group, a backslash makes the next character plain."""
    parts = _replacement(by)
    if _is_plain(pattern) and all(isinstance(part, str) for part in parts):
        return text.replace(pattern, "".join(map(str, parts)), 1 if once else -1)
    done: list[str] = []
    end = 0
    for found in compiled(pattern).finditer(text):
        done.append(text[end : found.start()])
        done += (part if isinstance(part, str) else _group(found, part) for part in parts)
        end = found.end()
        if once:
            break
    return "".join((*done, text[end:]))


def _group(found: Any, number: int) -> str:
    if number > found.re.groups:
        raise Trouble(f"No group {number}")
    return found.group(number) or ""


def _replacement(by: str) -> list[str | int]:
    """The pieces of a replacement: text, and numbers of groups."""
    parts: list[str | int] = []
    at = 0
    while at < len(by):
        here = by[at]
        if here == "\\":
            at += 1
            if at == len(by):
                raise Trouble("a replacement ends in a backslash")
            parts.append(by[at])
        elif here == "$":
            at += 1
            if at == len(by) or not ("0" <= by[at] <= "9"):
                raise Trouble("a $ in a replacement is followed by the number of a group; \\$ is a dollar")
            parts.append(int(by[at]))
        else:
            parts.append(here)
        at += 1
    return parts


def split(text: str, pattern: str, limit: int = 0) -> list[str]:
    """Java's split: empty strings at the end go unless there is a limit."""
    if not text:
        return [""]
    if _is_plain(pattern):
        parts = text.split(pattern, limit - 1 if limit > 0 else -1)
    else:
        parts = _split(text, pattern, limit)
    if limit == 0 and len(parts) > 1:
        while parts and not parts[-1]:
            parts.pop()
    return parts


def _split(text: str, pattern: str, limit: int) -> list[str]:
    parts: list[str] = []
    end = 0
    for found in compiled(pattern).finditer(text):
        if limit > 0 and len(parts) == limit - 1:
            break
        if found.end() == 0 or found.start() == found.end() == len(text):
            continue  # nothing before the first character is no part; nor is nothing behind the last
        parts.append(text[end : found.start()])
        end = found.end()
    parts.append(text[end:])
    return parts


def _is_plain(pattern: str) -> bool:
    """Whether the pattern is text that finds itself: RE2 is not asked then."""
    return bool(pattern) and _PLAIN.issuperset(pattern)
