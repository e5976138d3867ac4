"""Reading a template: text, references and directives (user guide: "Directives").

White space goes as Velocity 2 lets it go ("lines"): a directive that stands at the start of a line takes the blanks
before it along, and the line's end behind it. `fresh` is where a line began that holds nothing yet but blanks.
"""

import re

from clarion.velocity import directives
from clarion.velocity.brackets import condition
from clarion.velocity.cursor import Cursor
from clarion.velocity.errors import Malformed
from clarion.velocity.expressions import REFERENCE, reference
from clarion.velocity.limits import DEFAULT, Limits
from clarion.velocity.tree import Expression, Node, Text

#: Text, and what looks like the start of something and is none: $5, C#, a\b.
_TEXT = re.compile(
    r"(?:[^$#\\]++|\$(?!!?\{?[A-Za-z_])|\\+(?![$#\\])|#(?![#*@A-Za-z_]|\{@?[A-Za-z_]|\[\[|[ \t]+end))++"
)
_BACKSLASHES = re.compile(r"\\+")
_LINE_END = re.compile(r"[ \t]*(?:\r\n|\n|\r)")
_REST_OF_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)?")
_DIRECTIVE = re.compile(r"#(?:(@?[A-Za-z_][A-Za-z0-9_]*)|\{(@?[A-Za-z_][A-Za-z0-9_]*)\})")
_BLANK_END = re.compile(r"#[ \t]+end(?![A-Za-z0-9_])")
_COMMENT_OPENS = re.compile(r"<!--\s*\Z")
_COMMENT_CLOSES = re.compile(r"\s*-->")
_ENDS = frozenset({"end", "else", "elseif"})
_NEVER_FRESH = -1


