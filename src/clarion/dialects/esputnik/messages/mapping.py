"""What is to be sent to whom, recipient by recipient, and what became of it in the vendor's words. Pure."""

import re
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from clarion import model, profiles
from clarion.dialects import _storable
from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.contacts.mapping import number
from clarion.dialects.esputnik.messages import wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.messaging import Channel, State
from clarion.model import JSONObject
from clarion.model.email import canonical_email

SCHEDULED = "SCHEDULED"
SENT = "SENT"
DELIVERED = "DELIVERED"  # of the vendor's words the one that its page names; the others are ours
FAILED = "UNDELIVERED"
UNKNOWN = "UNKNOWN"
#: Where a message stands -> the vendor's word. That a mail server took it over is no delivery.
STATUS: Mapping[State, str] = {
    State.PLANNED: SCHEDULED,
    State.DEFERRED: SCHEDULED,
    State.ATTEMPTING: SCHEDULED,
    State.ACCEPTED: SENT,
    State.DELIVERED: DELIVERED,
    State.COMPLAINED: DELIVERED,
    State.BOUNCED: FAILED,
    State.REJECTED: FAILED,
    State.SUPPRESSED: FAILED,
    State.EXPIRED: FAILED,
    State.UNKNOWN: UNKNOWN,
    State.ABANDONED: UNKNOWN,
}
JSON_PARAM_CHARS_MAX = 64 * 1024
JSON_PARAM_DEPTH_MAX = 32
_JSON_PARAM = "jsonParam is not a JSON object"
_COUNT = f"recipients must hold 1 to {wire.RECIPIENTS_MAX} recipients"
_PHONE = re.compile(r"[+0-9 ().\u00a0-]{1,40}")
_IRREGULAR_DIGITS_MIN = 7
_SHOWN_MAX = 100


class Wanted(Struct, frozen=True):
    """One message: to a contact, to an address, or to an address of a contact; `data` is what its template shows."""

    locator: str
    contact: int | None
    address: str | None
    data: JSONObject
    language: str | None = None


class Refused(Struct, frozen=True):
    """A recipient to whom nothing is sent, and why."""

    locator: str
    message: str


class Queued(Struct, frozen=True):
    """A recipient to whom a message is on its way."""

    locator: str
    request_id: UUID


def recipients(sent: wire.Smartsend, channel: Channel) -> list[Wanted | Refused]:
    """Each for itself: a wrong one stops no other. Raises Malformed where there are none, or too many."""
    many = bytes(sent.recipients).lstrip().startswith(b"[")
    given = vendor.read(sent.recipients, list[Raw]) if many else [sent.recipients]
    if not 1 <= len(given) <= wire.RECIPIENTS_MAX:
        raise Malformed(_COUNT)
    return [_recipient(one, sent, channel) for one in given]


def addresses(given: Sequence[str | int], channel: Channel) -> list[Wanted | Refused]:
    """Of a message that is sent as it stands. Raises Malformed where there are none."""
    if not given:
        raise Malformed(f"phoneNumbers must hold 1 to {wire.RECIPIENTS_MAX} numbers")
    return [_to(str(one).strip(), None, channel, {}) for one in given]


def sender(text: str | None, channel: Channel) -> tuple[str | None, str | None]:
    """Whom it is from, and their name: `Shop <shop@example.com>` of an e-mail, a word else. Raises Malformed."""
    given = (text or "").strip()
    if not given or channel != "email":
        return given or None, None
    name, address = parseaddr(given)
    canonical = canonical_email(address)
    if canonical is None or not given.isprintable():
        raise Malformed(f"from: '{given[:_SHOWN_MAX]}' is not an e-mail address, nor `Name <address>`")
    return canonical, name or None


def request_ids(asked: wire.Asked) -> list[UUID]:
    """Each once. Raises Malformed."""
    given = [text.strip() for text in asked.ids.split(",") if text.strip()]
    found = [send_id for text in given if (send_id := model.parse_id("msg", text)) is not None]
    if not given or len(found) != len(given):
        raise Malformed("ids must be requestIds with commas between them")
    if len(found) > wire.STATUSES_MAX:
        raise Malformed(f"ids must be at most {wire.STATUSES_MAX} requestIds")
    return list(dict.fromkeys(found))


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


def statuses(found: Mapping[UUID, State]) -> wire.Statuses:
    """What became of messages, by their request ids."""
    told = [
        wire.Status(status, str(request_id), _text(status == FAILED), _text(status == DELIVERED))
        for request_id, status in ((request_id, STATUS[state]) for request_id, state in found.items())
    ]
    collapsed: Any = vendor.collapsed(told)
    return wire.Statuses(collapsed)


def _recipient(given: Raw, sent: wire.Smartsend, channel: Channel) -> Wanted | Refused:
    locator = ""
    try:
        if not bytes(given).startswith(b"{"):
            raise Malformed("A recipient must be an object")
        one = vendor.read(given, wire.Recipient, "A recipient")
        locator = "" if one.locator is None else str(one.locator).strip()
        contact = None if one.contact_id in (None, "") else number(one.contact_id)
        email = sent.email if one.email is None else one.email
        if email is not None and email is not (channel == "email"):
            raise Malformed(f"The message is for {channel}; email: {_text(email)} says otherwise")
        data = _data(one.json_param)
    except Malformed as exc:
        return Refused(locator[:_SHOWN_MAX], str(exc))
    return _to(locator, contact, channel, data, one.language_code or None)


def _to(
    locator: str, contact: int | None, channel: Channel, data: JSONObject, language: str | None = None
) -> Wanted | Refused:
    if not locator:
        if contact is None:
            return Refused(locator, "Either contactId or locator is required")
        return Wanted(locator, contact, None, data, language)
    address = canonical_email(locator) if channel == "email" else _phone(locator)
    if address is None:
        shown = locator[:_SHOWN_MAX]
        return Refused(shown, f"'{shown}' is not valid {'email' if channel == 'email' else 'phone'}")
    return Wanted(locator, contact, address, data, language)


def _phone(locator: str) -> str | None:
    """Numbers of test installations, which no country gives out, are taken as well."""
    if _PHONE.fullmatch(locator) is None:
        return None
    value, irregular = profiles.canonical_phone(locator)
    return value if not irregular or len(value) > _IRREGULAR_DIGITS_MIN else None


def _data(given: str | dict[str, Any] | None) -> JSONObject:
    """The limits of a body hold once more for the JSON in its text. Raises Malformed."""
    if not given:
        return {}
    data: Any = given
    if isinstance(given, str):
        if len(given) > JSON_PARAM_CHARS_MAX:
            raise Malformed(f"jsonParam is longer than {JSON_PARAM_CHARS_MAX} characters")
        try:
            data = msgspec.json.decode(given)
        except (ValueError, RecursionError) as exc:
            raise Malformed(_JSON_PARAM) from exc
    if not isinstance(data, dict):
        raise Malformed(_JSON_PARAM)
    if _storable.is_deeper(data, JSON_PARAM_DEPTH_MAX):
        raise Malformed(f"jsonParam is nested more than {JSON_PARAM_DEPTH_MAX} deep")
    if (wrong := _storable.problem(data)) is not None:
        raise Malformed(f"jsonParam {wrong}")
    return data


def _text(value: bool) -> str:
    return "true" if value else "false"
