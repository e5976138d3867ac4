"""`$foreach`: where a loop stands, and what a template may ask of it (user guide: "Loops")."""

from typing import Any

from clarion.velocity.conversions import Method, taking
from clarion.velocity.values import Printable


class Loop(Printable):
    """One running #foreach."""

    __slots__ = ("index", "last_index", "parent")

    def __init__(self, count: int, parent: "Loop | None") -> None:
        self.index, self.last_index, self.parent = -1, count - 1, parent

    def text(self) -> str:
        return "{}"


def _outermost(loop: Loop) -> Loop:
    while loop.parent is not None:
        loop = loop.parent
    return loop


_count = taking()(lambda loop: loop.index + 1)
_index = taking()(lambda loop: loop.index)
_has_next = taking()(lambda loop: loop.index < loop.last_index)
_first = taking()(lambda loop: loop.index == 0)
_last = taking()(lambda loop: loop.index == loop.last_index)
_parent = taking()(lambda loop: loop.parent)
_topmost = taking()(_outermost)

PROPERTIES: dict[str, Method] = {
    "index": _index,
    "count": _count,
    "hasNext": _has_next,
    "first": _first,
    "last": _last,
    "parent": _parent,
    "topmost": _topmost,
}
METHODS: dict[tuple[str, int], Method] = {
    ("getIndex", 0): _index,
    ("getCount", 0): _count,
    ("hasNext", 0): _has_next,
    ("getHasNext", 0): _has_next,
    ("isFirst", 0): _first,
    ("isLast", 0): _last,
    ("getParent", 0): _parent,
    ("getTopmost", 0): _topmost,
}


def within(value: Any) -> "Loop | None":
    """The loop around a new one, if `$foreach` is one."""
    return value if isinstance(value, Loop) else None
