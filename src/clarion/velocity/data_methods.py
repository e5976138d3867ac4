"""What a template may ask of lists, maps and entries."""

from collections.abc import Callable
from typing import Any

from clarion.velocity.conversions import UNFIT, Method, taking, whole
from clarion.velocity.errors import Trouble
from clarion.velocity.state import State
from clarion.velocity.values import COMPARED_MAX, Entry, View, inner, same

# ---- lists


def _position(values: Any, index: Any, count: int) -> int | None:
    """The index, in bounds; None where it is no index."""
    index = whole(index)
    if index is UNFIT:
        return None
    if not 0 <= index < count:
        raise Trouble(f"index {index} is out of bounds for length {len(values)}")
    return int(index)


def _at(state: State, values: Any, index: Any) -> Any:
    position = _position(values, index, len(values))
    return None if position is None else values[position]


def _find(values: Any, wanted: Any) -> int:
    room = [len(values) + COMPARED_MAX]
    return next((at for at, value in enumerate(values) if same(value, wanted, room)), -1)


def _find_last(values: Any, wanted: Any) -> int:
    room = [len(values) + COMPARED_MAX]
    return next((at for at in range(len(values) - 1, -1, -1) if same(values[at], wanted, room)), -1)


def _equals(state: State, values: Any, other: Any) -> bool:
    state.check()
    return same(values, other)


def _has(values: Any, wanted: Any) -> bool:
    return _find(values, wanted) >= 0


def _going_through(function: Callable[[Any, Any], Any]) -> Method:
    """A method that looks at every element: that is work."""

    def run(state: State, values: Any, wanted: Any) -> Any:
        state.check()
        state.spend(len(values))
        return function(values, wanted)

    return run


def _has_all(state: State, values: Any, wanted: Any) -> Any:
    if not isinstance(wanted, list | range | tuple):
        return None
    state.check()
    state.spend(len(values) * (len(wanted) + 1))
    return all(_has(values, each) for each in wanted)


def _slice(state: State, values: Any, begin: Any, end: Any) -> Any:
    begin, end = whole(begin), whole(end)
    if begin is UNFIT or end is UNFIT:
        return None
    if not 0 <= begin <= end <= len(values):
        raise Trouble(f"subList: from {begin} to {end}, length {len(values)}")
    state.keep(end - begin)
    return list(values[begin:end])


def _add(state: State, values: list[Any], value: Any) -> bool:
    state.keep(1)
    values.append(value)
    return True


def _insert(state: State, values: list[Any], index: Any, value: Any) -> Any:
    position = _position(values, index, len(values) + 1)
    if position is None:
        return None
    state.keep(1)
    state.spend(len(values))
    values.insert(position, value)
    return ""


def _replace_at(state: State, values: list[Any], index: Any, value: Any) -> Any:
    position = _position(values, index, len(values))
    if position is None:
        return None
    before, values[position] = values[position], value
    return before


def _remove(state: State, values: list[Any], which: Any) -> Any:
    """By index where it is an int, as Java chooses; else the first such element."""
    state.check()
    state.spend(len(values))
    if type(which) is int:
        position = _position(values, which, len(values))
        assert position is not None
        return values.pop(position)
    at = _find(values, which)
    if at >= 0:
        values.pop(at)
    return at >= 0


def _add_all(state: State, values: list[Any], more: Any) -> Any:
    if not isinstance(more, list | range | tuple):
        return None
    state.keep(len(more))
    values.extend(more)
    return len(more) > 0


def _clear(values: Any) -> str:
    values.clear()
    return ""


_COUNTED: dict[tuple[str, int], Method] = {
    ("size", 0): taking()(len),
    ("isEmpty", 0): taking()(lambda values: len(values) == 0),
    ("contains", 1): _going_through(_has),
    ("containsAll", 1): _has_all,
    ("toString", 0): taking()(inner),
    ("equals", 1): _equals,
}
RANGE = _COUNTED | {
    ("get", 1): _at,
    ("subList", 2): _slice,
    ("indexOf", 1): _going_through(_find),
    ("lastIndexOf", 1): _going_through(_find_last),
}
LIST = RANGE | {
    ("add", 1): _add,
    ("add", 2): _insert,
    ("addAll", 1): _add_all,
    ("set", 2): _replace_at,
    ("remove", 1): _remove,
    ("clear", 0): taking()(_clear),
}
VIEW = _COUNTED

# ---- maps


def key_of(key: Any) -> Any:
    """What a map's key is looked up by: what cannot be one is found nowhere."""
    try:
        hash(key)
    except TypeError:
        return _NO_KEY
    return key


_NO_KEY = object()


def _get(state: State, values: dict[Any, Any], key: Any) -> Any:
    return values.get(key_of(key))


def put(state: State, values: dict[Any, Any], key: Any, value: Any) -> Any:
    """Java's Map.put: gives back what was there."""
    state.keep(1)
    found = key_of(key)
    if found is _NO_KEY:
        raise Trouble("a list or a map cannot be a map's key here")
    before, values[found] = values.get(found), value
    return before


def _put_all(state: State, values: dict[Any, Any], more: Any) -> Any:
    if not isinstance(more, dict):
        return None
    state.keep(len(more))
    values.update(more)
    return ""


def _entries(state: State, values: dict[Any, Any]) -> View:
    state.keep(len(values))
    return View(Entry(key, value) for key, value in values.items())


def _keys(state: State, values: dict[Any, Any]) -> View:
    state.spend(len(values))
    return View(values)


def _values(state: State, values: dict[Any, Any]) -> View:
    state.spend(len(values))
    return View(values.values())


MAP: dict[tuple[str, int], Method] = {
    ("get", 1): _get,
    ("getOrDefault", 2): lambda state, values, key, default: values.get(key_of(key), default),
    ("containsKey", 1): lambda state, values, key: key_of(key) in values,
    ("containsValue", 1): _going_through(lambda values, value: _has(values.values(), value)),
    ("keySet", 0): _keys,
    ("values", 0): _values,
    ("entrySet", 0): _entries,
    ("size", 0): taking()(len),
    ("isEmpty", 0): taking()(lambda values: not values),
    ("put", 2): put,
    ("putAll", 1): _put_all,
    ("remove", 1): lambda state, values, key: values.pop(key_of(key), None),
    ("clear", 0): taking()(_clear),
    ("toString", 0): taking()(inner),
    ("equals", 1): _equals,
}
ENTRY: dict[tuple[str, int], Method] = {
    ("getKey", 0): taking()(lambda entry: entry.key),
    ("getValue", 0): taking()(lambda entry: entry.value),
    ("toString", 0): taking()(inner),
    ("equals", 1): _equals,
}
