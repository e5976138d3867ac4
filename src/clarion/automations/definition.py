"""What an automation is: its JSON, as closed types with a published schema. Pure."""

import re
from typing import Annotated, Any, Literal, TypeAlias, Union

import msgspec
from msgspec import Meta, Struct

from clarion import errors
from clarion.messaging.port import Channel, MessageClass
from clarion.segments import Rule

NODES_MAX = 200
WAIT_MAX_S = 366 * 86_400
_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}

NodeId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255, pattern="^[^\\u0000]*$")]
Duration: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[0-9]{1,6}[smhdw]$", description="`30s`, `15m`, `2h`, `1d`, `1w`; a day is 24 hours."),
]


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is unknown is refused: a field that nobody reads would be a promise."""


class OnEvent(_Part, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """Starts with an event of a metric, where the rule holds for its properties.

    `lost`: what of it was deleted. While that is said it cannot be published.
    """

    metric: Name
    where: Rule | None = None
    lost: str | None = None


class Entry(_Part, frozen=True, kw_only=True):
    """Who may come in.

    `again`: whether a person who was in before starts another run: `always`, `after_end` (not while one goes on) or
    `never`. `window`: events whose own time is longer ago start none.
    """

    again: Literal["always", "after_end", "never"] = "always"
    window: Duration = "24h"


class Wait(_Part, frozen=True, kw_only=True, tag_field="type", tag="wait"):
    """Goes on after a time."""

    duration: Duration
    next: NodeId | None = None


class Branch(_Part, frozen=True, kw_only=True, tag_field="type", tag="branch"):
    """Goes on to `yes` where the rule holds for the event's properties and the profile's traits, else to `no`."""

    rule: Rule
    yes: NodeId | None = None
    no: NodeId | None = None


class SendMessage(_Part, frozen=True, kw_only=True, tag_field="type", tag="send"):
    """Has a message planned. What becomes of it (consent, quiet hours, caps) does not hold up the run."""

    template: Annotated[str, Meta(min_length=1, max_length=255, description="Its name or number.")]
    channel: Channel = "email"
    message_class: MessageClass | None = None  # the template's own
    topic: Name | None = None
    next: NodeId | None = None


class UpdateProfile(_Part, frozen=True, kw_only=True, tag_field="type", tag="update_profile"):
    """Sets traits; null takes one away."""

    traits: Annotated[dict[str, Any], Meta(min_length=1, max_length=100)]
    next: NodeId | None = None


class Exit(_Part, frozen=True, kw_only=True, tag_field="type", tag="exit"):
    """The end."""


Trigger: TypeAlias = OnEvent  # segments as triggers come beside it
Node: TypeAlias = Union[Wait, Branch, SendMessage, UpdateProfile, Exit]  # noqa: UP007  # msgspec shows their tags


class Definition(_Part, frozen=True, kw_only=True):
    """A trigger, and the steps from `start` on. The graph has no cycle: repetition is coming in again."""

    trigger: Trigger
    start: NodeId
    nodes: Annotated[dict[NodeId, Node], Meta(min_length=1, max_length=NODES_MAX)]
    entry: Entry = Entry()


_decoder = msgspec.json.Decoder(Definition)


def read(document: bytes | str) -> Definition:
    """From JSON. Raises Invalid, which says where it is not of this form."""
    try:
        return _decoder.decode(document)
    except (msgspec.MsgspecError, RecursionError) as exc:
        raise errors.Invalid(f"this is no automation: {exc}") from exc


def write(definition: Definition) -> str:
    """As JSON, without what is as by default."""
    return msgspec.json.encode(definition).decode()


def schema() -> dict[str, Any]:
    """The published JSON schema."""
    return msgspec.json.schema(Definition)


def seconds(duration: str) -> int:
    """How long `90m` is."""
    found = re.fullmatch(r"([0-9]+)([smhdw])", duration)
    assert found is not None, "the type lets nothing else in"
    return int(found[1]) * _UNIT_S[found[2]]


def exits_of(node: Node) -> dict[str, str | None]:
    """Where it leads, by the field that says so."""
    match node:
        case Branch():
            return {"yes": node.yes, "no": node.no}
        case Exit():
            return {}
        case _:
            return {"next": node.next}
