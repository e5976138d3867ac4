"""A run: one profile's passage through one automation, and what it asks for on its way. Pure."""

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from clarion.messaging.port import Channel, MessageClass

_SPACE = UUID("6f1e5c0e-8a3b-5d2f-9b1c-0d6f5a7e4c21")  # of names: ours, for ever


class Reason(StrEnum):
    """Why a run is over."""

    FINISHED = "finished"  #: it came to an exit
    MERGED = "merged"  #: its person turned out to be one who was in before
    ERASED = "erased"  #: its person was erased
    ARCHIVED = "archived"  #: its automation was given up
    FAILED = "failed"  #: a step failed again and again; see its last error


class Run(Struct, frozen=True, kw_only=True):
    """Where one stands. `entered_us`: since when at `node`; None: not yet acted on. `due_us`: when to look again.

    `event_id` and `occurred_at_us` name the event that started it, `profile_id` its member.
    """

    run_id: UUID
    automation_id: UUID
    version: int
    profile_id: UUID
    event_id: UUID
    occurred_at_us: int
    node: str
    begun_us: int
    due_us: int
    entered_us: int | None = None
    steps: int = 0
    ended_us: int | None = None
    reason: Reason | None = None


class Send(Struct, frozen=True, kw_only=True):
    """Plan a message. `send_key` is that of (run, node): planned twice, it is one."""

    send_key: UUID
    run_id: UUID
    automation_id: UUID
    node: str
    profile_id: UUID
    event_id: UUID
    occurred_at_us: int
    template: str
    channel: Channel
    message_class: MessageClass | None
    topic: str | None


class SetTraits(Struct, frozen=True, kw_only=True):
    """Write a profile's traits."""

    run_id: UUID
    profile_id: UUID
    traits: dict[str, Any]


Command = Send | SetTraits


def run_id_of(workspace_id: UUID, automation_id: UUID, cause_id: UUID) -> UUID:
    """UUIDv5 of (workspace, automation, cause): neither profile nor version is in it.

    So neither a merge, nor a new version, nor a replay makes a second run.
    """
    return uuid5(_SPACE, f"run {workspace_id} {automation_id} {cause_id}")


def send_key_of(run_id: UUID, node: str) -> UUID:
    """UUIDv5 of (run, node): graphs have no cycles, so a run comes to a node once."""
    return uuid5(_SPACE, f"send {run_id} {node}")
