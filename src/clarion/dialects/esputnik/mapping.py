"""An event -> an event in our words. Pure.

Whom an event is about is asked of its parameters by name, whatever the case of the name, and of its keyValue. What
finds a contact identifies: contact id, externalCustomerId, e-mail; a phone number or a push token only where there is
nothing stronger. A contact id is a number of ours, so the profile's own identity is looked up first (`numbers`).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from clarion import profiles
from clarion.dialects.esputnik import rules
from clarion.dialects.esputnik.rules import Valid
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, Reach, Sample
from clarion.model.email import canonical_email

DEDUP_WINDOW_S = 60
PAST_WINDOW_S = 86_400  # a batch that is sent again after a failure
NUMBER_MAX = 2**31 - 1

CONTACT_ID, EXTERNAL_ID, EMAIL, PHONE, TOKEN = "id", "external", "email", "phone", "token"
#: By what a contact is looked up, by the parameter's name in lower case.
LOOKED_UP: Mapping[str, str] = {
    "contactid": CONTACT_ID,
    "contact_id": CONTACT_ID,
    "externalcustomerid": EXTERNAL_ID,
    "contactkey": EXTERNAL_ID,
    "contact_key": EXTERNAL_ID,
    "email": EMAIL,
    "emailaddress": EMAIL,
    "useremail": EMAIL,
    "contactemail": EMAIL,
    "phone": PHONE,
    "phonenumber": PHONE,
    "sms": PHONE,
    "pushtoken": TOKEN,
}
_EMAIL, _ONCE = IdentityKind.EMAIL, Mode.ONCE  # an enumeration's member costs 0.05 us to look up
_OPENING = frozenset("{[")
_NOBODYS = ("", "null")
_canonical_json = msgspec.json.Encoder(order="deterministic").encode


class Found(Struct, gc=False):
    """What an event says of whom it is about; `number` may be a contact id."""

    number: int | None = None
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    token: str | None = None
    key_number: int | None = None


def found(event: Valid) -> Found:
    """Asked of the parameters; the keyValue says what they do not: an e-mail, or who it is where nobody is named."""
    named = _looked_up(tuple(event.params))
    if not named and event.key and (email := canonical_email(event.key)) is not None:
        return Found(email=email)  # as nearly all are
    told: dict[str, Any] = {}
    for name, kind in named:
        if kind not in told and (given := _given(kind, event.params[name])) is not None:
            told[kind] = given
    key = event.key
    if key and (email := canonical_email(key)) is not None:
        told.setdefault(EMAIL, email)
    elif key and not told:
        if key[0] == "+" and key[1:].isdecimal():
            told[PHONE] = key
        else:
            told[EXTERNAL_ID] = key
            return Found(external_id=key, key_number=_number(key))
    return Found(
        told.get(CONTACT_ID), told.get(EXTERNAL_ID), told.get(EMAIL), told.get(PHONE), told.get(TOKEN)
    )


def numbers(who: Found) -> list[int]:
    """The contact ids that have to be looked up before the event can be offered."""
    if who.number is None and who.key_number is None:
        return []
    return [number for number in (who.number, who.key_number) if number is not None]


def offer(
    event: Valid,
    who: Found,
    contacts: Mapping[int, Identity],
    *,
    namespace: str,
    now_us: int,
    unescape: bool = False,
) -> Offer:
    """The event, new unless the same was told within the last minute (of past events: the last day).

    `contacts`: the identities of those contact ids that are somebody's. `unescape`: values that are JSON in text,
    as version 1 wants it, are read. Raises Malformed where nobody can be told.
    """
    identities = _identities(who, contacts, namespace)
    if not identities:
        raise rules.nobody()
    past = event.occurred_us is not None
    return Offer(
        inbound=Event(
            name=event.type_key,
            occurred_at_us=now_us if event.occurred_us is None else event.occurred_us,
            identities=identities,
            reaches=() if who.phone is None else _reaches(who.phone, identities),
            properties=_unescaped(event.params) if unescape else event.params,
            history=past,
        ),
        dedup=Dedup(_ONCE, _key(event), PAST_WINDOW_S if past else DEDUP_WINDOW_S),
    )


def sample(sent: bytes | msgspec.Raw, reason: Exception) -> Sample:
    """What was refused, and why; the vendor has no codes."""
    return Sample.of("400", str(reason), sent)


def _identities(who: Found, contacts: Mapping[int, Identity], namespace: str) -> tuple[Identity, ...]:
    """The strongest of each kind that finds a contact; a contact's own identity in the place of its id."""
    if not contacts and who.external_id is None and who.email is not None:
        return (Identity(_EMAIL, "", who.email),)
    own = contacts.get(who.number or 0) or contacts.get(who.key_number or 0)
    external_id = None if who.key_number is not None and own is not None else who.external_id
    told: list[Identity] = [] if own is None else [own]
    if external_id is not None and (own is None or own.kind is not IdentityKind.EXTERNAL_ID):
        told.append(Identity(IdentityKind.EXTERNAL_ID, namespace, external_id))
    if who.email is not None and (own is None or own.kind is not IdentityKind.EMAIL):
        told.append(Identity(_EMAIL, "", who.email))
    if told:
        return tuple(told)
    if who.phone is not None:
        return (Identity(IdentityKind.PHONE, "", profiles.canonical_phone(who.phone)[0]),)
    return () if who.token is None else (Identity(IdentityKind.ANONYMOUS_ID, "", who.token),)


def _reaches(phone: str, identities: tuple[Identity, ...]) -> tuple[Reach, ...]:
    return () if identities[0].kind is IdentityKind.PHONE else (Reach("sms", phone),)


@lru_cache(4_096)
def _looked_up(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Of an event's parameters those that say who it is about; a shop's events have the same names again and again."""
    return tuple((name, LOOKED_UP[name.lower()]) for name in names if name.lower() in LOOKED_UP)


def _given(kind: str, value: Any) -> Any:
    """The value in the form in which it is looked up; None where it is none."""
    if type(value) is int and value > 0:
        value = str(value)
    if type(value) is not str or (value := value.strip()).lower() in _NOBODYS:
        return None
    match kind:
        case "id":
            return _number(value)
        case "email":
            return canonical_email(value)
        case "phone":
            return value if any("0" <= character <= "9" for character in value) else None
    return value


def _number(text: str) -> int | None:
    if not text.isdecimal() or not text.isascii() or len(text) > 10 or text[0] == "0":
        return None
    return number if (number := int(text)) <= NUMBER_MAX else None


def _key(event: Valid) -> str:
    """By which a repeat is known: the same type, keyValue and parameters, in whatever order; of the past, and time.

    It is hashed, with the workspace's key, before it is kept.
    """
    return _canonical_json((event.type_key, event.key, event.params, event.occurred_us)).decode()


def _unescaped(params: dict[str, Any]) -> dict[str, Any]:
    escaped = [name for name, value in params.items() if type(value) is str and value[:1] in _OPENING]
    return params | {name: _read(params[name]) for name in escaped} if escaped else params


def _read(text: str) -> Any:
    """A list or an object behind a text; else the text."""
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text
    return text if rules.unstorable(value) else value
