"""What reads a vendor's bytes, of all dialects, for test_parsers.py; a new dialect adds its own."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from clarion.dialects.smashsend import contacts, mapping, wire
from clarion.dialects.smashsend.contacts import mapping as contacts_mapping
from clarion.dialects.smashsend.contacts import wire as contacts_wire
from clarion.model import Offer

NOW_US = 1_768_473_000_000_000


class Parser(Struct, frozen=True):
    """`parse` answers what came of it (offers and inbounds are looked at closely) or raises one of `refusals`.

    `names`: fields that it knows, so that what is made up comes near to what is right.
    """

    name: str
    parse: Callable[[bytes], Sequence[Any]]
    refusals: tuple[type[Exception], ...]
    names: tuple[str, ...]


def _event(body: bytes) -> Sequence[Any]:
    judged = mapping.judge(body, NOW_US)
    if isinstance(judged, Offer):
        return [judged]
    mapping.sample(body, judged)
    return []


def _batch(body: bytes) -> Sequence[Any]:
    return [offer for event in wire.read_batch(body) for offer in _event(bytes(event))]


def _contact(body: bytes) -> Sequence[Any]:
    return [contacts_mapping.told(contacts_wire.read(body, contacts_wire.Properties).properties).change()]


def _taken_at_once(kind: type[Any]) -> Callable[[bytes], Sequence[Any]]:
    def parse(body: bytes) -> Sequence[Any]:
        contacts_wire.read(body, kind)
        return []

    return parse


_EVENT_FIELDS = (
    "event",
    "identify",
    "email",
    "traits",
    "properties",
    "timestamp",
    "messageId",
    "events",
    "phone",
)
_CONTACT_FIELDS = ("properties", "email", "status", "phone", "firstName", "add", "remove", "contacts")
_OTHER_FIELDS = ("displayName", "type", "apiSlug", "typeConfig", "options", "role", "status", "contacts")
PARSERS = [
    Parser("smashsend event", _event, (), _EVENT_FIELDS),
    Parser("smashsend batch", _batch, (wire.Malformed,), _EVENT_FIELDS),
    Parser("smashsend contact", _contact, (wire.Malformed,), _CONTACT_FIELDS),
    *(
        Parser(
            f"smashsend {one.method} {one.path}", _taken_at_once(one.body), (wire.Malformed,), _OTHER_FIELDS
        )
        for one in contacts.CALLS
        if one.body is not None
    ),
]
