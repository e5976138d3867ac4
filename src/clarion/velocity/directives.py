"""Reading each directive: its brackets, its block, the white space that goes with it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from clarion.velocity.errors import Malformed
from clarion.velocity.expressions import NAME, REFERENCE, argument, expression, reference
from clarion.velocity.tree import (
    Break,
    Define,
    Expression,
    Foreach,
    If,
    Macro,
    MacroCall,
    Node,
    Reference,
    Set,
    Stop,
)

if TYPE_CHECKING:  # the parser calls us for each directive, and we it for each block
    from clarion.velocity.parser import Parser

_BRACKET = re.compile(r"(?:[ \t\r\n]|&nbsp;)*+\(")
_SET_BRACKET = re.compile(r"[ \t]*\(")
_AHEAD_CHARS_MAX = 1000
_COMMENT = re.compile(r"##[^\r\n]*")


def read(parser: "Parser", name: str, start: int, end: int) -> None:
    """Read the directive that stands at `start` and whose name ends at `end`."""
    parser.cursor.count()
    parser.cursor.at = end
    if name == "set" and not _SET_BRACKET.match(parser.cursor.source, end):
        _macro_call(parser, name, start)
    elif name in _READERS:
        _READERS[name](parser, start)
    elif name in _REFUSED:
        raise parser.cursor.refusal(f"#{name} is not run here: {_REFUSED[name]}", start)
    else:
        _macro_call(parser, name, start)


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
    _behind_end(parser, fresh)


def _if(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    condition: Expression | None = _condition(parser, "if")
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    branches: list[tuple[Expression | None, tuple[Node, ...]]] = []
    inherited = fresh
    while True:
        # Without a line's end behind it, #if keeps what is known of the line: so does Velocity.
        if not parser.line_end() and inherited:
            parser.fresh = cursor.at
        body, closer = parser.block("if")
        branches.append((condition, body))
        if closer == "end":
            break
        if condition is None:
            raise cursor.error(f"#{closer} behind #else: expected #end")
        inherited = parser.ended_fresh
        condition = None
        if closer == "elseif":
            place = cursor.at - len("#elseif")
            condition = _condition(parser, "elseif")
            parser.unwrap(place)
    parser.add(If(at, tuple(branches)))
    _behind_end(parser, fresh)


def _condition(parser: "Parser", name: str) -> Expression:
    cursor = parser.cursor
    if not cursor.match(_BRACKET):
        raise cursor.error(f"expected ( behind #{name}")
    found = expression(cursor)
    cursor.expect(")", f"to close #{name}")
    return found


def _behind_end(parser: "Parser", fresh: bool) -> str:
    if fresh:
        return parser.line_end()
    parser.fresh = -1
    return ""


def _block(parser: "Parser", name: str) -> tuple[Node, ...]:
    """The block of a directive without #else."""
    parser.line_end()
    body, closer = parser.block(name)
    if closer != "end":
        raise parser.cursor.error(f"#{closer} does not belong to #{name}: expected #end")
    return body


