"""Contact properties <-> traits. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from msgspec import Struct

from clarion import model
from clarion.dialects.smashsend import limits
from clarion.dialects.smashsend.codes import Code, Problem
from clarion.dialects.smashsend.contacts.wire import (
    STATUSES,
    Contact,
    ContactProperty,
    PropertyType,
    TypeConfig,
)
from clarion.dialects.smashsend.limits import Bounds
from clarion.dialects.smashsend.wire import Malformed
from clarion.model import Identity, IdentityKind, ProfileChange, Reach
from clarion.model.email import canonical_email
from clarion.profiles import Person, StoredTrait, is_element_change

CONTACT, WORKSPACE, KEY, PROPERTY = "ctc", "wrk", "key", "ctp"
SUBSCRIBED = "SUBSCRIBED"
STATUS = "status"  # kept as a trait: Clarion has no consent yet

#: Our canonical names of the vendor's standard fields.
VENDOR_NAMES: Mapping[str, str] = {
    "first_name": "firstName",
    "last_name": "lastName",
    "avatar_url": "avatarUrl",
    "country_code": "countryCode",
    "birthday": "birthday",
    "city": "city",
    "language": "language",
    "phone": "phone",
    "timezone": "timezone",
    "company": "company",
    STATUS: STATUS,
}
OUR_TYPES: Mapping[PropertyType, str] = {
    "STRING": "text",
    "NUMBER": "decimal",
    "BOOLEAN": "boolean",
    "DATE": "datetime",
    "SELECT": "choice",
    "MULTI_SELECT": "choices",
}
VENDOR_TYPES: Mapping[str, PropertyType] = {
    **{ours: theirs for theirs, ours in OUR_TYPES.items()},
    "integer": "NUMBER",
    "date": "DATE",
}
_BOUNDS = Bounds(
    place="properties",
    depth_max=1,
    not_an_object=Problem(Code.INVALID_PROPERTIES, '"properties" must be of type object'),
    too_deep=Problem(
        Code.TRAITS_TOO_DEEP, "Contact properties can only contain primitive values and arrays of them"
    ),
    too_many=Problem(Code.TOO_MANY_TRAITS, "Contact properties exceed maximum of 100 keys"),
)


class Told(Struct, frozen=True):
    """What a request says of a contact; `email` None: nothing."""

    email: str | None
    traits: dict[str, Any]
    reaches: tuple[Reach, ...]

    def change(self) -> ProfileChange:
        """The same of the contact whom the e-mail finds. Raises Malformed without one."""
        if self.email is None:
            raise Malformed('"properties.email" is required')
        return ProfileChange(
            identities=(Identity(IdentityKind.EMAIL, "", self.email),),
            reaches=self.reaches,
            traits=self.traits,
        )


def told(properties: Mapping[str, Any]) -> Told:
    """Raises Malformed with the first thing that is wrong."""
    email = properties.get("email")
    canonical = canonical_email(email) if isinstance(email, str) else None
    if email is not None and canonical is None:
        raise Malformed('"properties.email" must be a valid email')
    traits = {name: value for name, value in properties.items() if name != "email"}
    problems: list[Problem] = []
    limits.check_object({name: _flat(value) for name, value in traits.items()}, _BOUNDS, problems)
    if problems:
        raise Malformed(problems[0].message)
    if traits.get(STATUS) not in (None, *STATUSES):
        raise Malformed(f'"properties.status" must be one of [{", ".join(STATUSES)}]')
    phone = traits.get("phone")
    reaches = (Reach("sms", phone),) if isinstance(phone, str) and phone else ()
    return Told(canonical, traits, reaches)


def contact(person: Person, workspace_id: UUID) -> Contact:
    """A person as the vendor shows a contact."""
    email = person.emails[0] if person.emails else None
    known = {VENDOR_NAMES.get(name, name): value for name, value in person.traits.items() if name != "email"}
    return Contact(
        id=model.show_id(CONTACT, person.profile_id),
        created_at=iso(person.created_us),
        updated_at=iso(person.updated_us),
        workspace_id=model.show_id(WORKSPACE, workspace_id),
        properties={"email": email, STATUS: SUBSCRIBED} | known,
    )


def contact_property(trait: StoredTrait) -> ContactProperty:
    """A definition as the vendor shows it."""
    slug = VENDOR_NAMES.get(trait.name, trait.name)
    return ContactProperty(
        id=property_id(trait.name),
        api_slug=slug,
        display_name=slug,
        type=VENDOR_TYPES[trait.type],
        is_custom=trait.name not in VENDOR_NAMES,
        created_at=iso_of(trait.created_at),
        type_config=_type_config(trait),
    )


def _type_config(trait: StoredTrait) -> TypeConfig | None:
    if trait.type not in ("choice", "choices"):
        return None
    return TypeConfig(trait.options or [], trait.type == "choices")


def property_id(name: str) -> str:
    """The id of a property: made from its name, which never changes."""
    return f"{PROPERTY}_{blake2b(name.encode(), digest_size=16).hexdigest()}"


def iso(time_us: int) -> str:
    """As the vendor writes times: UTC, milliseconds, Z."""
    return _iso(datetime.fromtimestamp(time_us / 1_000_000, UTC))


def iso_of(text: str) -> str:
    """The same of a time in our own words."""
    return _iso(datetime.fromisoformat(text).astimezone(UTC))


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _flat(value: Any) -> Any:
    """A change of elements is judged as the array of them all."""
    return [element for some in value.values() for element in some] if is_element_change(value) else value
