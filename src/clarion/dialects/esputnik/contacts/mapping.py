"""Contacts <-> profiles: what a contact says, whom it finds, and how a person is shown. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, structs

from clarion import profiles
from clarion.dialects import _storable
from clarion.dialects.esputnik.contacts import wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import Identity, IdentityKind, JSONObject, Reach
from clarion.model.email import canonical_email
from clarion.profiles import FoundProfile

#: Set while a contact is deleted and not erased; the vendor can bring such a one back.
DELETED = "contact_deleted"
ADDRESS_BOOK = 1
#: The vendor's own fields of a contact, by our names; all other traits are additional fields.
OWN = {
    "first_name": "firstName",
    "last_name": "lastName",
    "city": "town",
    "region": "region",
    "address": "address",
    "postcode": "postcode",
    "language": "languageCode",
    "timezone": "timeZone",
}
HIDDEN = frozenset({*OWN, "email", "phone", DELETED})
_TEXT_MAX = 10_000  # characters of a value
_ID_MAX = 300
_TOKEN_MAX = 4_096  # characters: a browser's subscription is JSON, and some are written as its base64
_TYPES = {"push": "mobilepush"}  # the vendor's words for our channels, where they differ


class Told(Struct, frozen=True, kw_only=True):
    """What a contact says. `fields`: additional ones, by id; `tokens`: of its devices."""

    number: int | None = None
    external_id: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    tokens: tuple[Reach, ...] = ()
    traits: JSONObject = {}
    fields: dict[int, Any] = {}


class Whom(Struct, frozen=True):
    """Whom a contact finds, and where else they are reached."""

    identities: tuple[Identity, ...]
    reaches: tuple[Reach, ...]


def told(contact: wire.Contact) -> Told:
    """Raises Malformed with the first thing that is wrong."""
    place = contact.address or wire.Address()
    given = {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "city": place.town,
        "region": place.region,
        "address": place.address,
        "postcode": place.postcode,
        "language": contact.language_code,
        "timezone": contact.time_zone,
    }
    channels = _list(contact.channels)
    return Told(
        number=None if contact.id in (None, "") else number(contact.id),
        external_id=_external_id(contact),
        emails=_emails([channel.value for channel in channels if channel.type == "email"]),
        phones=_phones([channel.value for channel in channels if channel.type == "sms"]),
        tokens=_tokens(channels),
        traits={name: _text(name, value) for name, value in given.items() if value is not UNSET},
        fields={
            number(field.id): _kept(field) for field in _list(contact.fields) if field.value is not UNSET
        },
    )


def whom(contact: Told, dedupe_on: str | None, namespace: str) -> Whom:
    """By what a contact is found: its shop's id, and what `dedupeOn` names (if nothing: e-mail, else phone).

    Raises Malformed.
    """
    emails = [Identity(IdentityKind.EMAIL, "", email) for email in contact.emails[:1]]
    phones = [
        Identity(IdentityKind.PHONE, "", profiles.canonical_phone(one)[0]) for one in contact.phones[:1]
    ]
    match dedupe_on:
        case None:
            named = emails or ([] if contact.external_id else phones)
        case "email":
            named = emails
        case "sms":
            named = phones
        case "email_or_sms":
            named = [*emails, *phones]
        case "externalCustomerId":
            named = []
        case _:
            raise Malformed(f"dedupeOn {dedupe_on} is not spoken here")
    own = [Identity(IdentityKind.EXTERNAL_ID, namespace, contact.external_id)] if contact.external_id else []
    if not named and (not own or dedupe_on not in (None, "externalCustomerId")):
        raise Malformed(
            f"The contact has nothing to find it by: {dedupe_on or 'email, sms or externalCustomerId'}"
        )
    identities = (*own, *named)
    return Whom(identities, reaches(contact, identities))


def reaches(contact: Told, identities: Sequence[Identity] = ()) -> tuple[Reach, ...]:
    """The channels that do not identify."""
    found = {identity.value for identity in identities}
    return (
        *(Reach("email", email) for email in contact.emails if email not in found),
        *(Reach("sms", one) for one in contact.phones if profiles.canonical_phone(one)[0] not in found),
        *contact.tokens,
    )


def restricted(contact: Told, fields: Sequence[str] | None, custom: Sequence[wire.Id]) -> Told:
    """What an import takes: the vendor's own fields that are listed (all, if none is), null where they have no data;
    additional ones only where their id is listed.
    """
    taken = {number(one) for one in custom}
    kept = structs.replace(contact, fields={n: value for n, value in contact.fields.items() if n in taken})
    if fields is None:
        return kept
    listed = [ours for ours, theirs in OWN.items() if theirs in fields]
    return structs.replace(kept, traits={name: contact.traits.get(name) for name in listed})


def traits(contact: Told, names: Mapping[int, str]) -> JSONObject:
    """All that it says, by our names. Raises Malformed for a field that there is not."""
    unknown = next((n for n in contact.fields if n not in names), None)
    if unknown is not None:
        raise Malformed(
            f"There is no field with id='{unknown}'. GET /v1/addressbooks lists those that there are"
        )
    return contact.traits | {names[n]: value for n, value in contact.fields.items()}


def shown(
    person: FoundProfile,
    contact_id: int,
    numbers: Mapping[str, int],
    groups: Sequence[wire.ShownGroup],
    namespace: str,
) -> wire.ShownContact:
    """A person as the vendor shows a contact; `numbers` are those of additional fields."""
    known = person.traits
    external_id = next(
        (
            one["value"]
            for one in person.identities
            if one["kind"] == "external_id" and one["namespace"] == namespace
        ),
        None,
    )
    place = wire.ShownAddress(
        **{theirs: _shown(known.get(ours)) for ours, theirs in OWN.items() if theirs in _PLACE}
    )
    return wire.ShownContact(
        id=contact_id,
        first_name=_shown(known.get("first_name")),
        last_name=_shown(known.get("last_name")),
        channels=[
            wire.ShownChannel(_TYPES.get(one["channel"], one["channel"]), one["value"])
            for one in person.addresses
        ],
        address=place if place != wire.ShownAddress() else None,
        fields=[
            wire.ShownField(numbers[name], value)
            for name, value in known.items()
            if name not in HIDDEN and name in numbers
        ],
        address_book_id=ADDRESS_BOOK,
        contact_key=external_id,
        external_customer_id=external_id,
        language_code=_shown(known.get("language")),
        time_zone=_shown(known.get("timezone")),
        groups=list(groups),
    )


def number(given: wire.Id | None) -> int:
    """An id that may come as text. Raises Malformed."""
    text = str(given).strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise Malformed(f"An id must be a number, not '{text[:20]}'")
    return int(text)


_PLACE = frozenset({"town", "region", "address", "postcode"})


def _list(given: Any) -> list[Any]:
    """One of something stands for a list of it."""
    return given if isinstance(given, list) else [] if given is None else [given]


def _external_id(contact: wire.Contact) -> str | None:
    for given in (contact.external_customer_id, contact.contact_key):
        text = "" if given is None else str(given).strip()
        if text and text.lower() != "null":
            if len(text) > _ID_MAX or "\0" in text:
                raise Malformed(f"externalCustomerId must have at most {_ID_MAX} characters")
            return text
    return None


def _emails(given: Sequence[Any]) -> tuple[str, ...]:
    found = []
    for value in given:
        if value in (None, ""):
            continue
        canonical = canonical_email(str(value))
        if canonical is None:
            raise Malformed(f"'{str(value)[:100]}' is not valid email")
        found.append(canonical)
    return tuple(dict.fromkeys(found))


def _phones(given: Sequence[Any]) -> tuple[str, ...]:
    found = [str(value) for value in given if value not in (None, "")]
    wrong = next((one for one in found if not profiles.canonical_phone(one)[0]), None)
    if wrong is not None:
        raise Malformed(f"'{wrong[:100]}' is not valid phone")
    return tuple(dict.fromkeys(found))


def _tokens(channels: Sequence[wire.Channel]) -> tuple[Reach, ...]:
    found = []
    for channel in channels:
        if channel.type not in ("mobilepush", "webpush") or channel.value in (None, ""):
            continue
        token = str(channel.value).strip()
        if not 0 < len(token) <= _TOKEN_MAX or "\0" in token:
            raise Malformed(f"'{token[:100]}' is not valid {channel.type}")
        found.append(Reach("push" if channel.type == "mobilepush" else "webpush", token))
    return tuple(dict.fromkeys(found))


def _text(name: str, value: Any) -> str | None:
    """The vendor's own fields are text; an empty one is none."""
    text = "" if value is None else str(value).strip()
    if len(text) > _TEXT_MAX or "\0" in text:
        raise Malformed(f"{OWN[name]} must be a text of at most {_TEXT_MAX} characters")
    return text or None


def _kept(field: wire.Field) -> Any:
    """An empty value of a field takes it away."""
    wrong = _storable.problem(field.value)
    if wrong is None and isinstance(field.value, str) and len(field.value) > _TEXT_MAX:
        wrong = f"must have at most {_TEXT_MAX} characters"
    if wrong is not None:
        raise Malformed(f"The field with id='{field.id}' {wrong}")
    return None if field.value == "" else field.value


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)
