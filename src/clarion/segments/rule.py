"""The rule tree: closed types, limits, and the published JSON schema. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias, Union
from typing import Any as Anything

import msgspec
from msgspec import Meta, Struct

from clarion.vault import is_personal_property, is_personal_trait

DEPTH_MAX = 10
RULES_MAX = 200
VALUES_MAX = 1_000


class Operator(StrEnum):
    """How a value is compared. A negative operator holds wherever its positive one does not, also of nothing."""

    IS = "is"  #: the same value: text to the letter, numbers by size
    IS_NOT = "is_not"  #: not `is`
    ONE_OF = "one_of"  #: `is` one of the values
    NONE_OF = "none_of"  #: not `one_of`
    CONTAINS = "contains"  #: a text has this part; a list has this element
    CONTAINS_NOT = "contains_not"  #: not `contains`
    STARTS_WITH = "starts_with"  #: a text begins so
    GREATER = "greater"  #: a number above
    AT_LEAST = "at_least"  #: a number not below
    LESS = "less"  #: a number below
    AT_MOST = "at_most"  #: a number not above
    BEFORE = "before"  #: a time earlier than
    AFTER = "after"  #: a time not earlier than
    IS_SET = "is_set"  #: there is a value
    IS_NOT_SET = "is_not_set"  #: there is none: missing, null, or an empty list


#: Negative -> the positive operator whose opposite it is.
NEGATIVE: Mapping[Operator, Operator] = {
    Operator.IS_NOT: Operator.IS,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.CONTAINS_NOT: Operator.CONTAINS,
    Operator.IS_NOT_SET: Operator.IS_SET,
}
#: What can be asked of sealed values: each by its blind index.
OF_PERSONAL = frozenset(
    {Operator.IS, Operator.IS_NOT, Operator.ONE_OF, Operator.NONE_OF, Operator.IS_SET, Operator.IS_NOT_SET}
)
_NUMBERS = frozenset({Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST})
_TIMES = frozenset({Operator.BEFORE, Operator.AFTER})
_LISTS = frozenset({Operator.ONE_OF, Operator.NONE_OF})
_NOTHING = frozenset({Operator.IS_SET, Operator.IS_NOT_SET})

# No `pattern` here: with one in a type that names itself the interpreter may crash as it ends (msgspec issue 717).
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Text: TypeAlias = Annotated[str, Meta(max_length=2_000)]
Scalar: TypeAlias = bool | int | float | Text
Value: TypeAlias = Scalar | Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=VALUES_MAX)] | None


class _Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Told apart by `kind`."""


class All(_Rule, frozen=True, kw_only=True, tag="all"):
    """Holds where each of them does; of none always."""

    rules: Annotated[tuple["Rule", ...], Meta(max_length=RULES_MAX)]


class Any(_Rule, frozen=True, kw_only=True, tag="any"):
    """Holds where one of them does; of none never."""

    rules: Annotated[tuple["Rule", ...], Meta(max_length=RULES_MAX)]


class Not(_Rule, frozen=True, kw_only=True, tag="not"):
    """Holds where the other does not."""

    rule: "Rule"


class OfProperty(_Rule, frozen=True, kw_only=True, tag="property"):
    """About a property of the event: `name` may be a path with dots. `value`: none for `is_set` and `is_not_set`."""

    name: Name
    operator: Operator
    value: Value = None


class OfTrait(_Rule, frozen=True, kw_only=True, tag="trait"):
    """About a trait of the profile, by its canonical name."""

    name: Name
    operator: Operator
    value: Value = None


Rule: TypeAlias = Union[All, Any, Not, OfProperty, OfTrait]  # noqa: UP007  # the forward names are texts


class Problem(Struct, frozen=True):
    """What is wrong, and where: `trigger.where.rules[1]`."""

    where: str
    what: str


def problems_of(rule: "Rule", where: str = "rule") -> list[Problem]:
    """What the types cannot say: depth, number, and values that do not fit their operators."""
    found: list[Problem] = []
    for count, (place, depth, one) in enumerate(_walk(rule, where, 1), 1):
        if depth > DEPTH_MAX:
            found.append(_too_deep(place, depth))
            break
        if count > RULES_MAX:
            found.append(Problem(place, f"is one of more than {RULES_MAX} rules"))
            break
        if isinstance(one, (OfProperty, OfTrait)):
            found += [Problem(place, what) for what in _flaws(one)]
    return found


def too_deep(rule: "Rule", where: str = "rule") -> Problem | None:
    """Where it is deeper than a rule may be: what is much deeper can be read and not written, or the reverse."""
    for place, depth, _ in _walk(rule, where, 1):
        if depth > DEPTH_MAX:
            return _too_deep(place, depth)
    return None


def leaves(rule: "Rule") -> Iterator[OfProperty | OfTrait]:
    """All that it asks."""
    for _, _, one in _walk(rule, "", 1):
        if isinstance(one, (OfProperty, OfTrait)):
            yield one


def uses_traits(rule: "Rule") -> bool:
    """Whether it asks of the profile, not of the event alone."""
    return any(isinstance(one, OfTrait) for one in leaves(rule))


def schema() -> dict[str, Anything]:
    """The JSON schema of a rule."""
    return msgspec.json.schema(Rule)


def _too_deep(place: str, depth: int) -> Problem:
    return Problem(place, f"is {depth} deep; {DEPTH_MAX} is the most")


def _walk(rule: "Rule", where: str, depth: int) -> Iterator[tuple[str, int, "Rule"]]:
    yield where, depth, rule
    if depth > DEPTH_MAX:
        return
    below: Sequence[tuple[str, Rule]] = ()
    if isinstance(rule, (All, Any)):
        below = [(f"{where}.rules[{place}]", one) for place, one in enumerate(rule.rules)]
    elif isinstance(rule, Not):
        below = [(f"{where}.rule", rule.rule)]
    for place, one in below:
        yield from _walk(one, place, depth + 1)


def _flaws(rule: OfProperty | OfTrait) -> Iterator[str]:
    operator, value = rule.operator, rule.value
    if operator in _NOTHING:
        if value is not None:
            yield f"`{operator}` takes no value"
    elif operator in _LISTS:
        if not isinstance(value, tuple):
            yield f"`{operator}` takes a list of values"
    elif value is None or isinstance(value, tuple):
        yield f"`{operator}` takes one value"
    elif operator in _NUMBERS and (isinstance(value, bool) or not isinstance(value, (int, float))):
        yield f"`{operator}` takes a number"
    elif operator in _TIMES and not _is_time(value):
        yield f"`{operator}` takes a date or time as ISO 8601 writes it"
    elif operator is Operator.STARTS_WITH and not isinstance(value, str):
        yield f"`{operator}` takes a text"
    if operator not in OF_PERSONAL and _is_personal(rule):
        yield f"`{operator}` cannot be asked of {rule.name}: personal values are sealed"


def _is_personal(rule: OfProperty | OfTrait) -> bool:
    if isinstance(rule, OfTrait):
        return is_personal_trait(rule.name)
    return any(map(is_personal_property, rule.name.split(".")))


def _is_time(value: Anything) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True
