"""What a channel must do: the port between messages and whoever carries them.

A provider is one file under `channels/`: pure `build`, `parse`, `verify`, `parse_reports`, and a short `send`. It is
given a whole message and the workspace's settings of that provider, and says in one of four words what became of the
attempt. It neither retries nor keeps anything: that is the outbox's.

`committing` is awaited once an attempt, exactly before the point of no return: before SMTP's final dot, before the
last piece of an HTTP request's body. The outbox writes its mark there. So an attempt that ends without the mark was
not sent, whatever happened, and one that ends with the mark and without an answer is Unknown.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

#: What can carry a message; `model.Channel` are those of them on which people are suppressed today.
Channel = Literal["email", "sms", "viber", "push", "webpush", "webhook"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "viber", "push", "webpush", "webhook")

Committing = Callable[[], Awaitable[None]]


class MessageClass(StrEnum):
    MARKETING = "marketing"  #: stopped by unsubscribing; carries List-Unsubscribe
    TRANSACTIONAL = "transactional"  #: a receipt, a password: stopped only where nothing arrives


class Email(Struct, frozen=True, kw_only=True, tag_field="is", tag="email"):
    """A rendered mail. `text` None: made from the HTML. CSS is not yet inlined. `mjml`: of what the HTML was made."""

    subject: str
    html: str
    preheader: str = ""
    text: str | None = None
    mjml: str | None = None


class Text(Struct, frozen=True, kw_only=True, tag_field="is", tag="text"):
    """A rendered SMS or Viber message."""

    text: str


class Payload(Struct, frozen=True, kw_only=True, tag_field="is", tag="payload"):
    """What a webhook is told: an object, and what kind of fact it is."""

    type: str
    data: dict[str, Any]


Content = Email | Text | Payload


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message for one recipient, whole. Nothing in it is added to by the provider but what its protocol wants.

    `send_id` names the send through all its attempts: Message-ID, idempotency keys and return paths are made of it.
    `profile_id`: for whom it is, where that is a person we know. `sender` and `sender_name` None: the provider's own.
    `values`: what a provider's own template is filled with. `return_tag`: what marks this send's return path.
    `clicks`: links of the HTML -> where they lead instead; `pixel_url`: an image that says that the mail was shown.
    """

    workspace_id: UUID
    send_id: UUID
    channel: Channel
    recipient: str
    content: Content
    created_at: datetime
    profile_id: UUID | None = None
    message_class: MessageClass = MessageClass.TRANSACTIONAL
    sender: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    unsubscribe_url: str | None = None
    return_tag: str | None = None
    clicks: Mapping[str, str] = {}
    pixel_url: str | None = None
    headers: Mapping[str, str] = {}
    tags: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}


class Kind(StrEnum):
    """Why a provider said no."""

    BAD_ADDRESS = "bad_address"  #: the recipient's address does not exist or cannot be written so
    BOUNCED = (
        "bounced"  #: the address exists, its mailbox takes nothing: disabled, full for good, over its size
    )
    REFUSED_CONTENT = "refused_content"  #: this message, whoever it is for: too large, spam, malformed
    REFUSED_SENDER = "refused_sender"  #: who we are: sender, our address or domain is not let in
    AUTH = "auth"  #: our credentials; says nothing about the message
    SETTINGS = "settings"  #: our settings of this provider cannot work; says nothing about the message
    OTHER = "other"  #: no closer word was given


class Accepted(Struct, frozen=True, tag="accepted"):
    """The provider took it over. `provider_ref`: how the provider names it, where it said so."""

    provider_ref: str | None
    reply: str = ""


class Deferred(Struct, frozen=True, kw_only=True, tag="deferred"):
    """Certainly not sent, and worth another try. `retry_after_s`: not sooner, where the provider said so."""

    reason: str
    retry_after_s: int | None = None


class Rejected(Struct, frozen=True, kw_only=True, tag="rejected"):
    """Certainly not sent: the provider said no. `permanent`: it would say so again to this very message; where it is
    not, somebody has to put the provider's settings right first.
    """

    reason: str
    permanent: bool
    kind: Kind


class Unknown(Struct, frozen=True, tag="unknown"):
    """Past the point of no return and without an answer: it may have been sent."""

    reason: str


Result = Accepted | Deferred | Rejected | Unknown


class Report(Struct, frozen=True, kw_only=True):
    """What a provider told of a delivery later. `hard`: it bounced for good, the address is not to be written to any
    more. `raw` is kept, so that a better mapping can be applied.
    """

    provider_ref: str | None
    send_id: UUID | None
    state: Literal["accepted", "delivered", "bounced", "complained"]
    reason: str
    raw: dict[str, Any]
    hard: bool = False


class Returned(Struct, frozen=True, kw_only=True):
    """What a mail to a return path says. `tags`, `tokens`: signs of which send, to be verified: anybody can write some.
    `state` None: no news of the delivery; `reason` says what it is instead.
    """

    tags: tuple[str, ...]
    tokens: tuple[str, ...]
    state: Literal["accepted", "delivered", "bounced", "complained"] | None = None
    hard: bool = False
    reason: str


#: Reads a mail's bytes, and the address that it came to where that is known. Raises Unreadable.
ReadReturned = Callable[[bytes, str | None], Returned]


class Provider(Protocol):
    """Who carries messages. `again_within_s`: an idempotency key makes a second try harmless for so long; 0 never."""

    async def check(self, config: Any) -> None:
        """Raises Invalid where these settings point to what must not be reached. Sends nothing."""

    async def send(self, message: Outgoing, config: Any, *, committing: Committing) -> Result:
        """Try once to hand it over. Raises nothing that a provider or network can cause."""

    def again_within_s(self, config: Any) -> int: ...


class Unreadable(Exception):
    """What came as a report is none; the text says why."""


class Reporting(Protocol):
    """A provider's file that hears of deliveries later: a module. Both are pure; header names are in lower case."""

    def verify(self, config: Any, headers: Mapping[str, str], body: bytes, now_s: float) -> bool: ...

    def parse_reports(self, body: bytes) -> list[Report]:
        """Raises Unreadable."""
        ...
