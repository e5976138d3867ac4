"""The vendor's types of calls that send, under the vendor's names. Pure."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

RECIPIENTS_MAX = 1_000
_Addresses = Annotated[list[str | int], Meta(max_length=RECIPIENTS_MAX)]
Id = int | str


class Recipient(Struct, frozen=True, rename="camel"):
    """One recipient: by contact id or address. `jsonParam` is JSON in text, read by the message as `$data`."""

    contact_id: Id | None = None
    locator: str | int | None = None
    json_param: str | None = None
    language_code: str | None = None
    external_request_id: str | None = None
    email: bool | None = None


class Smartsend(Struct, frozen=True, rename="camel"):
    """Send a prepared message. `email` false: by another channel, where the locator is a phone number."""

    recipients: Annotated[list[Recipient], Meta(min_length=1, max_length=RECIPIENTS_MAX)] | Recipient
    email: bool = True
    from_name: str | None = None
    campaign_id: Id | None = None
    allow_unconfirmed: bool = False
    external_request_id: str | None = None


class Email(Struct, frozen=True, rename="camel"):
    """Send an e-mail as it stands."""

    subject: str
    emails: _Addresses
    from_: str | None = field(default=None, name="from")
    html_text: str | None = None
    plain_text: str | None = None
    tags: list[str] = []
    campaign_id: Id | None = None
    external_request_id: str | None = None
    skip_personalisation: bool = False


class Sms(Struct, frozen=True, rename="camel"):
    """Send an SMS as it stands."""

    text: str
    phone_numbers: _Addresses = []
    from_: str | None = field(default=None, name="from")
    group_id: Id | None = None
    tags: list[str] = []


class Viber(Struct, frozen=True, rename="camel"):
    """Send a Viber message as it stands."""

    text: str
    phone_numbers: _Addresses = []
    ttl_seconds: int | None = None
    img: str | None = None
    caption: str | None = None
    action: str | None = None
    ios_expirity_text: str | None = None  # the vendor's spelling
    group_id: Id | None = None
    tags: list[str] = []


class Asked(Struct, frozen=True):
    """Request ids with commas between them."""

    ids: str


class Result(Struct, frozen=True, rename="camel"):
    """What was done for one recipient: OK is queued, ERROR says why not."""

    id: Id
    locator: str
    status: str
    request_id: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class Results(Struct, frozen=True):
    """One result stands alone, and then numbers are text."""

    id: Id
    results: Result | list[Result]


class Status(Struct, frozen=True, rename="camel"):
    """What became of one message; booleans are text."""

    status: str
    request_id: str
    failed: str
    delivered: str


class Statuses(Struct, frozen=True):
    """One stands alone."""

    results: Status | list[Status]
