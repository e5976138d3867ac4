"""What directives have in common: brackets with arguments, a block, the line's end behind it."""

import re
from typing import TYPE_CHECKING

from clarion.velocity.expressions import argument, expression
from clarion.velocity.tree import Expression, Node

if TYPE_CHECKING:  # the parser calls the directives, and they it for each block
    from clarion.velocity.parser import Parser

BRACKET = re.compile(r"(?:[ \t\r\n]|&nbsp;)*+\(")
_COMMENT = re.compile(r"##[^\r\n]*")


def condition(parser: "Parser", name: str) -> Expression:
    cursor = parser.cursor
    if not cursor.match(BRACKET):
        raise cursor.error(f"expected ( behind #{name}")
    found = expression(cursor)
    cursor.expect(")", f"to close #{name}")
    return found


def behind_end(parser: "Parser", fresh: bool) -> str:
    if fresh:
        return parser.line_end()
    parser.fresh = -1
    return ""


def block(parser: "Parser", name: str) -> tuple[Node, ...]:
    """The block of a directive without #else."""
    parser.line_end()
    body, closer = parser.block(name)
    if closer != "end":
        raise parser.cursor.error(f"#{closer} does not belong to #{name}: expected #end")
    return body


def closed(parser: "Parser", name: str) -> bool:
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


def arguments(parser: "Parser", start: int, name: str) -> list[Expression]:
    """What stands in the brackets of a directive, if it has any."""
    cursor = parser.cursor
    found: list[Expression] = []
    if not cursor.match(BRACKET):
        return found
    cursor.enter()
    while not closed(parser, name):
        value = argument(cursor)
        if value is None:
            raise cursor.error(f"expected an argument of #{name}")
        found.append(value)
    cursor.leave()
    return found
