"""The table of everything that a template may call: (name, number of arguments) -> type of the value -> function.

What is not in it cannot be called. -1 stands for any number of arguments.
"""

from typing import Any

from clarion.velocity import loop
from clarion.velocity.conversions import Method
from clarion.velocity.data_methods import ENTRY, LIST, MAP, RANGE, VIEW
from clarion.velocity.data_methods import put as put_in_map
from clarion.velocity.errors import Trouble
from clarion.velocity.json_tool import JSON
from clarion.velocity.loop import Loop
from clarion.velocity.number_methods import BOOLEAN, NUMBER, NUMBERS
from clarion.velocity.state import State
from clarion.velocity.text_methods import CHAR, STRING
from clarion.velocity.tools import DATES, ESCAPES, MATHS, NUMERALS, Tool
from clarion.velocity.values import Char, Entry, Safe, View

_TABLES: dict[type, dict[tuple[str, int], Method]] = {
    str: STRING,
    Safe: STRING,
    Char: CHAR,
    list: LIST,
    tuple: RANGE,
    range: RANGE,
    View: VIEW,
    dict: MAP,
    Entry: ENTRY,
    bool: BOOLEAN,
    **dict.fromkeys(NUMBERS, NUMBER),
    Loop: loop.METHODS,
    MATHS: MATHS.methods,
    NUMERALS: NUMERALS.methods,
    DATES: DATES.methods,
    ESCAPES: ESCAPES.methods,
    JSON: JSON.methods,
}


def _by_name() -> dict[tuple[str, int], dict[type, Method]]:
    names: dict[tuple[str, int], dict[type, Method]] = {}
    for kind, table in _TABLES.items():
        for name, method in table.items():
            names.setdefault(name, {})[kind] = method
    return names


METHODS = _by_name()
_GETTERS = METHODS["get", 1]

#: Tools by the name that templates know them by.
TOOLS: dict[str, Tool] = {
    "mathTool": MATHS(),
    "numberTool": NUMERALS(),
    "dateTool": DATES(),
    "esc": ESCAPES(),
    "jsonTool": JSON(),
}

_EMPTY: dict[type, Method] = {
    kind: table["isEmpty", 0]
    for kind, table in _TABLES.items()
    if ("isEmpty", 0) in table and kind is not dict
}
_PROPERTIES: dict[str, dict[type, Method]] = {
    "empty": _EMPTY,
    "Empty": _EMPTY,
    "blank": {str: STRING["isBlank", 0], Safe: STRING["isBlank", 0]},
    "key": {Entry: ENTRY["getKey", 0]},
    "value": {Entry: ENTRY["getValue", 0]},
    **{name: {Loop: method} for name, method in loop.PROPERTIES.items()},
}


def properties(name: str) -> dict[type, Method]:
    """By the type of the value, what `.name` without brackets reads: a getter, or a method without arguments."""
    plain = {} if name == "clear" else METHODS.get((name, 0), {})
    return {**plain, **_PROPERTIES.get(name, {})}


def named(name: str, count: int) -> dict[type, Method]:
    """By the type of the value, the method of this name that takes so many arguments."""
    return {**METHODS.get((name, -1), {}), **METHODS.get((name, count), {})}


def element(state: State, target: Any, key: Any) -> Any:
    """`target.get(key)` and `target[key]`; None where there is no such method."""
    getter = _GETTERS.get(type(target))
    return None if getter is None else getter(state, target, key)


def index_of(target: Any, index: int) -> int:
    """An index from the end, as one from the start: [-1] is the last element."""
    if not isinstance(target, list | tuple | range | dict):
        raise Trouble(f"the index {index} counts from the end, but this has no size")
    return len(target) + index


def put(state: State, target: Any, key: Any, value: Any) -> None:
    """What `#set($target[key] = value)` does; nothing where that is not possible."""
    if type(target) is list:
        LIST["set", 2](state, target, key, value)
    elif type(target) is dict:
        put_in_map(state, target, key, value)
