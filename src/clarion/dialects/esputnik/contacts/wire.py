"""The vendor's types of contacts, under the vendor's names. Pure.

Clients send one of something where a list is meant, and numbers as text: both are taken.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

CONTACTS_MAX = 3_000
PAGE_MAX = 500
_GROUPS_MAX = 100
_FIELDS_MAX = 500

Id = int | str
Text = str | int | None | UnsetType
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Names = Annotated[list[Name], Meta(max_length=_GROUPS_MAX)]


# ---- what is sent


class Channel(Struct, frozen=True):
    """Where a contact can be reached: email, sms, mobilepush or webpush."""

    type: Literal["email", "sms", "mobilepush", "webpush"]
    value: str | int | None = None


class Field(Struct, frozen=True):
    """An additional field by its id; without `value` it stays as it is."""

    id: Id
    value: Any | UnsetType = UNSET


class Address(Struct, frozen=True):
    """Where a contact lives."""

    region: Text = UNSET
    town: Text = UNSET
    address: Text = UNSET
    postcode: Text = UNSET


class Contact(Struct, frozen=True, rename="camel"):
    """A contact to be written: what is not named stays, null takes away."""

    channels: Annotated[list[Channel], Meta(max_length=_FIELDS_MAX)] | Channel | None = None
    id: Id | None = None
    external_customer_id: Id | None = None
    contact_key: Id | None = None
    first_name: Text = UNSET
    last_name: Text = UNSET
    address: Address | None = None
    language_code: Text = UNSET
    time_zone: Text = UNSET
    fields: Annotated[list[Field], Meta(max_length=_FIELDS_MAX)] | Field | None = None


ContactField = Literal[
    "firstName", "lastName", "email", "sms", "mobilepush", "webpush", "address", "town", "region", "postcode",
    "contactKey", "ordersInfo", "languageCode", "timeZone",
]  # fmt: skip
DedupeOn = Literal["email", "sms", "email_or_sms", "fieldId", "id", "externalCustomerId", "push", "webpush"]
EventKey = Annotated[str, Meta(max_length=100, pattern="^[^<;’\\\\/|\"`'^?!,>\\x00]*$")]


class Contacts(Struct, frozen=True, rename="camel"):
    """Contacts to be written, how they are told apart, and what of them is taken."""

    contacts: Annotated[list[Contact], Meta(min_length=1, max_length=CONTACTS_MAX)]
    dedupe_on: DedupeOn | None = None
    field_id: Id | None = None
    contact_fields: list[ContactField] | None = None
    custom_fields_ids: Annotated[list[Id], Meta(max_length=_FIELDS_MAX)] | None = field(
        default=None, name="customFieldsIDs"
    )
    group_names: Names | None = None
    group_names_exclude: Names | None = None
    restore_deleted: bool = False
    event_key_for_new_contacts: EventKey | None = None


class Subscription(Struct, frozen=True, rename="camel"):
    """Somebody who filled in a form."""

    contact: Contact
    groups: Names | None = None
    form_type: Annotated[str, Meta(max_length=60, pattern="^[A-Za-z0-9_.:-]*$")] | None = None
    dedupe_on: DedupeOn | None = None


class Search(Struct, frozen=True):
    """Whom to look for; without any of the first four everybody."""

    email: str | None = None
    sms: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    startindex: Annotated[int, Meta(ge=1, le=10_000_000)] = 1
    maxrows: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX


class Removal(Struct, frozen=True, rename="camel"):
    """Whom to delete, by the shop's id; `erase`: for good."""

    external_customer_id: str
    erase: bool = False


class Erase(Struct, frozen=True):
    """`erase`: for good."""

    erase: bool = False


class Numbers(Struct, frozen=True):
    """Contact ids with commas between them."""

    ids: str


# ---- what is answered


class ShownChannel(Struct, frozen=True):
    type: str
    value: str


class ShownField(Struct, frozen=True):
    id: int
    value: Any


class ShownAddress(Struct, frozen=True, omit_defaults=True):
    region: str | None = None
    town: str | None = None
    address: str | None = None
    postcode: str | None = None


class ShownGroup(Struct, frozen=True):
    id: int
    name: str
    type: Literal["Static"] = "Static"


class ShownContact(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """A contact; what is not known is left out."""

    id: int
    channels: list[ShownChannel]
    fields: list[ShownField]
    address_book_id: int
    groups: list[ShownGroup]
    first_name: str | None = None
    last_name: str | None = None
    address: ShownAddress | None = None
    contact_key: str | None = None
    external_customer_id: str | None = None
    language_code: str | None = None
    time_zone: str | None = None


class Written(Struct, frozen=True):
    """The id of a contact that was written, as text."""

    id: str


class Subscribed(Struct, frozen=True):
    """The contact's id."""

    id: int


class ContactEmail(Struct, frozen=True, rename="camel"):
    contact_id: int
    email: str


class ContactEmails(Struct, frozen=True):
    results: list[ContactEmail]


class FailedContact(Struct, frozen=True, rename="camel"):
    """Why a contact is not written; `contactIndex` is its place in the request."""

    contact_index: int
    message: str


class Imported(Struct, frozen=True, rename="camel"):
    """An import that was begun; without `asyncSessionId` no contact is left to be written."""

    id: int
    async_session_id: str | UnsetType = UNSET
    failed_contacts: FailedContact | list[FailedContact] | UnsetType = UNSET


class ImportStatus(Struct, frozen=True, rename="camel"):
    """How far an import is."""

    async_session_id: str
    status: Literal["PENDING", "FINISHED", "ERROR"]
