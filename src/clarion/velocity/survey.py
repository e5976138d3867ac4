"""What a template says of itself, found by walking its tree: macros, names it reads, whether it changes data."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from clarion.velocity.tree import Call, Define, Foreach, Index, Literal, Macro, Property, Reference, Set

_CHANGING = frozenset({"add", "addAll", "set", "put", "putAll", "remove", "clear"})


@dataclass
class Survey:
    """`reads` are the keys of $data with the offsets where they are read; `names` other variables."""

    macros: dict[str, Macro] = field(default_factory=dict)
    reads: dict[str, list[int]] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=dict)
    methods: list[tuple[str, int, int]] = field(default_factory=list)
    changes_data: bool = False
    #: Whether it says $velocityCount or $velocityHasNext.
    counts_loops: bool = False


def survey(nodes: Any) -> Survey:
    """Walk the tree once."""
    found, given = Survey(), {"foreach", "velocityCount", "velocityHasNext", "bodyContent"}
    for node in _walk(nodes):
        match node:
            case Macro():
                found.macros[node.name] = node
                given.update(name for name, _ in node.parameters)
            case Set():
                found.changes_data |= bool(node.target.steps)
                if not node.target.steps:
                    given.add(node.target.name)
            case Foreach() | Define():
                given.add(node.name)
            case Reference():
                _note(found, node)
            case _:
                pass
    found.counts_loops = not found.names.keys().isdisjoint({"velocityCount", "velocityHasNext"})
    found.names = {name: where for name, where in found.names.items() if name not in given}
    return found


def _note(found: Survey, reference: Reference) -> None:
    key = _first_key(reference) if reference.name == "data" else None
    if key is not None:
        found.reads.setdefault(key, []).append(reference.at)
    elif reference.name != "data":
        found.names.setdefault(reference.name, []).append(reference.at)
    for step in reference.steps:
        if isinstance(step, Call):
            found.changes_data |= step.name in _CHANGING
            found.methods.append((step.name, len(step.arguments), step.at))


def _first_key(reference: Reference) -> str | None:
    """`a` of $data.get('a'), $data.a, $data['a']."""
    if not reference.steps:
        return None
    match reference.steps[0]:
        case Property(name=name):
            return name
        case Call(name="get", arguments=(Literal(value=str(key)),)) | Index(key=Literal(value=str(key))):
            return key
        case _:
            return None


def _walk(node: Any) -> Iterator[Any]:
    """Every part of a tree, from the top, without recursion."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting.extend(reversed(each))
        elif is_dataclass(each):
            yield each
            if isinstance(each, Set):
                waiting.extend((each.value, each.target.steps))
            else:
                waiting.extend(reversed([getattr(each, part.name) for part in fields(each)]))
