"""What properties an event shows: names, types and an example; pure."""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from clarion.model import JSONObject
from clarion.vault import is_personal_property

PropertyType = Literal["text", "integer", "decimal", "boolean", "datetime", "list", "null"]
EXAMPLE_CHARACTERS_MAX = 200
PATH_CHARACTERS_MAX = 500
Shape = tuple[tuple[str, ...], tuple[type, ...]]  # of properties: their names and types


class Property(Struct, frozen=True):
    """A property by its dotted path; `example` is None where it is personal."""

    name: str
    type: PropertyType
    example: Any
    personal: bool


def shape_of(properties: JSONObject) -> Shape | None:
    """What properties of events of one metric share; None for what holds objects, which has no short name."""
    types = tuple(map(type, properties.values()))
    return None if dict in types else (tuple(properties), types)


def properties_of(properties: JSONObject) -> Iterator[tuple[str, Any]]:
    """Each leaf as (dotted path, value); a list is a leaf."""
    for name, value in properties.items():
        if isinstance(value, dict):
            for below, leaf in properties_of(value):
                yield f"{name}.{below}", leaf
        else:
            yield name, value


def described(path: str, value: Any) -> Property:
    """What the catalogue says of one leaf."""
    personal = any(is_personal_property(name) for name in path.split("."))
    return Property(
        path[:PATH_CHARACTERS_MAX], type_of(value), None if personal else _example(value), personal
    )


def type_of(value: Any) -> PropertyType:
    """The catalogue's word for a JSON value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "decimal"
        case str():
            return "text"
        case _:
            return "list"


def _example(value: Any) -> Any:
    if isinstance(value, str):
        return value[:EXAMPLE_CHARACTERS_MAX]
    return None if isinstance(value, list) else value  # a list may hold anything, also what is personal
