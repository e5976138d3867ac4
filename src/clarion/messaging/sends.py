"""What a message is on its way: planned, its state, and who wanted it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from clarion.messaging.port import Channel, Content, MessageClass

CauseKind = Literal["automation", "campaign", "call"]


class State(StrEnum):
    """Where a send stands. Each is in exactly one, so they add up to what was planned."""

    PLANNED = "planned"  #: due, now or later; or held
    DEFERRED = "deferred"  #: an attempt certainly failed and another one will follow
    ATTEMPTING = "attempting"  #: a worker has it in its hands
    ACCEPTED = "accepted"  #: the provider took it over
    DELIVERED = "delivered"  #: the provider says that it arrived
    BOUNCED = "bounced"  #: the provider took it and gave it back
    COMPLAINED = "complained"  #: it arrived, and its reader called it spam
    REJECTED = "rejected"  #: the provider refused it, or it could not be written, or too many attempts failed
    SUPPRESSED = "suppressed"  #: policy forbade it
    EXPIRED = "expired"  #: its time had passed
    UNKNOWN = "unknown"  #: it may have been sent, and nobody can say
    ABANDONED = "abandoned"  #: it was unknown for so long that nobody will ask any more


#: States that still change by our own doing.
OPEN = frozenset({State.PLANNED, State.DEFERRED, State.ATTEMPTING})
#: How far up the lattice a report lifts a send; a lower one changes nothing.
RANK: Mapping[State, int] = {
    State.UNKNOWN: 0,
    State.ABANDONED: 0,
    State.ACCEPTED: 1,
    State.DELIVERED: 2,
    State.BOUNCED: 3,  # servers take a mail and give it back later
    State.COMPLAINED: 4,
}


class Cause(Struct, frozen=True):
    """Who wanted a message: an automation, a campaign, or a caller; `id` names it, so that its sends are counted."""

    kind: CauseKind
    id: UUID | None = None


class PlannedSend(Struct, frozen=True, kw_only=True):
    """A message that somebody wants sent, once for each `key` of the workspace.

    Either `template_id` (its class, topic and newest version hold) or `content`, which is written as it stands.
    `recipient` None: the newest address of the person on the channel when it is due. `data`, `event`, `order` are
    what the template reads; `profile_id` is read when it is written. `due_at` None: now. `wish`: all that a caller
    asked for under a key of their own, as text; None where nobody compares.
    """

    key: str
    cause: Cause
    channel: Channel
    template_id: UUID | None = None
    content: Content | None = None
    profile_id: UUID | None = None
    recipient: str | None = None
    message_class: MessageClass | None = None
    topic: str | None = None
    language: str | None = None
    data: Mapping[str, Any] = {}
    event: Mapping[str, Any] | None = None
    order: Mapping[str, Any] | None = None
    sender: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    tags: tuple[str, ...] = ()
    due_at: datetime | None = None
    expires_at: datetime | None = None
    wish: str | None = None


class Planned(Struct, frozen=True):
    """A send that is planned now, or was before (`new` False). `same` False: it was, by another wish."""

    send_id: UUID
    new: bool
    same: bool = True


class Sealed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a send keeps sealed: to whom, and what it is written from."""

    recipient: str | None = None
    content: Content | None = None
    language: str | None = None
    data: dict[str, Any] = {}
    event: dict[str, Any] | None = None
    order: dict[str, Any] | None = None
    sender: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    tags: tuple[str, ...] = ()


def lifted(state: State, to: State) -> bool:
    """Whether a report moves a send: states go only up, so order and repeats do not matter."""
    return state in RANK and RANK[to] > RANK[state]


def place(send_id: UUID) -> bytes:
    """What a send's sealed part is bound to."""
    return b"send" + send_id.bytes
