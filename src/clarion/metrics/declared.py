"""What a caller says of a metric before its first event: a title, and the attributes of its events. Pure."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from clarion import errors

#: PostgreSQL keeps no U+0000.
Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255, pattern="^[^\\u0000]*$")]
Title: TypeAlias = Annotated[str, Meta(max_length=255, pattern="^[^\\u0000]*$")]
AttributeType = Literal["text", "integer", "decimal", "boolean", "date"]


class Attribute(Struct, frozen=True, kw_only=True):
    """A property that a metric's events may have. `code` names it in an event, `title` for people."""

    code: Code
    title: Title = ""
    type: AttributeType


class Declaration(Struct, frozen=True, kw_only=True):
    """A metric as a caller defines it."""

    name: str
    title: str = ""
    attributes: tuple[Attribute, ...] = ()


class TooMany(errors.Declined):
    """A call would define more than may be."""
