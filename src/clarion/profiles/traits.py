"""Folding facts into a profile: pure. The newer stamp wins, whatever the order in which facts come."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from clarion.model import JSONObject
from clarion.profiles.standard import canonical_name

TraitType = Literal["text", "integer", "decimal", "boolean", "date", "datetime", "choice", "choices"]
NAME_MAX = 255


class Facts(Struct, frozen=True, gc=False):
    """Traits that one item told of one profile. `stamp`: 16 hex of the accept time in us, 32 hex of the item's id.

    `history`: past facts; they fill only what is not set.
    """

    traits: JSONObject
    stamp: str
    history: bool = False


class Standing(Struct, frozen=True):
    """What a profile holds: plain and personal values by canonical name, and each one's stamp."""

    plain: JSONObject
    personal: JSONObject
    stamps: dict[str, str]


class Change(Struct, frozen=True):
    """A trait whose value changed; `value` None: removed (its stamp stays)."""

    name: str
    value: Any
    stamp: str
    personal: bool


def fold(
    standing: Standing, facts: Iterable[Facts], personal: frozenset[str]
) -> tuple[Standing, list[Change]]:
    """What the profile holds after these facts, and which values changed. `personal` names are sealed apart."""
    plain, sealed = dict(standing.plain), dict(standing.personal)
    stamps = dict(standing.stamps)
    changes: dict[str, Change] = {}
    for fact in facts:
        # "-" sorts below every digit: the past gives way to whatever was told as present, in any order.
        stamp = f"-{fact.stamp}" if fact.history else fact.stamp
        for given, value in fact.traits.items():
            name = canonical_name(given)
            if stamps.get(name, "") >= stamp:
                continue
            stamps[name] = stamp
            values = sealed if name in personal else plain
            held = values.get(name)
            if same(held, value):
                continue
            if value is None:
                del values[name]
            else:
                values[name] = value
            changes[name] = Change(name, value, fact.stamp, name in personal)
    return Standing(plain, sealed, stamps), list(changes.values())


def merged(standings: Iterable[Standing]) -> Standing:
    """What the members of one person hold together: of each trait the value with the newest stamp."""
    plain: JSONObject = {}
    personal: JSONObject = {}
    stamps: dict[str, str] = {}
    for standing in standings:
        for name, stamp in standing.stamps.items():
            if stamp <= stamps.get(name, ""):
                continue
            stamps[name] = stamp
            for values, held in ((plain, standing.plain), (personal, standing.personal)):
                values.pop(name, None)
                if name in held:
                    values[name] = held[name]
    return Standing(plain, personal, stamps)


def same(held: Any, value: Any) -> bool:
    """Whether two JSON values are equal: true is not 1, but 1.0 is (jsonb gives back large floats as integers)."""
    if isinstance(held, list) and isinstance(value, list):
        return len(held) == len(value) and all(map(same, held, value))
    return isinstance(held, bool) is isinstance(value, bool) and bool(held == value)


def type_of(value: Any) -> TraitType:
    """The type that a trait is discovered with, from its first value."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "decimal"
        case list():
            return "choices"
        case str() if len(value) == 10 and _is_date(value):
            return "date"
        case str() if len(value) >= 16 and value[4:5] == "-" and _is_date(value[:10]):
            return "datetime"
        case _:
            return "text"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return text[4] == "-"