class Parser:
    """One pass over one source. `block` reads until a directive that ends the block."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.fresh = cursor.at
        #: Whether the word that ended the last block stood at the start of its line.
        self.ended_fresh = False
        self.elseif: Expression | None = None
        self.blocks: list[Block] = []

    def template(self) -> tuple[Node, ...]:
        return self.block(None)[0]

    def block(self, opener: str | None) -> tuple[tuple[Node, ...], str]:
        """The nodes up to the end of the block that `opener` opened, and the word that ended it."""
        cursor, start = self.cursor, self.cursor.at
        cursor.enter()
        self.blocks.append(Block())
        closer = None
        while closer is None and cursor.at < len(cursor.source):
            if self._text():
                continue
            here = cursor.source[cursor.at]
            if here == "$":
                self._dollar(0)
            elif here == "#":
                closer = self._hash(opener)
            else:
                self._backslashes()
        if closer is None and opener is not None:
            raise cursor.error(f"#{opener} is never closed: expected #end", start)
        cursor.leave()
        return self.blocks.pop().finished(), closer or ""

    # ---- text

    def write(self, text: str) -> None:
        self.blocks[-1].text.append(text)

    def add(self, node: Node) -> None:
        self.blocks[-1].add(node)

    def _text(self) -> bool:
        found = self.cursor.match(_TEXT)
        if not found:
            return False
        self.write(found[0])
        line_end = max(found[0].rfind("\n"), found[0].rfind("\r"))
        if line_end >= 0:
            self.fresh = found.start() + line_end + 1
        return True

    def _dollar(self, backslashes: int) -> None:
        cursor = self.cursor
        found = REFERENCE.match(cursor.source, cursor.at)
        if found:
            self.add(reference(cursor, backslashes))
        else:
            self.write("\\" * backslashes + "$")
            cursor.at += 1
        self.fresh = _NEVER_FRESH

    def _backslashes(self) -> None:
        cursor, start = self.cursor, self.cursor.at
        cursor.count()
        found = cursor.match(_BACKSLASHES)
        assert found
        count = len(found[0])
        self.fresh = _NEVER_FRESH
        if REFERENCE.match(cursor.source, cursor.at):
            self._dollar(count)
            return
        directive = _DIRECTIVE.match(cursor.source, cursor.at)
        name = directive[1] or directive[2] if directive else ""
        known = name in directives.KNOWN or name in cursor.macros
        if directive is None or not known:
            self.write(cursor.source[start : cursor.at])
        elif count % 2:
            self.write("\\" * ((count - 1) // 2) + directive[0])
            cursor.at = directive.end()
        else:
            # As Velocity: of `\\#set` both stay, of any other directive's one.
            self.write("\\" * (count if name == "set" else count // 2))

    # ---- what begins with a hash

    def _hash(self, opener: str | None) -> str | None:
        """A comment, raw text, a directive, or only a hash. Returns the word that ends the block."""
        cursor, start = self.cursor, self.cursor.at
        cursor.count()
        if cursor.looking_at("##"):
            found = cursor.match(_REST_OF_LINE)
            assert found
            self.fresh = cursor.at
            return None
        if cursor.looking_at("#*"):
            self._skip_to("*#", start)
            return None
        if cursor.looking_at("#[["):
            self._raw(start)
            return None
        blank_end = _BLANK_END.match(cursor.source, start) if opener else None
        if blank_end:
            cursor.warn("`# end` is read as #end; write it without the blank", start)
            return self._ended("end", start, blank_end.end())
        found = _DIRECTIVE.match(cursor.source, start)
        if not found:
            self.write("#")
            cursor.at += 1
            self.fresh = _NEVER_FRESH
            return None
        name = found[1] or found[2]
        if name in _ENDS:
            if opener is None:
                raise cursor.error(f"#{name} without a directive that it could belong to", start)
            return self._ended(name, start, found.end())
        directives.read(self, name, start, found.end())
        return None

    def _skip_to(self, closer: str, start: int) -> None:
        end = self.cursor.source.find(closer, start + 2)
        self.cursor.at = len(self.cursor.source) if end < 0 else end + len(closer)
        self.fresh = _NEVER_FRESH

    def _raw(self, start: int) -> None:
        end = self.cursor.source.find("]]#", start + 3)
        if end < 0:
            raise self.cursor.error("#[[ is never closed: expected ]]#", start)
        self.write(self.cursor.source[start + 3 : end])
        self.cursor.at, self.fresh = end + 3, _NEVER_FRESH

    def _ended(self, word: str, start: int, end: int) -> str:
        """The block ends with this word. The condition of #elseif is read here, and left in `elseif`."""
        self.cursor.at = end
        if word == "elseif":
            self.elseif = condition(self, word)
        self.ended_fresh = self.at_line_start(self.unwrap(start))
        return word

    # ---- white space around directives

    def unwrap(self, start: int) -> int:
        """Take away `<!-- -->` around a directive that ends here; where it begins then."""
        cursor = self.cursor
        opens = _COMMENT_OPENS.search(cursor.source, max(0, start - 40), start)
        closes = _COMMENT_CLOSES.match(cursor.source, cursor.at) if opens else None
        if opens is None or closes is None:
            return start
        if not self.blocks[-1].cut(start - opens.start()):
            return start
        cursor.at = closes.end()
        return opens.start()

    def blanks(self, start: int) -> str:
        """The blanks before it, if nothing else stands before it on its line."""
        before = self.cursor.source[self.fresh : start] if 0 <= self.fresh <= start else ""
        return "" if before.strip(" \t") else before

    def at_line_start(self, start: int) -> bool:
        """Whether nothing but blanks stands before it on its line; those go."""
        blanks = self.blanks(start)
        if not 0 <= self.fresh <= start or len(blanks) != start - self.fresh:
            return False
        self.blocks[-1].cut(len(blanks))
        return True

    def line_end(self) -> str:
        """Step over the line's end, where only blanks stand before it; what was stepped over."""
        found = self.cursor.match(_LINE_END)
        self.fresh = self.cursor.at if found else _NEVER_FRESH
        return found[0] if found else ""


class Block:
    """What was read of a block: nodes, and text behind the last one."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.text: list[str] = []

    def add(self, node: Node) -> None:
        self._flush()
        self.nodes.append(node)

    def cut(self, count: int) -> bool:
        """Take so many characters off the end of the text; whether they were there."""
        text = "".join(self.text)
        if count > len(text):
            return False
        self.text = [text[: len(text) - count]] if count else self.text
        return True

    def finished(self) -> tuple[Node, ...]:
        self._flush()
        return tuple(self.nodes)

    def _flush(self) -> None:
        text = "".join(self.text)
        if text:
            self.nodes.append(Text(text))
        self.text = []


def parse(source: str, limits: Limits = DEFAULT) -> tuple[tuple[Node, ...], list[tuple[int, str]]]:
    """The syntax tree of a template, and what is odd about it (offset, sentence). Raises Malformed."""
    cursor = Cursor(source, limits, _nested)
    try:
        return Parser(cursor).template(), cursor.warnings
    except RecursionError as exc:
        raise Malformed("nested too deeply") from exc


def _nested(outer: Cursor, source: str, at: int) -> tuple[Node, ...]:
    """The tree of a string's inside."""
    inner = outer.inside(source, at)
    nodes = Parser(inner).template()
    outer.nodes = inner.nodes
    return nodes
