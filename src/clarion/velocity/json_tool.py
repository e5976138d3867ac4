"""`$jsonTool`: reading and writing JSON documents."""

import json
from decimal import Decimal
from typing import Any, ClassVar

from clarion.velocity.conversions import Method
from clarion.velocity.errors import Trouble
from clarion.velocity.state import State
from clarion.velocity.tools import Tool

#: As many values in a JSON document, read or written.
_JSON_VALUES_MAX = 20_000
_JSON_CHARS_MAX = 200_000


def _parse(state: State, tool: Any, document: Any) -> Any:
    if not isinstance(document, str):
        return None
    if len(document) > _JSON_CHARS_MAX:
        raise Trouble(f"a JSON document is longer than {_JSON_CHARS_MAX:,} characters")
    state.spend(4 * len(document))
    try:
        value = json.loads(document)
    except (ValueError, RecursionError) as exc:
        raise Trouble("not a JSON document") from exc
    state.keep(_weight(state, value))
    return value


def _written(state: State, tool: Any, value: Any) -> Any:
    state.keep(_weight(state, value))
    try:
        document = json.dumps(value, ensure_ascii=False, default=_plain)
    except (ValueError, TypeError, RecursionError) as exc:
        raise Trouble("not a value of JSON") from exc
    state.spend(len(document))
    return document


def _plain(value: Any) -> Any:
    if type(value) is range:
        return list(value)
    if type(value) is Decimal:
        return float(value)
    raise TypeError


def _weight(state: State, value: Any) -> int:
    """How many values it holds; what stands in it twice counts twice."""
    state.check()
    waiting, count, chars = [value], 0, 0
    while waiting:
        each = waiting.pop()
        count += 1 + (len(each) if type(each) is range else 0)
        chars += len(each) if isinstance(each, str) else 0
        if count > _JSON_VALUES_MAX or chars > _JSON_CHARS_MAX:
            raise Trouble(f"more than {_JSON_VALUES_MAX:,} values or {_JSON_CHARS_MAX:,} characters of JSON")
        if type(each) is dict:
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return count


class JSON(Tool):
    """`$jsonTool`"""

    __slots__ = ()
    methods: ClassVar[dict[tuple[str, int], Method]] = {
        ("parse", 1): _parse,
        ("toJson", 1): _written,
        ("stringify", 1): _written,
    }
