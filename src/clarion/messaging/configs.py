"""The providers there are, and what can be set of each: the one place that lists them.

A field whose `extra` says `secret` is never shown: of a table, its names are. All of it is kept sealed.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta, Struct

from clarion import errors
from clarion.messaging.port import Channel

_Host = Annotated[str, Meta(min_length=1, max_length=253)]
_Address = Annotated[
    str, Meta(min_length=3, max_length=320, pattern=r"^[^@\s<>,;\x00-\x1f]+@[^@\s<>,;\x00-\x1f]+$")
]
_Template = Annotated[str, Meta(max_length=10_000)]
_URL = Annotated[str, Meta(min_length=8, max_length=2_000)]
_SigningKey = Annotated[str, Meta(pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$")]
_SECRET = {"secret": True}


class Mailbox(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages land in the workspace's own mailbox and go nowhere; what every channel begins with."""


class Smtp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail server that takes our mail."""

    host: _Host
    sender: Annotated[_Address, Meta(description="From, where the message has none of its own.")]
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="`none` only where the way to the server is safe otherwise."),
    ] = "starttls"
    user: str | None = None
    password: Annotated[str | None, Meta(extra=_SECRET)] = None
    sender_name: Annotated[str, Meta(max_length=200)] = ""
    bounce_address: Annotated[
        _Address | None,
        Meta(
            description="Where bounces go: each send gets `local+TAG@domain`, signed. Without it, to the sender."
        ),
    ] = None
    verify_certificate: bool = True
    connections_max: Annotated[int, Meta(ge=1, le=100)] = 5
    messages_per_connection_max: Annotated[int, Meta(ge=1, le=10_000)] = 100
    timeout_s: Annotated[float, Meta(gt=0, le=300, description="For each step before the final dot.")] = 60
    final_timeout_s: Annotated[
        float,
        Meta(gt=0, le=3600, description="After the final dot; a short one makes duplicates (RFC 1047)."),
    ] = 600


class Http(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any gateway that takes one message in one HTTP request.

    URL, headers and body are templates: `{to}`, `{text}`, `{sender}`, `{send_id}`, `{secret.NAME}`, `{value.NAME}`.
    """

    url: _URL
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, _Template] = {}
    json: Annotated[Any, Meta(description="The body as JSON: holes stand in its texts.")] = None
    form: Annotated[
        dict[str, _Template] | None, Meta(description="The body as a form, instead of `json`.")
    ] = None
    secrets: Annotated[dict[str, str], Meta(extra=_SECRET)] = {}
    sender: Annotated[str, Meta(max_length=200)] = ""
    accepted_statuses: tuple[Annotated[int, Meta(ge=200, le=299)], ...] = (200, 201, 202)
    accepted_path: Annotated[
        str | None,
        Meta(description="Where in the JSON answer it says that it took the message: `messages.0.status`."),
    ] = None
    accepted_values: tuple[str, ...] = ()
    ref_path: Annotated[str | None, Meta(description="Where in the JSON answer the message's id stands.")] = (
        None
    )
    reason_path: Annotated[
        str | None,
        Meta(description="Where in the JSON answer it says why not; of answers nothing else is shown."),
    ] = None
    report_secret: Annotated[
        _SigningKey | None,
        Meta(extra=_SECRET, description="Signs what the gateway, or you for it, reports later."),
    ] = None
    idempotency_header: Annotated[
        str | None, Meta(description="Header that carries the send's id, where the gateway honours one.")
    ] = None
    idempotency_window_s: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 0
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server of yours that is told, signed as Standard Webhooks has it."""

    url: _URL
    secret: Annotated[_SigningKey, Meta(extra=_SECRET, description="`whsec_` and base64.")]
    former_secret: Annotated[
        _SigningKey | None, Meta(extra=_SECRET, description="Signs too, while the other side changes over.")
    ] = None
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10


Config = Mailbox | Smtp | Http | Webhook


class Offer(Struct, frozen=True):
    """A provider: its settings, the channels that it carries, whether its messages leave this installation."""

    config: type[Config]
    channels: frozenset[Channel]
    real: bool = True


PROVIDERS: Mapping[str, Offer] = {
    "mailbox": Offer(Mailbox, frozenset({"email", "sms", "viber"}), real=False),
    "smtp": Offer(Smtp, frozenset({"email"})),
    "http": Offer(Http, frozenset({"sms", "viber"})),
    "webhook": Offer(Webhook, frozenset({"webhook"})),
}
#: What carries a channel of which nothing was set.
DEFAULT = "mailbox"


def read(channel: Channel, kind: str, given: Mapping[str, Any]) -> Config:
    """The settings as somebody gave them: texts are converted. Raises Invalid, which names the field."""
    offer = PROVIDERS.get(kind)
    if offer is None or channel not in offer.channels:
        able = ", ".join(name for name, one in PROVIDERS.items() if channel in one.channels) or "nobody yet"
        raise errors.Invalid(f"{kind} does not carry {channel}; {able} does")
    try:
        return msgspec.convert(given, offer.config, strict=False)
    except msgspec.ValidationError as exc:
        raise errors.Invalid(f"{kind}: {_without_values(exc)}") from None


def shown(config: Config) -> dict[str, Any]:
    """The settings as they may be shown: a secret is `***`, a table of secrets shows its names."""
    return {
        name: _hidden(value) if name in secret_fields(type(config)) else value
        for name, value in msgspec.structs.asdict(config).items()
    }


def secret_fields(config: type[Config]) -> frozenset[str]:
    """Which fields are never shown."""
    hints = get_type_hints(config, include_extras=True)
    return frozenset(
        name for name, hint in hints.items() if any((m.extra or {}).get("secret") for m in _metas(hint))
    )


def _metas(hint: Any) -> list[Meta]:
    return [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Meta)]


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(value, "***")
    return "***" if value else value


def _without_values(exc: msgspec.ValidationError) -> str:
    """msgspec quotes no values but those of enums, which are none of ours."""
    return str(exc)
