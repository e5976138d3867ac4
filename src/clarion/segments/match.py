"""Whether a rule holds for one event and one profile. Pure, with two answers.

The rule's value says how is compared; what cannot be compared so does not hold:

| the rule's value | what counts as the same kind |
|---|---|
| text | text, to the letter: case, accents and spaces count |
| number | a number, whole or not; a text that is a number's plain form (`-12.50`), for many shops send prices so |
| true, false | a boolean; never 0, 1 or a text |
| date or time (`before`, `after`) | a text in ISO 8601; without offset it is of the zone, without time midnight |

Missing, null and an empty list are not set: every positive operator is false of them, every negative one true.
Of a list a comparison holds where it does of some element; `contains` of a list means an element that `is` the value.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any as Anything

from msgspec import Struct

from clarion.model import JSONObject
from clarion.segments.rule import NEGATIVE, All, Any, Not, OfProperty, OfTrait, Operator, Rule

_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


class Facts(Struct, frozen=True):
    """What a rule is asked of: an event's properties, a profile's traits. `zone`: of times that say none."""

    properties: JSONObject = {}
    traits: JSONObject = {}
    zone: tzinfo = UTC


def match(rule: Rule, facts: Facts) -> bool:
    """Whether it holds."""
    match rule:
        case All():
            return all(match(one, facts) for one in rule.rules)
        case Any():
            return any(match(one, facts) for one in rule.rules)
        case Not():
            return not match(rule.rule, facts)
        case OfProperty():
            return _holds(rule.operator, value_at(facts.properties, rule.name), rule.value, facts.zone)
        case OfTrait():
            return _holds(rule.operator, facts.traits.get(rule.name), rule.value, facts.zone)


def value_at(properties: JSONObject, name: str) -> Anything:
    """A property by its name, else by its dotted path; None where there is none."""
    if name in properties:
        return properties[name]
    value: Anything = properties
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _holds(operator: Operator, value: Anything, wanted: Anything, zone: tzinfo) -> bool:
    if operator in NEGATIVE:
        return not _holds(NEGATIVE[operator], value, wanted, zone)
    if value is None or value == []:
        return False
    if operator is Operator.IS_SET:
        return True
    if isinstance(value, list):
        compare = _is if operator is Operator.CONTAINS else COMPARISONS[operator]
        return any(compare(element, wanted, zone) for element in value if element is not None)
    return COMPARISONS[operator](value, wanted, zone)


def _is(value: Anything, wanted: Anything, zone: tzinfo) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    if isinstance(wanted, str):
        return isinstance(value, str) and value == wanted
    number = _number(value)
    return number is not None and number == _number(wanted)


def _one_of(value: Anything, wanted: Anything, zone: tzinfo) -> bool:
    return any(_is(value, one, zone) for one in wanted)


def _contains(value: Anything, wanted: Anything, zone: tzinfo) -> bool:
    return isinstance(value, str) and isinstance(wanted, str) and wanted in value


def _starts_with(value: Anything, wanted: Anything, zone: tzinfo) -> bool:
    return isinstance(value, str) and isinstance(wanted, str) and value.startswith(wanted)


def _sized(holds: Callable[[Decimal, Decimal], bool]) -> "_Comparison":
    def compare(value: Anything, wanted: Anything, zone: tzinfo) -> bool:
        number, bound = _number(value), _number(wanted)
        return number is not None and bound is not None and holds(number, bound)

    return compare


def _timed(holds: Callable[[datetime, datetime], bool]) -> "_Comparison":
    def compare(value: Anything, wanted: Anything, zone: tzinfo) -> bool:
        time, bound = _time(value, zone), _time(wanted, zone)
        return time is not None and bound is not None and holds(time, bound)

    return compare


def _number(value: Anything) -> Decimal | None:
    """By the shortest decimal that is the same float, as JSON writes it: 0.1 is 0.1, not a little more."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return Decimal(repr(value))
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def _time(value: Anything, zone: tzinfo) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_Comparison = Callable[[Anything, Anything, tzinfo], bool]
COMPARISONS: Mapping[Operator, _Comparison] = {
    Operator.IS: _is,
    Operator.ONE_OF: _one_of,
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    Operator.GREATER: _sized(lambda number, bound: number > bound),
    Operator.AT_LEAST: _sized(lambda number, bound: number >= bound),
    Operator.LESS: _sized(lambda number, bound: number < bound),
    Operator.AT_MOST: _sized(lambda number, bound: number <= bound),
    Operator.BEFORE: _timed(lambda time, bound: time < bound),
    Operator.AFTER: _timed(lambda time, bound: time >= bound),
}
