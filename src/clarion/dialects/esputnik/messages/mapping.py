"""What is to be sent to whom, recipient by recipient, and what became of it in the vendor's words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import profiles
from clarion.dialects import _storable
from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.contacts.mapping import number
from clarion.dialects.esputnik.messages import wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import JSONObject
from clarion.model.email import canonical_email

DELIVERED = "DELIVERED"  # of the vendor's words the one that its page names; the others are ours
FAILED = "UNDELIVERED"
_JSON_PARAM = "jsonParam is not a JSON object"


class Wanted(Struct, frozen=True):
    """One message: to a contact, or to an address; `data` is what its template shows."""

    contact: int | None
    address: str | None
    email: bool
    data: JSONObject
    language: str | None = None
    external_request_id: str | None = None


class Refused(Struct, frozen=True):
    """A recipient to whom nothing is sent, and why."""

    locator: str
    message: str


class Queued(Struct, frozen=True):
    """A recipient to whom a message is on its way."""

    locator: str
    request_id: UUID


def recipients(sent: wire.Smartsend) -> list[Wanted | Refused]:
    """Each for itself: a wrong one stops no other."""
    given = sent.recipients if isinstance(sent.recipients, list) else [sent.recipients]
    return [_recipient(one, sent) for one in given]


def addresses(given: Sequence[str | int], *, email: bool) -> list[Wanted | Refused]:
    """Of a message that is sent as it stands."""
    return [_to(str(one), None, email=email, data={}) for one in given]


def request_ids(asked: wire.Asked) -> list[UUID]:
    """Raises Malformed."""
    try:
        return [UUID(text.strip()) for text in asked.ids.split(",") if text.strip()]
    except ValueError as exc:
        raise Malformed("ids must be requestIds with commas between them") from exc


def answer(outcomes: Sequence[Queued | Refused]) -> wire.Results:
    """What was done for each."""
    alone = len(outcomes) == 1
    zero: wire.Id = "0" if alone else 0
    results = [
        wire.Result(zero, one.locator, "OK", request_id=str(one.request_id))
        if isinstance(one, Queued)
        else wire.Result(zero, one.locator, "ERROR", message=one.message)
        for one in outcomes
    ]
    collapsed: Any = vendor.collapsed(results)
    return wire.Results(zero, collapsed)


def statuses(found: Mapping[UUID, str]) -> wire.Statuses:
    """What became of messages, by their request ids."""
    told = [
        wire.Status(status, str(request_id), _text(status == FAILED), _text(status == DELIVERED))
        for request_id, status in found.items()
    ]
    collapsed: Any = vendor.collapsed(told)
    return wire.Statuses(collapsed)


def _recipient(one: wire.Recipient, sent: wire.Smartsend) -> Wanted | Refused:
    email = sent.email if one.email is None else one.email
    locator = "" if one.locator is None else str(one.locator).strip()
    try:
        contact = None if one.contact_id in (None, "") else number(one.contact_id)
        data = _data(one.json_param)
    except Malformed as exc:
        return Refused(locator, str(exc))
    external = one.external_request_id or sent.external_request_id
    return _to(locator, contact, email=email, data=data, language=one.language_code, external=external)


def _to(
    locator: str,
    contact: int | None,
    *,
    email: bool,
    data: JSONObject,
    language: str | None = None,
    external: str | None = None,
) -> Wanted | Refused:
    address = None
    if locator:
        address = canonical_email(locator) if email else profiles.canonical_phone(locator)[0] or None
        if address is None:
            return Refused(locator, f"'{locator[:100]}' is not valid {'email' if email else 'phone'}")
    elif contact is None:
        return Refused(locator, "Either contactId or locator is required")
    return Wanted(contact, address, email, data, language, external)


def _data(text: str | None) -> JSONObject:
    if not text:
        return {}
    try:
        data = msgspec.json.decode(text)
    except (ValueError, RecursionError) as exc:
        raise Malformed(_JSON_PARAM) from exc
    if not isinstance(data, dict) or _storable.problem(data) is not None:
        raise Malformed(_JSON_PARAM)
    return data


def _text(value: bool) -> str:
    return "true" if value else "false"