def _foreach(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    if not cursor.match(_BRACKET):
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
        otherwise = _block(parser, "foreach")
    elif closer != "end":
        raise cursor.error(f"#{closer} does not belong to #foreach: expected #end")
    parser.add(Foreach(at, variable.name, items, body, otherwise))
    _behind_end(parser, fresh)


def _define(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    found = _arguments(parser, start, "define")
    if len(found) != 1 or not isinstance(found[0], Reference):
        raise cursor.error("#define takes one reference: #define($name) … #end", start)
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    parser.add(Define(at, found[0].name, _block(parser, "define")))
    _behind_end(parser, fresh)


def _macro(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    cursor.match(_BRACKET)
    cursor.skip()
    name = cursor.match(NAME)
    if not name:
        raise cursor.error("expected the macro's name: #macro(name $parameter)")
    parameters: list[tuple[str, Expression | None]] = []
    while not _closed(parser, "macro"):
        if not REFERENCE.match(cursor.source, cursor.at):
            raise cursor.error("expected a parameter: #macro(name $parameter)")
        parameter, default = reference(cursor), None
        cursor.skip()
        if cursor.take("="):
            cursor.skip()
            default = argument(cursor)
        parameters.append((parameter.name, default))
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    body = _block(parser, "macro")
    cursor.macros.add(name[0])
    parser.add(Macro(at, name[0], tuple(parameters), body))
    _behind_end(parser, fresh)


def _closed(parser: "Parser", name: str) -> bool:
    """Whether the bracket closes here; else step to the next argument."""
    cursor = parser.cursor
    cursor.skip()
    while cursor.match(_COMMENT):
        cursor.skip()
    if cursor.take(","):
        cursor.skip()
    if cursor.at >= len(cursor.source):
        raise cursor.error(f"expected ) to close #{name}")
    return cursor.take(")")


def _arguments(parser: "Parser", start: int, name: str) -> list[Expression]:
    """What stands in the brackets of a directive, if it has any."""
    cursor = parser.cursor
    found: list[Expression] = []
    if not cursor.match(_BRACKET):
        return found
    cursor.enter()
    while not _closed(parser, name):
        value = argument(cursor)
        if value is None:
            raise cursor.error(f"expected an argument of #{name}")
        found.append(value)
    cursor.leave()
    return found


def _break(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    found = _arguments(parser, start, "break")
    if len(found) > 1 or (found and not isinstance(found[0], Reference)):
        raise cursor.error("#break takes one scope at most: #break($foreach)", start)
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    scope = found[0] if found and isinstance(found[0], Reference) else None
    parser.add(Break(at, scope))
    _behind_end(parser, fresh)


def _stop(parser: "Parser", start: int) -> None:
    at = parser.cursor.offset + start
    _arguments(parser, start, "stop")
    start = parser.unwrap(start)
    fresh = parser.at_line_start(start)
    parser.add(Stop(at))
    _behind_end(parser, fresh)


def _macro_call(parser: "Parser", name: str, start: int) -> None:
    """`#name(…)`. What is no macro anywhere in the template is text: a colour, a CSS rule, a hash tag."""
    cursor = parser.cursor
    if name.startswith("@"):
        _block_call(parser, name, start)
    elif name in cursor.defined:
        found = _arguments(parser, start, name)
        at, source = cursor.offset + start, cursor.source[start : cursor.at]
        before, after = _white_space(parser, start)
        parser.add(MacroCall(at, name, tuple(found), None, source, before, after))
    else:
        _skip_arguments(parser, start, name)
        parser.write(cursor.source[start : cursor.at])
        parser.fresh = -1


def _block_call(parser: "Parser", name: str, start: int) -> None:
    cursor = parser.cursor
    found = _arguments(parser, start, name)
    before = parser.blanks(start)
    fresh = parser.at_line_start(start)
    body = _block(parser, name)
    at, source = cursor.offset + start, cursor.source[start : cursor.at]
    after = _behind_end(parser, fresh)
    parser.add(MacroCall(at, name[1:], tuple(found), body, source, before, after))


def _white_space(parser: "Parser", start: int) -> tuple[str, str]:
    """Take away, and say, the white space that goes with a directive on a line of its own."""
    before = parser.blanks(start)
    return before, _behind_end(parser, parser.at_line_start(start))


def _skip_arguments(parser: "Parser", start: int, name: str) -> None:
    """Over what reads like the arguments of a macro that there is not: references in it are text as well."""
    cursor = parser.cursor
    if not _BRACKET.match(cursor.source, cursor.at):
        return
    ahead = cursor.inside(cursor.source[cursor.at : cursor.at + _AHEAD_CHARS_MAX], cursor.at)
    try:
        _arguments(type(parser)(ahead), start, name)
        cursor.at += ahead.at
    except Malformed:
        ahead.count()  # a template of nothing else must end as well
    cursor.nodes = ahead.nodes


_READERS: dict[str, Callable[["Parser", int], None]] = {
    "set": _set,
    "if": _if,
    "foreach": _foreach,
    "define": _define,
    "macro": _macro,
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
