"""The vendor's types of calls that send, and of prepared messages, under the vendor's names. Pure."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

RECIPIENTS_MAX = 1_000
STATUSES_MAX = 1_000
PAGE_MAX = 500
TAGS_MAX = 50
TEXT_CHARS_MAX = 1_000_000
Id = int | str
_Addresses = Annotated[list[str | int], Meta(min_length=1, max_length=RECIPIENTS_MAX)]
_Source = Annotated[str, Meta(max_length=TEXT_CHARS_MAX)]
_Name = Annotated[str, Meta(min_length=1, max_length=255)]
_Sender = Annotated[str, Meta(max_length=500)]
_Tags = Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=TAGS_MAX)]


# ---- to send


class Recipient(Struct, frozen=True, rename="camel"):
    """One recipient: by contact id or address. `jsonParam` is JSON in text, read by the message as `$data`."""

    contact_id: Id | None = None
    locator: str | int | None = None
    json_param: str | dict[str, Any] | None = None
    language_code: str | None = None
    external_request_id: str | None = None
    email: bool | None = None


class Smartsend(Struct, frozen=True, rename="camel"):
    """Send a prepared message; each recipient is read for itself. `email`: whether it is one, which it says itself."""

    recipients: Raw
    email: bool | None = None
    from_name: Annotated[str, Meta(max_length=200)] | None = None
    campaign_id: Id | None = None
    allow_unconfirmed: bool = False
    external_request_id: str | None = None


class Email(Struct, frozen=True, rename="camel"):
    """Send an e-mail as it stands."""

    subject: Annotated[str, Meta(max_length=2_000)]
    emails: _Addresses
    from_: _Sender | None = field(default=None, name="from")
    html_text: _Source | None = None
    plain_text: _Source | None = None
    tags: _Tags = []
    campaign_id: Id | None = None
    external_request_id: str | None = None
    skip_personalisation: bool = False


class Sms(Struct, frozen=True, rename="camel"):
    """Send an SMS as it stands."""

    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    phone_numbers: Annotated[list[str | int], Meta(max_length=RECIPIENTS_MAX)] = []
    from_: _Sender | None = field(default=None, name="from")
    group_id: Id | None = None
    tags: _Tags = []
    external_request_id: str | None = None


class Viber(Struct, frozen=True, rename="camel"):
    """Send a Viber message as it stands. What stands beside the text a gateway's template may carry, by these names."""

    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    phone_numbers: Annotated[list[str | int], Meta(max_length=RECIPIENTS_MAX)] = []
    from_: _Sender | None = field(default=None, name="from")
    ttl_seconds: Annotated[int, Meta(ge=1, le=14 * 86_400)] | None = None
    img: Annotated[str, Meta(max_length=2_000)] | None = None
    caption: Annotated[str, Meta(max_length=200)] | None = None
    action: Annotated[str, Meta(max_length=2_000)] | None = None
    ios_expirity_text: Annotated[str, Meta(max_length=1_000)] | None = None  # the vendor's spelling
    group_id: Id | None = None
    tags: _Tags = []
    external_request_id: str | None = None


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


# ---- what became of them


class Asked(Struct, frozen=True):
    """Request ids with commas between them."""

    ids: str


class Status(Struct, frozen=True, rename="camel"):
    """What became of one message; booleans are text."""

    status: str
    request_id: str
    failed: str
    delivered: str


class Statuses(Struct, frozen=True):
    """One stands alone."""

    results: Status | list[Status]


# ---- prepared messages


class Search(Struct, frozen=True):
    """Which prepared messages: those with `search` in their name or a tag."""

    search: str = ""
    startindex: Annotated[int, Meta(ge=1, le=10_000_000)] = 1
    maxrows: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = PAGE_MAX


class NewEmail(Struct, frozen=True, rename="camel"):
    """A prepared e-mail."""

    name: _Name
    subject: _Source
    html_text: _Source | None = None
    plain_text: _Source | None = None
    preheader: _Source | None = None
    from_: _Sender | None = field(default=None, name="from")
    tags: _Tags | None = None


class NewText(Struct, frozen=True):
    """A prepared SMS or Viber message."""

    name: _Name
    text: _Source
    from_: _Sender | None = field(default=None, name="from")
    tags: _Tags | None = None


class EmailChange(Struct, frozen=True, rename="camel"):
    """What is named is changed, all else stays."""

    name: _Name | None = None
    subject: _Source | None = None
    html_text: _Source | None = None
    plain_text: _Source | None = None
    preheader: _Source | None = None
    from_: _Sender | None = field(default=None, name="from")
    tags: _Tags | None = None


class TextChange(Struct, frozen=True):
    """What is named is changed, all else stays."""

    name: _Name | None = None
    text: _Source | None = None
    from_: _Sender | None = field(default=None, name="from")
    tags: _Tags | None = None


class Made(Struct, frozen=True):
    """The message's id: what smartsend takes."""

    id: int


class ShownEmail(Struct, frozen=True, rename="camel"):
    """A prepared e-mail: the text for whoever has none in their language, and in which languages there are others."""

    id: int
    name: str
    from_: str | None = field(name="from")
    subject: str
    html_text: str
    plain_text: str | None
    preheader: str
    tags: list[str]
    languages: list[str]


class ShownText(Struct, frozen=True):
    """A prepared SMS or Viber message: the text for whoever has none in their language, and the languages of others."""

    id: int
    name: str
    from_: str | None = field(name="from")
    text: str
    tags: list[str]
    languages: list[str]
