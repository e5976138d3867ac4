"""What an automation becomes when something that it uses is gone: never one that sends to more people. Pure."""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct, structs

from clarion.automations.definition import Branch, Definition, SendMessage, UpdateProfile
from clarion.segments import Any, OfProperty, OfTrait, Rule, leaves

NEVER = Any(rules=())  # holds for nobody, so that everybody takes `no`


class LostMetric(Struct, frozen=True):
    """A kind of event that is deleted."""

    name: str

    def __str__(self) -> str:
        return f"metric {self.name}"


class LostAttributes(Struct, frozen=True):
    """Attributes that a metric's events may no longer have, or of another type."""

    metric: str
    codes: frozenset[str]

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.codes))} of metric {self.metric}"


class LostTrait(Struct, frozen=True):
    """A trait that is deleted, or of another type."""

    name: str

    def __str__(self) -> str:
        return f"trait {self.name}"


Lost = LostMetric | LostAttributes | LostTrait


class Effect(StrEnum):
    """What a loss does."""

    PAUSED = "paused"  #: its trigger asked of it: nothing starts, what goes on stands still
    TAKES_NO = "takes_no"  #: a branch asked of it: everybody takes `no` there
    WARNED = "warned"  #: it goes on as it was: a message shows nothing there, or a step makes the trait anew


class Consequence(Struct, frozen=True):
    """One effect, and where in the definition."""

    effect: Effect
    where: str


def without(definition: Definition, lost: Lost) -> tuple[Definition, list[Consequence]]:
    """The definition as it does without, and what that means; the same and nothing where it does not use it."""
    found = list(_of_trigger(definition, lost))
    trigger = structs.replace(definition.trigger, lost=str(lost)) if found else definition.trigger
    nodes = dict(definition.nodes)
    for name, node in definition.nodes.items():
        match node:
            case Branch() if asks(node.rule, lost, definition.trigger.metric):
                nodes[name] = structs.replace(node, rule=NEVER)
                found.append(Consequence(Effect.TAKES_NO, f"nodes.{name}.rule"))
            case UpdateProfile() if isinstance(lost, LostTrait) and lost.name in node.traits:
                found.append(Consequence(Effect.WARNED, f"nodes.{name}.traits"))
            case _:
                pass
    return structs.replace(definition, trigger=trigger, nodes=nodes), found


def shown_names(definition: Definition, lost: Lost) -> frozenset[str]:
    """What a message of this automation would show in vain."""
    match lost:
        case LostTrait(name=name):
            return frozenset({name})
        case LostAttributes(metric=metric, codes=codes) if metric == definition.trigger.metric:
            return codes
        case _:
            return frozenset()


def sends(definition: Definition) -> Iterator[tuple[str, SendMessage]]:
    """The nodes that have a message planned."""
    for name, node in definition.nodes.items():
        if isinstance(node, SendMessage):
            yield name, node


def asks(rule: Rule, lost: Lost, metric: str) -> bool:
    """Whether a rule about an event of `metric` and its profile asks of what is lost."""
    return any(_is_lost(one, lost, metric) for one in leaves(rule))


def _of_trigger(definition: Definition, lost: Lost) -> Iterator[Consequence]:
    """To leave out its condition would let more people in: so it stands still until somebody says what starts it."""
    trigger = definition.trigger
    if isinstance(lost, LostMetric) and lost.name == trigger.metric:
        yield Consequence(Effect.PAUSED, "trigger.metric")
    elif trigger.where is not None and asks(trigger.where, lost, trigger.metric):
        yield Consequence(Effect.PAUSED, "trigger.where")


def _is_lost(one: OfProperty | OfTrait, lost: Lost, metric: str) -> bool:
    match lost:
        case LostTrait(name=name):
            return isinstance(one, OfTrait) and one.name == name
        case LostAttributes(metric=of, codes=codes):
            # A name may be a path into the attribute.
            lies_in = one.name in codes or one.name.partition(".")[0] in codes
            return isinstance(one, OfProperty) and of == metric and lies_in
        case LostMetric():
            return False
