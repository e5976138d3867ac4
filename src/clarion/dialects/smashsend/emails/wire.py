"""The vendor's types of e-mails, under the vendor's names. Pure.

Names, types and what is required are those of the vendor's Node package, read in 2026; its page says nothing of them.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from clarion.dialects.smashsend.contacts.wire import Limit

SUBJECT_MAX = 998  # characters: what a header's line takes
BODY_MAX = 1_000_000  # characters of HTML or text
REPLY_TO_MAX = 5
_ADDRESS_MAX = 320
_LINE = r"^[^\x00-\x1f\x7f]*$"

Address = Annotated[str, Meta(min_length=1, max_length=_ADDRESS_MAX)]
_Line = Annotated[str, Meta(max_length=SUBJECT_MAX, pattern=_LINE)]
_Body = Annotated[str, Meta(max_length=BODY_MAX, pattern=r"^[^\x00]*$")]
_Key = Annotated[str, Meta(min_length=1, max_length=255, pattern=_LINE)]
_Group = Annotated[str, Meta(min_length=1, max_length=100, pattern=_LINE)]
_Name = Annotated[str, Meta(min_length=1, max_length=255)]

EmailStatus = Literal["SCHEDULED", "SENT", "FAILED", "CANCELLED", "DELIVERED"]
TemplateStatus = Literal["DRAFT", "ACTIVE", "ARCHIVED", "PAUSED"]


class Tracking(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """What is to be counted of an e-mail."""

    track_clicks: bool | None = None
    track_opens: bool | None = None


class Email(Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """An e-mail to one address: raw (`from`, `subject`, `html`), or by a template (`template`, `variables`)."""

    to: Annotated[Address, Meta(description="One address.")]
    from_: Annotated[Address | None, Meta(description="`ann@shop.example` or `Ann <ann@shop.example>`.")] = (
        None
    )
    from_name: _Line | None = None
    subject: Annotated[str, Meta(min_length=1, max_length=SUBJECT_MAX, pattern=_LINE)] | None = None
    preview_text: Annotated[_Line | None, Meta(description="What inboxes show beside the subject.")] = None
    html: Annotated[_Body | None, Meta(description="Sent as it stands.")] = None
    text: Annotated[_Body | None, Meta(description="Made of the HTML unless said.")] = None
    contact_properties: Annotated[
        dict[str, Any] | None,
        Meta(description="Written into the contact `to` first, as POST /v1/contacts does."),
    ] = None
    group_by: _Group | None = None
    template: Annotated[_Name | None, Meta(description="A template's name or id.")] = None
    variables: Annotated[dict[str, Any] | None, Meta(description="What the template reads.")] = None
    reply_to: Address | Annotated[list[Address], Meta(min_length=1, max_length=REPLY_TO_MAX)] | None = None
    settings: Tracking | None = None
    send_at: Annotated[
        Annotated[str, Meta(extra_json_schema={"format": "date-time"})] | float | None,
        Meta(description="When: ISO 8601 or Unix time; now unless said, or where it is past."),
    ] = None
    idempotency_key: Annotated[
        _Key | None, Meta(description="The same e-mail under the same key is sent once.")
    ] = None


class SentEmail(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An e-mail and where it stands. `warning`: what was not done as it was wished, or why it failed."""

    message_id: str
    status: EmailStatus
    to: str
    type: Literal["raw", "templated"]
    from_: str | None = None
    subject: str | None = None
    template: str | None = None
    group_by: str | None = None
    warning: str | None = None


class OneEmail(Struct, frozen=True):
    email: SentEmail


class TemplateListing(Struct, frozen=True):
    """Which page of templates."""

    limit: Limit = 15
    cursor: str | None = None
    sort: Literal["createdAt.desc", "createdAt.asc"] = "createdAt.desc"
    status: TemplateStatus | None = None


class Variable(Struct, frozen=True, rename="camel"):
    """What a template reads; there is no default but the template's own."""

    id: str
    default_value: str = ""


class Template(Struct, frozen=True, rename="camel"):
    """A template for e-mails; `name` is what `template` of an e-mail takes."""

    id: str
    name: str
    display_name: str
    subject: str
    preview_text: str
    status: TemplateStatus
    created_at: str
    updated_at: str
    variables: dict[str, Variable]
    body_html: str
    body_text: str | None


class OneTemplate(Struct, frozen=True):
    transactional: Template


class TemplatePage(Struct, frozen=True, rename="camel"):
    """A page; `cursor` begins the next one, null on the last."""

    items: list[Template]
    cursor: str | None
    has_more: bool


class Templates(Struct, frozen=True):
    transactional: TemplatePage
