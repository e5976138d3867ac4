"""Reading each directive: its brackets, its block, the white space that goes with it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from clarion.velocity.brackets import BRACKET, arguments, behind_end, block, condition
from clarion.velocity.expressions import NAME, REFERENCE, argument, expression, reference
from clarion.velocity.macro_directives import macro, macro_call
from clarion.velocity.tree import (
    Break,
    Define,
    Expression,
    Foreach,
    If,
    Node,
    Reference,
    Set,
    Stop,
)

if TYPE_CHECKING:  # the parser calls us for each directive, and we it for each block
    from clarion.velocity.parser import Parser

_SET_BRACKET = re.compile(r"[ \t]*\(")


def read(parser: "Parser", name: str, start: int, end: int) -> None:
    """Read the directive that stands at `start` and whose name ends at `end`."""
    parser.cursor.count()
    parser.cursor.at = end
    if name == "set" and not _SET_BRACKET.match(parser.cursor.source, end):
        macro_call(parser, name, start)
    elif name in _READERS:
        _READERS[name](parser, start)
    elif name in _REFUSED:
        raise parser.cursor.refusal(f"#{name} is not run here: {_REFUSED[name]}", start)
    else:
        macro_call(parser, name, start)


def _set(parser: "Parser", start: int) -> None:
    cursor = parser.cursor
    cursor.match(_SET_BRACKET)
    cursor.skip()
    if not REFERENCE.match(cursor.source, cursor.at):
        raise cursor.error("expected the reference that #set gives a value")
    target = reference(cursor)
    cursor.skip()
    cursor.expect("=", "behind the reference in #set")
    value = expression(cursor)
    cursor.expect(")", "to close #set")
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    parser.add(Set(cursor.offset + start, target, value))
    behind_end(parser, fresh)


def _if(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    holds: Expression | None = condition(parser, "if")
    start = parser.unwrap(start)
    fresh = line_fresh = parser.at_line_start(start)
    branches: list[tuple[Expression | None, tuple[Node, ...]]] = []
    while True:
        # Without a line's end behind it, #if keeps what is known of the line: so does Velocity.
        if not parser.line_end() and line_fresh:
            parser.fresh = cursor.at
        body, closer = parser.block("if")
        branches.append((holds, body))
        if closer == "end":
            break
        if holds is None:
            raise cursor.error(f"#{closer} behind #else: expected #end")
        holds = parser.elseif if closer == "elseif" else None
        line_fresh = parser.ended_fresh
    parser.add(If(at, tuple(branches)))
    behind_end(parser, fresh)


def _foreach(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    if not cursor.match(BRACKET):
        raise cursor.error("expected ( behind #foreach")
    cursor.skip()
    if not REFERENCE.match(cursor.source, cursor.at):
        raise cursor.error("expected a reference: #foreach($item in $items)")
    variable = reference(cursor)
    cursor.skip()
    if not cursor.match(NAME):
        raise cursor.error("expected `in`: #foreach($item in $items)")
    cursor.skip()
    items = argument(cursor)
    if items is None:
        raise cursor.error("expected what to go through: #foreach($item in $items)")
    cursor.skip()
    cursor.expect(")", "to close #foreach")
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    parser.line_end()
    body, closer = parser.block("foreach")
    otherwise: tuple[Node, ...] = ()
    if closer == "else":
        otherwise = block(parser, "foreach")
    elif closer != "end":
        raise cursor.error(f"#{closer} does not belong to #foreach: expected #end")
    parser.add(Foreach(at, variable.name, items, body, otherwise))
    behind_end(parser, fresh)


def _define(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    found = arguments(parser, start, "define")
    if len(found) != 1 or not isinstance(found[0], Reference):
        raise cursor.error("#define takes one reference: #define($name) … #end", start)
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    parser.add(Define(at, found[0].name, block(parser, "define")))
    behind_end(parser, fresh)


def _break(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    found = arguments(parser, start, "break")
    if len(found) > 1 or (found and not isinstance(found[0], Reference)):
        raise cursor.error("#break takes one scope at most: #break($foreach)", start)
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    scope = found[0] if found and isinstance(found[0], Reference) else None
    parser.add(Break(at, scope))
    behind_end(parser, fresh)


def _stop(parser: "Parser", start: int) -> None:
    at = parser.cursor.offset + start
    arguments(parser, start, "stop")
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    parser.add(Stop(at))
    behind_end(parser, fresh)


_READERS: dict[str, Callable[["Parser", int], None]] = {
    "set": _set,
    "if": _if,
    "foreach": _foreach,
    "define": _define,
    "macro": macro,
    "break": _break,
    "stop": _stop,
}
_REFUSED = {
    "parse": "a template cannot read another one",
    "include": "a template cannot read files",
    "evaluate": "text from data is never run as a template",
}
#: What a backslash before a hash escapes.
KNOWN = frozenset({*_READERS, *_REFUSED, "else", "elseif", "end"})
