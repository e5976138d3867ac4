"""Reading strings: in single quotes as they are, in double quotes with references and directives in them."""

import re

from clarion.velocity.cursor import Cursor
from clarion.velocity.tree import Expression, Interpolated, Literal

_STRING = re.compile(
    r'"(?P<double>(?:[^"]++|"")*+)"'
    r"|'(?P<single>(?:[^']++|'')*+)'"
    r"|&quot;(?P<quoted>(?:[^&]++|&(?!quot;))*+)&quot;"
    r"|&\#39;(?P<apostrophes>(?:[^&]++|&(?!\#39;))*+)&\#39;",
    re.DOTALL,
)
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " ", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))


def string(cursor: Cursor) -> Expression:
    at = cursor.count()
    found = cursor.match(_STRING)
    if not found:
        raise cursor.error("a string without its closing quote")
    if found["apostrophes"] is not None:
        return Literal(at, _plain(found["apostrophes"]))
    if found["single"] is not None:
        return Literal(at, found["single"].replace("''", "'"))
    inside = found["double"] if found["double"] is not None else _plain(found["quoted"])
    inside = _UNICODE.sub(lambda hit: chr(int(hit[1], 16)), inside).replace('""', '"')
    if "$" not in inside and "#" not in inside:
        return Literal(at, inside)
    return Interpolated(at, cursor.nested(cursor, inside, found.start(found.lastgroup or 0)))


def _plain(text: str) -> str:
    return _ENTITY.sub(lambda hit: _ENTITIES[hit[0]], text)
