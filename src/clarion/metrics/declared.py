"""What a caller says of a metric before its first event: a title, and the attributes of its events. Pure."""

from typing import Literal

from msgspec import Struct

from clarion import errors

AttributeType = Literal["text", "integer", "decimal", "boolean", "date"]


class Attribute(Struct, frozen=True, kw_only=True):
    """A property that a metric's events may have. `code` names it in an event, `title` for people."""

    code: str
    title: str = ""
    type: AttributeType


class Declaration(Struct, frozen=True, kw_only=True):
    """A metric as a caller defines it."""

    name: str
    title: str = ""
    attributes: tuple[Attribute, ...] = ()


class TooMany(errors.Declined):
    """A call would define more than may be."""
