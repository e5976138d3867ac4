"""Folding facts into a profile: pure. The newer stamp wins, whatever the order in which facts come.

A trait's stamp is that of the fact that set it. Choices are stamped by element: beside the stamp of the last fact
that named all of them stand those of the elements that came or went after it; an empty list is not set.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from clarion.model import JSONObject
from clarion.profiles.conversion import Refused, TraitType, convert, is_element_change, text_of, type_of
from clarion.profiles.standard import canonical_name, standard_type
from clarion.vault import is_personal_trait

NAME_MAX = 255
Stamps = dict[str, Any]  # name -> stamp, or [stamp, {element: stamp}]


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
    stamps: Stamps


class Definition(Struct, frozen=True):
    """What values of a trait are: converted to `type`, sealed where `personal`, among `options` where given."""

    type: TraitType
    personal: bool = False
    options: tuple[str, ...] | None = None
    readonly: bool = False


class Change(Struct, frozen=True):
    """A trait whose value changed; `value` None: removed (its stamp stays). `refused`: it did not, and why."""

    name: str
    value: Any
    stamp: str
    personal: bool
    refused: str | None = None


class Problem(Struct, frozen=True):
    """Why a trait of this name would not be folded."""

    name: str
    reason: str


class _Held(NamedTuple):
    """A trait's value with the stamps of the whole and of elements."""

    value: Any
    whole: str
    elements: dict[str, str]


def fold(
    standing: Standing, facts: Iterable[Facts], definitions: Mapping[str, Definition]
) -> tuple[Standing, list[Change]]:
    """What the profile holds after these facts, which values changed, and which were refused.

    A name without a definition takes values as they are. With the same definitions any order and any grouping of
    the same facts gives the same standing.
    """
    plain, personal, stamps = dict(standing.plain), dict(standing.personal), dict(standing.stamps)
    changes: dict[str, Change] = {}
    refusals: list[Change] = []
    for fact in facts:
        # "-" sorts below every digit: the past gives way to whatever was told as present, in any order.
        stamp = f"-{fact.stamp}" if fact.history else fact.stamp
        for given, told in fact.traits.items():
            name = canonical_name(given)
            definition = definitions.get(name) or discovered(name, told)
            found = convert(told, definition.type, definition.options)
            if isinstance(found, Refused):
                refusals.append(Change(name, told, fact.stamp, definition.personal, found.reason))
                continue
            values, others = (personal, plain) if definition.personal else (plain, personal)
            before = _held(values.get(name, others.get(name)), stamps.get(name))
            after = _told(before, found.value, stamp, by_element=definition.type == "choices")
            if after is before:
                continue
            stamps[name] = _stamps(after)
            if same(before.value, after.value):
                continue
            _put(values, name, after.value)
            others.pop(name, None)  # where its definition has changed since
            changes[name] = Change(name, after.value, fact.stamp, definition.personal)
    return Standing(plain, personal, stamps), [*changes.values(), *refusals]


def merged(standings: Iterable[Standing], definitions: Mapping[str, Definition]) -> Standing:
    """What several members hold together: the newest stamp of each trait, of each element, wins."""
    plain: JSONObject = {}
    personal: JSONObject = {}
    stamps: Stamps = {}
    for one in standings:
        for name, state in one.stamps.items():
            definition = definitions.get(name)
            sealed = (
                name in one.personal or name in personal or (definition is not None and definition.personal)
            )
            values = personal if sealed else plain
            held = _held(values.get(name), stamps.get(name))
            theirs = _held(one.personal.get(name, one.plain.get(name)), state)
            joined = _joined(held, theirs)
            stamps[name] = _stamps(joined)
            _put(values, name, joined.value)
    return Standing(plain, personal, stamps)


def settled(standing: Standing, name: str, definition: Definition) -> tuple[Standing, Change | None]:
    """The standing with one trait as its definition now wants it: converted, sealed or not; else refused."""
    if name not in standing.stamps:
        return standing, None
    plain, personal, stamps = dict(standing.plain), dict(standing.personal), dict(standing.stamps)
    plain_value, sealed_value = plain.pop(name, None), personal.pop(name, None)
    value = plain_value if sealed_value is None else sealed_value
    held = _held(value, stamps[name])
    newest = max([held.whole, *held.elements.values()])
    if definition.type != "choices":
        stamps[name] = newest
    found = convert(value, definition.type, definition.options)
    refusal = None
    if isinstance(found, Refused):
        refusal = Change(name, value, newest.lstrip("-"), definition.personal, found.reason)
    else:
        _put(personal if definition.personal else plain, name, found.value)
    return Standing(plain, personal, stamps), refusal


def problems(traits: JSONObject, definitions: Mapping[str, Definition]) -> list[Problem]:
    """Which of these traits would not be folded, and why; for doors that say no."""
    found = []
    for given, told in traits.items():
        name = canonical_name(given)
        definition = definitions.get(name) or discovered(name, told)
        converted = convert(told, definition.type, definition.options)
        if definition.readonly:
            found.append(Problem(given, "is read-only"))
        elif isinstance(converted, Refused):
            found.append(Problem(given, converted.reason))
    return found


def discovered(name: str, value: Any) -> Definition:
    """What an undefined name is taken for, from its first value. Standard and personal names have a fixed type."""
    personal = is_personal_trait(name)
    return Definition(standard_type(name) or ("text" if personal else type_of(value)), personal)


def same(held: Any, value: Any) -> bool:
    """Whether two JSON values are equal: true is not 1, but 1.0 is (jsonb gives back large floats as integers)."""
    if isinstance(held, list) and isinstance(value, list):
        return len(held) == len(value) and all(map(same, held, value))
    return isinstance(held, bool) is isinstance(value, bool) and bool(held == value)


def _told(held: _Held, value: Any, stamp: str, *, by_element: bool) -> _Held:
    """What is held after a value of this stamp; `held` itself where it came too late."""
    if by_element and held.value is not None and not isinstance(held.value, list):
        held = held._replace(value=[text_of(held.value)])  # its definition has changed since
    if not by_element:
        newest = max([held.whole, *held.elements.values()])
        return held if newest >= stamp else _Held(value, stamp, {})
    if is_element_change(value):
        told = dict.fromkeys(value.get("remove", ()), False) | dict.fromkeys(value.get("add", ()), True)
        return _joined(held, _Held([e for e, here in told.items() if here], "", dict.fromkeys(told, stamp)))
    return held if held.whole >= stamp else _joined(held, _Held(value, stamp, {}))


def _joined(one: _Held, other: _Held) -> _Held:
    """Two views of one trait as one. Elements of the whole keep their order; later ones follow by stamp."""
    base = one if one.whole >= other.whole else other
    if not one.elements and not other.elements:
        return base
    elements: dict[str, str] = {}
    here: set[str] = set()
    for view in (one, other):
        held = set(view.value or ())
        for element, stamp in view.elements.items():
            if stamp > base.whole and stamp > elements.get(element, ""):
                elements[element] = stamp
                here = here | {element} if element in held else here - {element}
    kept = [e for e in base.value or () if e not in base.elements and e not in elements]
    kept += sorted(here, key=lambda element: (elements[element], element))
    return _Held(kept or None, base.whole, elements)


def _held(value: Any, state: Any) -> _Held:
    if isinstance(state, list):  # [whole, elements]
        return _Held(value, state[0], state[1])
    return _Held(value, state or "", {})


def _stamps(held: _Held) -> Any:
    return [held.whole, held.elements] if held.elements else held.whole


def _put(values: JSONObject, name: str, value: Any) -> None:
    if value is None or value == []:
        values.pop(name, None)
    else:
        values[name] = value
