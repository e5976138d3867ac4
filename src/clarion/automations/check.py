"""What is wrong with a definition, and where. Pure."""

from collections.abc import Collection, Iterator, Mapping, Set
from typing import Any

import msgspec

from clarion.automations.definition import (
    WAIT_MAX_S,
    Branch,
    Definition,
    SendMessage,
    UpdateProfile,
    Wait,
    exits_of,
    seconds,
)
from clarion.messaging.port import Channel
from clarion.segments import Problem, problems_of, too_deep, uses_traits

#: Templates by name and by number, each with the channels that it has a text for.
Templates = Mapping[str, Collection[Channel]]
#: Lists and objects in each other, in what a node sets.
TRAITS_DEPTH_MAX = 32

_LOST = (
    "says that {} is gone: make it anew or ask for another, then save it without `lost` (`automation edit`)"
)
_NO_TEMPLATE = "there is no template {}: make it, or name one of `template list`"


def check(definition: Definition, templates: Templates) -> list[Problem]:
    """All of it; nothing where the definition can be published."""
    return [*_of_trigger(definition), *_of_nodes(definition, templates), *_of_graph(definition)]


def check_depth(definition: Definition) -> list[Problem]:
    """What must not even be kept as a draft: so deep that it might never be read again."""
    where = definition.trigger.where
    found = [] if where is None else [too_deep(where, "trigger.where")]
    for name, node in definition.nodes.items():
        match node:
            case Branch():
                found.append(too_deep(node.rule, f"nodes.{name}.rule"))
            case UpdateProfile() if _is_deeper(node.traits, TRAITS_DEPTH_MAX):
                what = f"are nested more than {TRAITS_DEPTH_MAX} deep"
                found.append(Problem(f"nodes.{name}.traits", what))
    return [one for one in found if one is not None]


def _is_deeper(value: Any, levels: int) -> bool:
    """Level by level, without recursion."""
    level = [value]
    for _ in range(levels + 1):
        inner = [
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        ]
        level = [one for several in inner for one in several]
    return any(isinstance(one, dict | list) for one in level)


def _of_trigger(definition: Definition) -> Iterator[Problem]:
    where, lost = definition.trigger.where, definition.trigger.lost
    if lost is not None:
        yield Problem("trigger.lost", _LOST.format(lost))
    if where is not None:
        yield from problems_of(where, "trigger.where")
        if uses_traits(where):
            yield Problem("trigger.where", "asks of traits: begin with a branch on them instead")
    if not 0 < seconds(definition.entry.window) <= WAIT_MAX_S:
        yield Problem("entry.window", "is more than nothing and at most a year")


def _of_nodes(definition: Definition, templates: Templates) -> Iterator[Problem]:
    for name, node in definition.nodes.items():
        match node:
            case Wait() if not 0 < seconds(node.duration) <= WAIT_MAX_S:
                yield Problem(f"nodes.{name}.duration", "is more than nothing and at most a year")
            case Branch():
                yield from problems_of(node.rule, f"nodes.{name}.rule")
            case UpdateProfile() if b"\\u0000" in msgspec.json.encode(node.traits):
                yield Problem(f"nodes.{name}.traits", "hold U+0000, which no profile can")
            case SendMessage() if node.template not in templates:
                yield Problem(f"nodes.{name}.template", _NO_TEMPLATE.format(node.template))
            case SendMessage() if node.channel not in templates[node.template]:
                yield Problem(f"nodes.{name}.channel", f"{node.template} is not for {node.channel}")


def _of_graph(definition: Definition) -> Iterator[Problem]:
    nodes = definition.nodes
    if definition.start not in nodes:
        yield Problem("start", f"there is no node {definition.start}")
        return
    for name, node in nodes.items():
        for field, target in exits_of(node).items():
            if target is None:
                yield Problem(
                    f"nodes.{name}.{field}", "is a dead end: say which node follows, an exit at last"
                )
            elif target not in nodes:
                yield Problem(f"nodes.{name}.{field}", f"there is no node {target}")
    reached, cycle = _walk(definition)
    if cycle is not None:
        yield Problem(f"nodes.{cycle}", "leads back to itself: a graph has no cycle, people come in again")
    for name in nodes.keys() - reached:
        yield Problem(f"nodes.{name}", "is never reached")


def _walk(definition: Definition) -> tuple[Set[str], str | None]:
    """What can be reached from the start, and a node on a cycle. Without recursion: a chain may be long."""
    nodes, done, on_path = definition.nodes, set[str](), set[str]()
    cycle = None
    stack = [(definition.start, False)]
    while stack:
        name, left = stack.pop()
        if left:
            on_path.discard(name)
            done.add(name)
        elif name in on_path:
            cycle = name
        elif name not in done:
            on_path.add(name)
            stack.append((name, True))
            stack += [(target, False) for target in exits_of(nodes[name]).values() if target in nodes]
    return done, cycle
