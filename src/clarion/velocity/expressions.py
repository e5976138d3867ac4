"""Reading expressions and references (user guide: "References", "Directives: #set", "Conditionals").

Visual editors write `&gt; &lt; &amp;&amp; &quot; &#39; &nbsp;` for the characters: here they are read as what is meant.
"""

import re
from typing import Any

from clarion.velocity.cursor import Cursor
from clarion.velocity.strings import string
from clarion.velocity.tree import (
    Call,
    Expression,
    Index,
    ListOf,
    Literal,
    MapOf,
    Negative,
    Not,
    Operation,
    Property,
    Range,
    Reference,
    Step,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
REFERENCE = re.compile(r"\$(!?)(\{?)([A-Za-z_][A-Za-z0-9_]*)")
#: A bracket opens arguments only where an argument could begin: `$name.size(in cm)` is a property and text.
_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)(\((?=[\s)\"'$\[{(!.\d\u00a0-]|&|(?:true|false|not)\b|\Z))?")
_FLOAT = re.compile(r"-?(?:\d+\.(?!\.)\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)")
_INTEGER = re.compile(r"-?\d+")
_OPERATOR = re.compile(
    r"(?P<or>\|\||or\b)|(?P<and>&&|&amp;&amp;|and\b)|(?P<eq>==|eq\b)|(?P<ne>!=|ne\b)"
    r"|(?P<le><=|&lt;=|le\b)|(?P<ge>>=|&gt;=|ge\b)|(?P<lt><|&lt;|lt\b)|(?P<gt>>|&gt;|gt\b)"
    r"|(?P<minus>-(?!\d|\.\d))|(?P<plus>\+)|(?P<times>\*)|(?P<over>/)|(?P<rest>%)"
)
#: Group -> how tightly it binds, and its sign in the tree.
_BINDS = {
    "or": (1, "||"),
    "and": (2, "&&"),
    "eq": (3, "=="),
    "ne": (3, "!="),
    "lt": (4, "<"),
    "gt": (4, ">"),
    "le": (4, "<="),
    "ge": (4, ">="),
    "plus": (5, "+"),
    "minus": (5, "-"),
    "times": (6, "*"),
    "over": (6, "/"),
    "rest": (6, "%"),
}
_SIGNED = re.compile(r"-[\d.]")
#: In a row, without brackets.
OPERATORS_MAX = 100
_NOT = re.compile(r"!|not\b")


def expression(cursor: Cursor, binding: int = 1) -> Expression:
    """An expression whose operators bind at least so tightly, and the blanks around it."""
    cursor.skip()
    start = cursor.at
    left, operators = _unary(cursor), 0
    while True:
        cursor.skip()
        found = _OPERATOR.match(cursor.source, cursor.at)
        if not found or found.lastgroup is None or _BINDS[found.lastgroup][0] < binding:
            break
        at, before, (tightness, sign) = cursor.count(), cursor.at, _BINDS[found.lastgroup]
        operators += 1
        if operators > OPERATORS_MAX:
            raise cursor.error(f"more than {OPERATORS_MAX} operators in a row")
        cursor.at = found.end()
        cursor.skip()
        right_start = cursor.at
        cursor.enter()
        right = expression(cursor, tightness + 1)
        cursor.leave()
        texts = (_source(cursor, left, start, before), _source(cursor, right, right_start, cursor.at))
        left = Operation(at, sign, left, right, texts)
    if _SIGNED.match(cursor.source, cursor.at):
        raise cursor.error("a minus that takes away needs a blank behind it (3 - 1): expected an operator")
    return left


def _source(cursor: Cursor, operand: Expression, start: int, end: int) -> str:
    """How an operand is written: what a `+` with a string prints where it has no value."""
    if isinstance(operand, Reference):
        return operand.source
    return cursor.source[start : min(end, start + 100)].rstrip()


def _unary(cursor: Cursor) -> Expression:
    if _NOT.match(cursor.source, cursor.at):
        at = cursor.count()
        cursor.match(_NOT)
        cursor.skip()
        cursor.enter()
        operand = _unary(cursor)
        cursor.leave()
        return Not(at, operand)
    if cursor.looking_at("-") and not (
        _FLOAT.match(cursor.source, cursor.at) or _INTEGER.match(cursor.source, cursor.at)
    ):
        at = cursor.count()
        cursor.at += 1
        cursor.skip()
        return Negative(at, operand_of(cursor))
    return operand_of(cursor)


def operand_of(cursor: Cursor) -> Expression:
    """A string, number, reference, list, range, map, truth value, or brackets around an expression."""
    at = cursor.count()
    if cursor.take("("):
        cursor.enter()
        within = expression(cursor)
        cursor.leave()
        cursor.expect(")", "to close the bracket")
        return within
    found = argument(cursor)
    if found is None:
        raise cursor.error("expected a value (a reference, number, string, list or map)", at - cursor.offset)
    return found


def argument(cursor: Cursor) -> Expression | None:
    """What directives take without operators; None where there is no such thing here."""
    at, source = cursor.offset + cursor.at, cursor.source
    here = source[cursor.at : cursor.at + 1]
    if here == "$":
        return reference(cursor)
    if here in {'"', "'"} or (here == "&" and source.startswith(("&quot;", "&#39;"), cursor.at)):
        return string(cursor)
    if here == "[":
        return _list(cursor)
    if here == "{":
        return _map(cursor)
    if found := cursor.match(_FLOAT):
        return Literal(at, float(found[0]))
    if found := cursor.match(_INTEGER):
        if len(found[0]) > 400:
            raise cursor.error("a number of more than 400 digits", at - cursor.offset)
        return Literal(at, int(found[0]))
    word = NAME.match(source, cursor.at)
    if word and word[0] in {"true", "false"}:
        cursor.at = word.end()
        return Literal(at, word[0] == "true")
    return None


def _list(cursor: Cursor) -> Expression:
    at = cursor.count()
    cursor.at += 1
    cursor.enter()
    items: list[Expression] = []
    cursor.skip()
    if not cursor.looking_at("]"):
        items.append(expression(cursor))
        if cursor.take(".."):
            last = expression(cursor)
            cursor.expect("]", "to close the range")
            cursor.leave()
            return Range(at, items[0], last)
        while cursor.take(","):
            items.append(expression(cursor))
    cursor.expect("]", "or a comma in the list")
    cursor.leave()
    return ListOf(at, tuple(items))


def _map(cursor: Cursor) -> Expression:
    at = cursor.count()
    cursor.at += 1
    cursor.enter()
    pairs: list[tuple[Expression, Expression]] = []
    cursor.skip()
    while not cursor.looking_at("}"):
        key = expression(cursor)
        cursor.expect(":", "between a key of the map and its value")
        pairs.append((key, expression(cursor)))
        if not cursor.take(","):
            break
    cursor.expect("}", "or a comma in the map")
    cursor.leave()
    return MapOf(at, tuple(pairs))


def reference(cursor: Cursor, backslashes: int = 0) -> Reference:
    """A reference, from its dollar on. Only an identifier begins one: the caller has seen to that."""
    at, start = cursor.count(), cursor.at
    found = cursor.match(REFERENCE)
    if not found:
        raise cursor.error("expected the name of a reference", start)
    quiet, formal, name = found[1] == "!", found[2] == "{", found[3]
    steps = tuple(_steps(cursor))
    alternate: Any = None
    if formal:
        if cursor.looking_at("|") and not cursor.looking_at("||"):
            cursor.at += 1
            cursor.enter()
            alternate = expression(cursor)
            cursor.leave()
        cursor.expect("}", f"to close the reference ${{{name}")
    return Reference(at, name, steps, cursor.source[start : cursor.at], quiet, alternate, backslashes)


def _steps(cursor: Cursor) -> list[Step]:
    steps: list[Step] = []
    while True:
        at = cursor.offset + cursor.at
        if cursor.looking_at("["):
            cursor.at += 1
            cursor.enter()
            steps.append(Index(at, expression(cursor)))
            cursor.leave()
            cursor.expect("]", "to close the index")
        elif found := cursor.match(_STEP):
            steps.append(Call(at, found[1], _arguments(cursor)) if found[2] else Property(at, found[1]))
        else:
            return steps
        cursor.count()


def _arguments(cursor: Cursor) -> tuple[Expression, ...]:
    cursor.skip()
    if cursor.take(")"):
        return ()
    cursor.enter()
    found = [expression(cursor)]
    while cursor.take(","):
        found.append(expression(cursor))
    cursor.leave()
    cursor.expect(")", "or a comma between arguments")
    return tuple(found)
