"""Velocity inside a text of another language, put aside while that is read as what it is. Pure."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec import Struct

_MARK = re.compile(r"[$#]")
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_BEFORE_WORDS = re.compile(r"#(?:\{(?:else|end|stop|break)\}|(?:else|end|stop|break)(?!\w))")
_BEFORE_BRACKET = re.compile(r"#@?(?:\{\w+\}|[A-Za-z_]\w*)[ \t]*(?=\()")
_COMMENTS = (("#*", "*#"), ("##", "\n"))
_RAW = ("#[[", "]]#")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


class Hole(Struct, frozen=True):
    """A piece of Velocity: what stands in its place, what it says, and the line it begins in."""

    token: str
    source: str
    line: int


class Aside(Struct, frozen=True):
    """A text without its Velocity. `breaks`: behind which places of it the given text began a new line.

    `prefix`: how all tokens begin, and nothing else.
    """

    text: str
    prefix: str
    holes: Sequence[Hole]
    breaks: Sequence[int]

    def line_of(self, at: int) -> int:
        """The line, in the text as it was given, of a place in this one."""
        return 1 + bisect_right(self.breaks, at)

    def lost_in(self, text: str) -> Hole | None:
        """The first piece of Velocity that has no place in a text that was made of this one."""
        kept = set(self._tokens().findall(text))
        return next((hole for hole in self.holes if hole.token not in kept), None)

    def put_back(self, text: str) -> str:
        """A text that was made of this one, with its Velocity again."""
        sources = {hole.token: hole.source for hole in self.holes}
        return self._tokens().sub(lambda found: sources.get(found[0], found[0]), text)

    def also(self, places: Sequence[int]) -> "Aside":
        """With the characters at these places put aside as well."""
        written: list[str] = []
        holes = list(self.holes)
        ends = []  # how much longer the new text is behind each place
        at = longer = 0
        for place in places:
            token = f"{self.prefix}{len(holes)}x"
            holes.append(Hole(token, self.text[place], self.line_of(place)))
            written += [self.text[at:place], token]
            at = place + 1
            longer += len(token) - 1
            ends.append(longer)
        breaks = [end + ends[n - 1] if (n := bisect_left(places, end)) else end for end in self.breaks]
        return Aside("".join([*written, self.text[at:]]), self.prefix, holes, breaks)

    def _tokens(self) -> re.Pattern[str]:
        return re.compile(rf"{self.prefix}\d+x")


def put_aside(source: str) -> Aside:
    """References and directives become words that mean nothing; comments go."""
    prefix = next(name for n in range(len(source) + 1) if (name := f"hole{n}x") not in source)
    given = [found.end() for found in re.finditer("\n", source)]
    written: list[str] = []
    holes: list[Hole] = []
    breaks: list[int] = []
    at = shift = 0  # how far the new text is behind the given one

    for mark in _MARK.finditer(source):
        start = mark.start()
        if start < at or _is_escaped(source, start):
            continue
        end, is_comment = _end_of(source, start)
        if end == start:
            continue
        token = "" if is_comment else f"{prefix}{len(holes)}x"
        if token:
            holes.append(Hole(token, source[start:end], 1 + bisect_right(given, start)))
        breaks += [place - shift for place in given[bisect_right(given, at) : bisect_right(given, start)]]
        written += [source[at:start], token]
        shift += end - start - len(token)
        breaks += [end - shift] * (bisect_right(given, end) - bisect_right(given, start))
        at = end
    breaks += [place - shift for place in given[bisect_right(given, at) :]]
    return Aside("".join([*written, source[at:]]), prefix, holes, breaks)


def _end_of(source: str, start: int) -> tuple[int, bool]:
    """Where the Velocity ends that begins here, if any does, and whether it is a comment."""
    if source[start] == "$":
        return _end_of_reference(source, start), False
    if source.startswith(_RAW[0], start):
        end = source.find(_RAW[1], start)
        return (len(source) if end < 0 else end + len(_RAW[1])), False
    for opener, closer in _COMMENTS:
        if source.startswith(opener, start):
            end = source.find(closer, start)
            return (len(source) if end < 0 else end + len(closer.strip())), True
    if found := _BEFORE_WORDS.match(source, start):
        return found.end(), False
    if found := _BEFORE_BRACKET.match(source, start):
        return _end_of_brackets(source, found.end()), False
    return start, False


def _end_of_reference(source: str, start: int) -> int:
    at = start + 1 + source.startswith("!", start + 1)
    if source.startswith("{", at):
        return _end_of_brackets(source, at)
    name = _NAME.match(source, at)
    if name is None:
        return start
    at = name.end()
    while True:
        if source.startswith(("(", "["), at):
            at = _end_of_brackets(source, at)
        elif source.startswith(".", at) and (name := _NAME.match(source, at + 1)):
            at = name.end()
        else:
            return at


def _end_of_brackets(source: str, start: int) -> int:
    """Behind the bracket that closes this one, brackets in quotes aside; the end where nothing closes it."""
    waiting: list[str] = []
    quote = ""
    for at in range(start, len(source)):
        char = source[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSERS:
            waiting.append(_CLOSERS[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
    return len(source)


def _is_escaped(source: str, at: int) -> bool:
    start = at
    while start and source[start - 1] == "\\":
        start -= 1
    return (at - start) % 2 == 1
