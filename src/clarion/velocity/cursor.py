"""Where the parser stands in the source, and what it says when it cannot go on."""

import re
from collections.abc import Callable
from typing import Any

from clarion.velocity.errors import Malformed, Refused, place
from clarion.velocity.limits import Limits

#: Between the parts of an expression. Visual editors write `&nbsp;` and its character.
_BLANKS = re.compile(r"(?:[ \t\r\n\u00a0]|&nbsp;)*+")
_DEFINES = re.compile(r"#\{?macro\}?\s*\(\s*([A-Za-z_][A-Za-z0-9_]*)")


class Cursor:
    """A place in one source, shared by all that read it. `nested` parses what stands in a string."""

    def __init__(self, source: str, limits: Limits, nested: Callable[["Cursor", str, int], Any]) -> None:
        if len(source) > limits.source_chars_max:
            raise Malformed(f"a template is longer than {limits.source_chars_max:,} characters")
        self.source, self.limits, self.nested = source, limits, nested
        self.at = 0
        self.nodes = 0
        self.depth = 0
        #: Where the source stands in the template that it is a string of, and that template.
        self.offset = 0
        self.whole = source
        #: Macros that the template defines anywhere, and those that were read so far.
        self.defined: frozenset[str] = frozenset(_DEFINES.findall(source))
        self.macros: set[str] = set()
        self.warnings: list[tuple[int, str]] = []

    def inside(self, source: str, at: int) -> "Cursor":
        """A cursor for a string within this source, which counts on where this one is."""
        inner = Cursor(source, self.limits, self.nested)
        inner.offset, inner.whole = self.offset + at, self.whole
        inner.defined = self.defined
        inner.nodes, inner.depth, inner.macros, inner.warnings = (
            self.nodes,
            self.depth,
            self.macros,
            self.warnings,
        )
        return inner

    def skip(self) -> None:
        """Over blanks and line ends."""
        found = _BLANKS.match(self.source, self.at)
        assert found
        self.at = found.end()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What stands here, and step over it."""
        found = pattern.match(self.source, self.at)
        if found:
            self.at = found.end()
        return found

    def looking_at(self, words: str) -> bool:
        return self.source.startswith(words, self.at)

    def take(self, words: str) -> bool:
        """Whether this stands here; step over it if so."""
        if self.source.startswith(words, self.at):
            self.at += len(words)
            return True
        return False

    def expect(self, words: str, where: str) -> None:
        if not self.take(words):
            raise self.error(f"expected {words!r} {where}")

    def error(self, message: str, at: int | None = None) -> Malformed:
        at = self.at if at is None else at
        if "expected" in message:
            message = f"{message}, found {self._found(at)}"
        return Malformed(message, *self._place(at))

    def refusal(self, message: str, at: int) -> Refused:
        return Refused(message, *self._place(at))

    def warn(self, message: str, at: int) -> None:
        self.warnings.append((self.offset + at, message))

    def _place(self, at: int) -> tuple[int, int]:
        return place(self.whole, min(self.offset + at, len(self.whole)))

    def _found(self, at: int) -> str:
        rest = self.source[at : at + 20].split("\n")[0]
        return repr(rest) if rest else "a line's end" if at < len(self.source) else "the end of the template"

    def count(self) -> int:
        """One more node; where it stands in the whole template."""
        self.nodes += 1
        if self.nodes > self.limits.nodes_max:
            raise self.error(f"a template has more than {self.limits.nodes_max:,} parts")
        return self.offset + self.at

    def enter(self) -> None:
        """One level deeper: a block, a bracket, a string."""
        self.depth += 1
        if self.depth > self.limits.nesting_max:
            raise self.error(f"nested deeper than {self.limits.nesting_max} levels")

    def leave(self) -> None:
        self.depth -= 1
