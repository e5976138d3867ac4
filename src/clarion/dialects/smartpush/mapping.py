"""Contacts and events -> ours. Pure. The e-mail identifies, else the phone, which then only reaches."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from clarion import profiles
from clarion.dialects.smartpush.rules import Contact, Happened
from clarion.dialects.smartpush.wire import Refused
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, ProfileChange, Reach, Sample

DEDUP_WINDOW_S = 86_400

_canonical_json = msgspec.json.Encoder(order="deterministic").encode


def change(contact: Contact) -> ProfileChange:
    """What a contact changes."""
    return ProfileChange(
        identities=_identities(contact.email, contact.phone),
        reaches=_reaches(contact.email, contact.phone),
        traits=contact.traits | contact.custom,
    )


def offer(happened: Happened, now_us: int, fresh: Callable[[], str]) -> Offer:
    """The event; the same again within a day is a duplicate where it says its id or its time.

    `fresh`: makes a key that nothing else has, for the others.
    """
    return Offer(
        inbound=Event(
            name=happened.code,
            occurred_at_us=now_us if happened.time_us is None else happened.time_us,
            identities=_identities(happened.email, happened.phone),
            reaches=_reaches(happened.email, happened.phone),
            properties=happened.attributes,
        ),
        dedup=Dedup(Mode.ONCE, _key(happened, fresh), window_s=DEDUP_WINDOW_S),
    )


def sample(sent: bytes, reason: Refused) -> Sample:
    """What was refused, and why."""
    return Sample.of(reason.code, str(reason), sent)


def _identities(email: str | None, phone: str | None) -> tuple[Identity, ...]:
    if email is not None:
        return (Identity(IdentityKind.EMAIL, "", email),)
    assert phone is not None, "the rules ask for one of them"
    return (Identity(IdentityKind.PHONE, "", profiles.canonical_phone(phone)[0]),)


def _reaches(email: str | None, phone: str | None) -> tuple[Reach, ...]:
    return (Reach("sms", phone),) if email is not None and phone is not None else ()


def _key(happened: Happened, fresh: Callable[[], str]) -> str:
    """Its id; else all that it says, with its time; without a time every event is a new one."""
    if happened.event_id:
        return f"id:{happened.event_id}"
    if happened.time_us is None:
        return f"new:{fresh()}"
    return f"same:{blake2b(_canonical_json(happened), digest_size=16).hexdigest()}"
