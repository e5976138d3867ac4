"""Sends as they are shown: where they stand, what was decided, what was tried."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.messaging.port import Channel, MessageClass
from clarion.messaging.sends import Sealed, State, place
from clarion.messaging.store._queries import Q
from clarion.messaging.store.standing import blind_of
from clarion.vault import Vault


class DecisionRecord(Struct, frozen=True, kw_only=True):
    """What was decided when it was due, on which facts; `times`: how often, where it was held."""

    decision: str
    reason: str | None
    until_us: int | None
    facts: dict[str, Any]
    decided_us: int
    times: int


class AttemptLine(Struct, frozen=True, kw_only=True):
    """A line of the journal. `said`: the provider's words."""

    n: int
    phase: str
    at_us: int
    provider: str | None
    outcome: str | None
    kind: str | None
    provider_ref: str | None
    said: str


class StoredSend(Struct, frozen=True, kw_only=True):
    """A send. `recipient` None: not looked up yet, or its person was erased. `kept`: what it is of."""

    send_id: UUID
    cause_kind: str
    cause_id: UUID | None
    profile_id: UUID | None
    channel: Channel
    message_class: MessageClass
    topic: str | None
    template_id: UUID | None
    version: int | None
    state: State
    reason: str | None
    due_us: int
    expires_us: int | None
    changed_us: int
    tries: int
    provider: str | None
    provider_ref: str | None
    recipient: str | None
    kept: Sealed = Sealed()
    decision: DecisionRecord | None = None
    attempts: Sequence[AttemptLine] = ()


class SendStanding(Struct, frozen=True, kw_only=True):
    """Where a send stands, without what it says and to whom."""

    send_id: UUID
    channel: Channel
    state: State
    reason: str | None
    due_us: int
    changed_us: int


class To(Struct, frozen=True, kw_only=True):
    """Whose messages: of a person's members; what went to addresses while they were nobody's (`unless_known`); what
    went to addresses at all.
    """

    profile_ids: Sequence[UUID] = ()
    unless_known: Sequence[str] = ()
    recipients: Sequence[str] = ()


async def read_states(tx: Tx, workspace_id: UUID, send_ids: Sequence[UUID]) -> dict[UUID, SendStanding]:
    """Where those of these stand that there are."""
    rows = await tx.fetch(Q.read_states, workspace_id, list(send_ids)) if send_ids else []
    return {row["send_id"]: SendStanding(**{**row, "state": State(row["state"])}) for row in rows}


async def list_sends(
    tx: Tx,
    workspace_id: UUID,
    *,
    vault: Vault,
    before: UUID,
    limit: int,
    state: State | None = None,
    cause_id: UUID | None = None,
    to: To | None = None,
) -> list[StoredSend]:
    """Newest first, below `before`; without their decisions and attempts."""
    page = workspace_id, before, None if state is None else state.value, cause_id, limit
    if to is None:
        rows = await tx.fetch(Q.list_sends, *page)
    else:
        unknown, anybody = (_blinds(vault, values) for values in (to.unless_known, to.recipients))
        rows = await tx.fetch(Q.list_sends_to, *page, to.profile_ids, unknown, anybody)
    return [_send(row, vault) for row in rows]


async def read_send(tx: Tx, workspace_id: UUID, send_id: UUID, *, vault: Vault) -> StoredSend:
    """One, with what was decided and tried. Raises NotFound."""
    row = await tx.fetchrow(Q.read_send, workspace_id, send_id)
    if row is None:
        raise errors.NotFound("there is no such message in this workspace")
    decided = await tx.fetchrow(Q.read_decision, workspace_id, send_id)
    lines = await tx.fetch(Q.list_attempts, workspace_id, send_id)
    return msgspec.structs.replace(
        _send(row, vault),
        decision=None if decided is None else _decision(decided),
        attempts=[_line(line, send_id, vault) for line in lines],
    )


async def count_sends(tx: Tx, workspace_id: UUID, cause_id: UUID | None = None) -> dict[State, int]:
    """Of all sends, or of one cause: how many stand where. Their sum is what was planned."""
    rows = await tx.fetch(Q.count_sends, workspace_id, cause_id)
    return dict.fromkeys(State, 0) | {State(row["state"]): row["sends"] for row in rows}


def _blinds(vault: Vault, values: Sequence[str]) -> list[UUID]:
    """An e-mail's, or a phone number's on each channel of phones; nothing of what is no address."""
    channels: dict[bool, tuple[Channel, ...]] = {True: ("email",), False: ("sms", "viber")}
    found = (blind_of(vault, one, value) for value in values for one in channels["@" in value])
    return [blind for blind in found if blind is not None]


def _send(row: asyncpg.Record, vault: Vault) -> StoredSend:
    kept = Sealed()
    if row["sealed"] is not None:
        kept = msgspec.msgpack.decode(vault.open(row["sealed"], place(row["send_id"])), type=Sealed)
    return StoredSend(
        send_id=row["send_id"],
        cause_kind=row["cause_kind"],
        cause_id=row["cause_id"],
        profile_id=row["profile_id"],
        channel=cast(Channel, row["channel"]),
        message_class=MessageClass(row["class"]),
        topic=row["topic"],
        template_id=row["template_id"],
        version=row["version"],
        state=State(row["state"]),
        reason=row["reason"],
        due_us=row["due_us"],
        expires_us=row["expires_us"],
        changed_us=row["changed_us"],
        tries=row["attempts"],
        provider=row["provider_kind"],
        provider_ref=row["provider_ref"],
        recipient=kept.recipient or _looked_up(row, vault),
        kept=kept,
    )


def _looked_up(row: asyncpg.Record, vault: Vault) -> str | None:
    sealed = row["recipient"]
    return None if sealed is None else vault.open(sealed, place(row["send_id"])).decode()


def _decision(row: asyncpg.Record) -> DecisionRecord:
    return DecisionRecord(
        decision=row["decision"],
        reason=row["reason"],
        until_us=row["until_us"],
        facts=msgspec.json.decode(row["facts"]),
        decided_us=row["decided_us"],
        times=row["times"],
    )


def _line(row: asyncpg.Record, send_id: UUID, vault: Vault) -> AttemptLine:
    return AttemptLine(
        n=row["n"],
        phase=row["phase"],
        at_us=row["at_us"],
        provider=row["provider_kind"],
        outcome=row["outcome"],
        kind=row["kind"],
        provider_ref=row["provider_ref"],
        said="" if row["sealed"] is None else vault.open(row["sealed"], place(send_id)).decode(),
    )
