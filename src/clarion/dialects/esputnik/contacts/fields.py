"""The catalogue of additional fields: definitions of traits, as the vendor shows them."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from clarion import profiles
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import wire
from clarion.dialects.esputnik.contacts import mapping
from clarion.profiles import ShownTrait

_GROUP = "Personal"  #: of fields that are in none
_TYPES = {
    "text": "textfield",
    "integer": "number",
    "decimal": "decimal",
    "boolean": "combobox",
    "date": "date",
    "datetime": "datetime",
    "choice": "combobox",
    "choices": "checkboxlist",
}
_YES_NO = ("true", "false")


class Allowed(Struct, frozen=True, rename="camel"):
    possible_values: Sequence[str]


class Description(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Booleans are text."""

    type: str
    required: str
    readonly: str
    allowed_values: Allowed | None = None


class Field(Struct, frozen=True, rename="camel"):
    """An additional field. `id` is what is passed in a contact's `fields`; numbers are text."""

    id: str
    name: str
    field_key: str
    description: Description


class Group(Struct, frozen=True):
    name: str
    fields: list[Field]


class Book(Struct, frozen=True, rename="camel"):
    """`fieldGroups` is one group where there is but one."""

    address_book_id: str
    name: str
    field_groups: Group | list[Group]


class Catalogue(Struct, frozen=True, rename="camel"):
    address_book: Book


class Fields(Struct, frozen=True):
    fields: list[Field]


async def catalogue(asked: Asked) -> Catalogue:
    """The additional fields of contacts with their ids, by group."""
    groups: dict[str, list[Field]] = {}
    for trait in await _traits(asked):
        groups.setdefault(trait.group or _GROUP, []).append(_field(trait))
    shown = [Group(name, fields) for name, fields in groups.items()] or [Group(_GROUP, [])]
    collapsed: Any = wire.collapsed(shown)
    return Catalogue(Book(str(mapping.ADDRESS_BOOK), "Main", collapsed))


async def list_all(asked: Asked) -> Fields:
    """The additional fields of contacts, without groups."""
    return Fields([_field(trait) for trait in await _traits(asked)])


async def _traits(asked: Asked) -> list[ShownTrait]:
    found = await asked.transact(lambda tx: profiles.list_traits(tx, asked.workspace_id))
    return [trait for trait in found if trait.name not in mapping.HIDDEN]


def _field(trait: ShownTrait) -> Field:
    values = _YES_NO if trait.type == "boolean" else trait.options
    return Field(
        id=str(trait.number),
        name=trait.name,
        field_key=trait.name,
        description=Description(
            type=_TYPES[trait.type],
            required=_YES_NO[not trait.required],
            readonly=_YES_NO[not trait.readonly],
            allowed_values=Allowed(values) if values else None,
        ),
    )
