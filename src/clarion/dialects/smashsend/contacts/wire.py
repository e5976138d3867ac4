"""The vendor's types of what is done at once, under the vendor's names. Pure."""

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from clarion.dialects import _storable
from clarion.dialects.smashsend import limits
from clarion.dialects.smashsend.wire import Malformed

CONTACTS_MAX = 200  # of a batch; the vendor's page says none
PAGE_MAX = 100
Status = Literal["SUBSCRIBED", "UNSUBSCRIBED", "ARCHIVED", "OPT_IN_PENDING", "BANNED"]
STATUSES: tuple[str, ...] = Status.__args__  # type: ignore[attr-defined]  # the alias has them
PropertyType = Literal["STRING", "NUMBER", "BOOLEAN", "DATE", "SELECT", "MULTI_SELECT"]
Role = Literal["EDITOR", "VIEWER"]
Limit = Annotated[int, Meta(ge=1, le=PAGE_MAX)]
Label = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Slug = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Option = Annotated[str, Meta(min_length=1, max_length=limits.STRING_MAX, pattern=r"^[^\x00]*$")]
OPTIONS_MAX = 1_000
_REASON_MAX = 160
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(\w+)`, got `[\w ]+`")
_TYPES = {
    "object": "of type object",
    "array": "an array",
    "str": "a string",
    "int": "an integer",
    "bool": "a boolean",
}

T = TypeVar("T")


# ---- contacts


#: What may be said of a contact, for readers: `mapping.told` judges it.
_PRIMITIVE = {"type": ["string", "number", "boolean", "null"]}
_PRIMITIVES = {"type": "array", "items": _PRIMITIVE, "maxItems": limits.ARRAY_MAX}
_ELEMENTS = {"type": "object", "properties": {"add": _PRIMITIVES, "remove": _PRIMITIVES}, "minProperties": 1}
_KNOWN: dict[str, Any] = {
    "email": {"type": "string", "format": "email", "description": "Finds the contact."},
    **{
        name: {"type": ["string", "null"], "maxLength": limits.STRING_MAX}
        for name in ("firstName", "lastName", "phone", "birthday", "city", "language", "timezone", "company")
    },
    "avatarUrl": {"type": ["string", "null"], "maxLength": limits.STRING_MAX},
    "countryCode": {"type": ["string", "null"], "description": "Two letters of ISO 3166."},
    "status": {"enum": [*STATUSES, None], "description": "SUBSCRIBED unless said."},
}
_OWN = {
    "properties": _KNOWN,
    "additionalProperties": {"anyOf": [_PRIMITIVE, _PRIMITIVES, _ELEMENTS]},
    "description": "Standard fields, and any names of your own: a primitive value, a list of them (in place of what "
    'is there), `{"add": [], "remove": []}` of a list, or null to remove.',
}


class Properties(Struct, frozen=True):
    """A contact to be written: its e-mail and whatever else is known, by the vendor's names or custom ones."""

    properties: Annotated[dict[str, Any], Meta(extra_json_schema=_OWN | {"required": ["email"]})]


class Changes(Struct, frozen=True):
    """What is to change of a contact."""

    properties: Annotated[dict[str, Any], Meta(extra_json_schema=_OWN)]


class Batch(Struct, frozen=True):
    """Contacts to be written."""

    contacts: Annotated[list[Properties], Meta(max_length=CONTACTS_MAX)]


class BatchWish(Struct, frozen=True, rename="camel"):
    """How a batch is taken: the good ones where others fail, and whether those that fail are sent back."""

    allow_partial_success: bool = False
    include_failed_contacts: bool = False
    override_created_at: bool = False


class Listing(Struct, frozen=True, rename="camel"):
    """Which page of contacts."""

    limit: Limit = 15
    cursor: str | None = None
    sort: Literal["createdAt.desc", "createdAt.asc"] = "createdAt.desc"
    search: str | None = None
    status: Status | None = None
    include_count: bool = False


class Search(Struct, frozen=True):
    """Whom to look for."""

    email: str


class Contact(Struct, frozen=True, rename="camel"):
    """A contact."""

    id: str
    created_at: str
    updated_at: str
    workspace_id: str
    properties: dict[str, Any]


class OneContact(Struct, frozen=True):
    contact: Contact


class WrittenContact(Struct, frozen=True, rename="camel"):
    """The contact as it is now."""

    contact: Contact
    operation_type: Literal["CREATED", "UPDATED"]


class FoundContact(Struct, frozen=True):
    contact: Contact | None


class DeletedContact(Struct, frozen=True, rename="camel"):
    """The contact as it was. Clients of the vendor look at `isDeleted` or at `deleted`; they say the same."""

    is_deleted: bool
    deleted: bool
    contact: Contact


class ContactPage(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A page; `cursor` begins the next one, null on the last. `totalCount` only where it was asked for."""

    items: list[Contact]
    cursor: str | None
    has_more: bool
    total_count: int | None = None


class Contacts(Struct, frozen=True):
    contacts: ContactPage


class ContactProblem(Struct, frozen=True):
    """Why a contact of a batch was not written; `index` is its place in the request."""

    index: int
    message: str


class FailedContact(Struct, frozen=True):
    index: int
    properties: dict[str, Any]


class Summary(Struct, frozen=True, rename="camel"):
    """Counts; `processingTime` in milliseconds."""

    created: int
    updated: int
    failed: int
    total: int
    processing_time: int


class BatchDone(Struct, frozen=True, rename="camel"):
    request_id: str
    contacts: list[Contact]
    summary: Summary
    errors: list[ContactProblem] = []
    failed_contacts: list[FailedContact] = []


# ---- contact properties


class PropertyListing(Struct, frozen=True):
    """Which contact properties."""

    type: Literal["CUSTOM", "DEFAULT"] | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 50


class TypeConfig(Struct, frozen=True, rename="camel"):
    """What a SELECT or MULTI_SELECT can be chosen from; without `options` it is anything."""

    options: Annotated[list[Option], Meta(max_length=OPTIONS_MAX)] | None = None
    multiple: bool | None = None


class NewProperty(Struct, frozen=True, rename="camel"):
    """A contact property to be defined; without `apiSlug` it goes by `displayName`."""

    display_name: Slug
    type: PropertyType
    api_slug: Slug | None = None
    type_config: TypeConfig | None = None


class PropertyUpdate(Struct, frozen=True, rename="camel"):
    """What may be said of a property that is there; another name, type or options are refused."""

    display_name: Slug | None = None
    type: PropertyType | None = None
    type_config: TypeConfig | None = None


class ContactProperty(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A contact property. `isCustom` false: a standard field. `typeConfig`: of SELECT and MULTI_SELECT only."""

    id: str
    api_slug: str
    display_name: str
    type: PropertyType
    is_custom: bool
    created_at: str
    type_config: TypeConfig | None = None


class OneProperty(Struct, frozen=True):
    property: ContactProperty


class PropertyPage(Struct, frozen=True, rename="camel"):
    items: list[ContactProperty]
    has_more: bool


class PropertyList(Struct, frozen=True):
    properties: PropertyPage


# ---- API keys


class KeyListing(Struct, frozen=True, rename="camel"):
    """Which page of keys."""

    start_at: str | None = None
    sort: Literal["createdAt.desc", "createdAt.asc"] = "createdAt.desc"
    limit: Limit = 50


class NewKey(Struct, frozen=True, rename="camel"):
    """An API key to be made."""

    display_name: Label
    role: Role = "EDITOR"


class KeyUpdate(Struct, frozen=True):
    """ARCHIVED: the key opens nothing from now on, for good."""

    status: Literal["ARCHIVED"]


class ApiKey(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An API key. `key` is the secret, told when it is made and never again."""

    id: str
    workspace_id: str
    display_name: str
    role: Role
    status: Literal["ACTIVE", "ARCHIVED"]
    created_at: str
    key_start: str
    key: str | None = None


class OneKey(Struct, frozen=True, rename="camel"):
    api_key: ApiKey


class KeyPage(Struct, frozen=True, rename="camel"):
    items: list[ApiKey]
    cursor: str | None
    has_more: bool


class Keys(Struct, frozen=True, rename="camel"):
    api_keys: KeyPage


class Checked(Struct, frozen=True, rename="camel"):
    """Who is calling."""

    status: Literal["SUCCEED"]
    display_name: str
    role: Role


def read(body: bytes, kind: type[T]) -> T:
    """A body. Raises Malformed."""
    if _storable.are_too_many(body):
        raise Malformed(f"Invalid JSON: it holds more than {_storable.VALUES_MAX:,} values")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfit(str(exc))) from exc
    except RecursionError as exc:
        raise Malformed("Invalid JSON: it is nested too deeply") from exc
    except UnicodeDecodeError as exc:
        raise Malformed("Invalid JSON: it holds text that is not valid UTF-8") from exc
    except ValueError as exc:
        raise Malformed(f"Invalid JSON: {str(exc)[:_REASON_MAX]}") from exc


def read_query(given: dict[str, str], kind: type[T]) -> T:
    """What stands behind the question mark; what is not asked for is ignored. Raises Malformed."""
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as exc:
        raise Malformed(_misfit(str(exc))) from exc


def _misfit(reason: str) -> str:
    """In the vendor's manner, what msgspec says of what does not fit."""
    what, _, place = reason.partition(" - at `$")
    named = place.strip("`.")
    if missing := _MISSING.fullmatch(what):
        return f'"{named}{"." if named else ""}{missing[1]}" is required'
    if unknown := _UNKNOWN.fullmatch(what):
        return f'"{named}{"." if named else ""}{unknown[1][:_REASON_MAX]}" is not allowed'
    if wanted := _EXPECTED.fullmatch(what):
        return f'"{named[:_REASON_MAX] or "value"}" must be {_TYPES.get(wanted[1], wanted[1])}'
    return f'"{named[:_REASON_MAX] or "value"}": {what[:1].lower()}{what[1:_REASON_MAX]}'
