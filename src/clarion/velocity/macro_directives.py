"""Reading #macro, and calls of macros."""

from typing import TYPE_CHECKING

from clarion.velocity.brackets import BRACKET, arguments, behind_end, block, closed
from clarion.velocity.errors import Malformed
from clarion.velocity.expressions import NAME, REFERENCE, argument, reference
from clarion.velocity.tree import Expression, Macro, MacroCall

if TYPE_CHECKING:  # the parser calls the directives, and they it for each block
    from clarion.velocity.parser import Parser

#: So far is looked whether what follows a name are arguments, where there is no such macro.
_AHEAD_CHARS_MAX = 1000


def macro(parser: "Parser", start: int) -> None:
    cursor, at = parser.cursor, parser.cursor.offset + start
    cursor.match(BRACKET)
    cursor.skip()
    name = cursor.match(NAME)
    if not name:
        raise cursor.error("expected the macro's name: #macro(name $parameter)")
    parameters: list[tuple[str, Expression | None]] = []
    while not closed(parser, "macro"):
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
    body = block(parser, "macro")
    cursor.macros.add(name[0])
    parser.add(Macro(at, name[0], tuple(parameters), body))
    behind_end(parser, fresh)


def macro_call(parser: "Parser", name: str, start: int) -> None:
    """`#name(…)`. What is no macro anywhere in the template is text: a colour, a CSS rule, a hash tag."""
    cursor = parser.cursor
    if name.startswith("@"):
        _block_call(parser, name, start)
    elif name in cursor.defined:
        found = arguments(parser, start, name)
        at, source = cursor.offset + start, cursor.source[start : cursor.at]
        before, after = _white_space(parser, start)
        parser.add(MacroCall(at, name, tuple(found), None, source, before, after))
    else:
        _skip_arguments(parser, start, name)
        parser.write(cursor.source[start : cursor.at])
        parser.fresh = -1


def _block_call(parser: "Parser", name: str, start: int) -> None:
    cursor = parser.cursor
    found = arguments(parser, start, name)
    before = parser.blanks(start)
    fresh = parser.at_line_start(start)
    body = block(parser, name)
    at, source = cursor.offset + start, cursor.source[start : cursor.at]
    after = behind_end(parser, fresh)
    parser.add(MacroCall(at, name[1:], tuple(found), body, source, before, after))


def _white_space(parser: "Parser", start: int) -> tuple[str, str]:
    """Take away, and say, the white space that goes with a directive on a line of its own."""
    before = parser.blanks(start)
    return before, behind_end(parser, parser.at_line_start(start))


def _skip_arguments(parser: "Parser", start: int, name: str) -> None:
    """Over what reads like the arguments of a macro that there is not: references in it are text as well."""
    cursor = parser.cursor
    if not BRACKET.match(cursor.source, cursor.at):
        return
    ahead = cursor.inside(cursor.source[cursor.at : cursor.at + _AHEAD_CHARS_MAX], cursor.at)
    try:
        arguments(type(parser)(ahead), start, name)
        cursor.at += ahead.at
    except Malformed:
        ahead.count()  # a template of nothing else must end as well
    cursor.nodes = ahead.nodes
