"""What is known of the readers of due messages, and what was decided."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import profiles
from clarion.db import Tx
from clarion.messaging.policy import Cap, Decision, Hold, Quiet, Rules, Send
from clarion.messaging.port import Channel
from clarion.messaging.sends import place
from clarion.messaging.store._queries import Q
from clarion.model import Ids, Reach, Source, time_us_of
from clarion.model.email import canonical_email
from clarion.vault import Vault


class Topic(Struct, frozen=True, kw_only=True):
    """What marketing is about. `opt_in`: nobody gets it who has not said yes."""

    name: str
    title: str = ""
    opt_in: bool = False


class SendingRule(Struct, frozen=True, kw_only=True):
    """A channel's rules for marketing, minutes since midnight. `track_…`: whether opens and clicks are seen."""

    quiet_from: int | None = None
    quiet_until: int | None = None
    cap_messages: int | None = None
    cap_hours: int | None = None
    expires_hours: int | None = None
    track_opens: bool = False
    track_clicks: bool = False

    def rules(self) -> Rules:
        quiet = cap = None
        if self.quiet_from is not None and self.quiet_until is not None:
            quiet = Quiet(_time(self.quiet_from), _time(self.quiet_until))
        if self.cap_messages is not None and self.cap_hours is not None:
            cap = Cap(self.cap_messages, self.cap_hours)
        return Rules(quiet=quiet, cap=cap)


class Decided(Struct, frozen=True, kw_only=True):
    """A decision about a due message, the facts that it rests on, and the address that was looked up for it."""

    send_id: UUID
    looked_up: str | None
    decision: Decision
    facts: Mapping[str, Any]


def blind_of(vault: Vault, channel: Channel, value: str) -> UUID | None:
    """Where consent and frequency of an address are counted; None where it is none."""
    if channel == "email":
        canonical = canonical_email(value)
        if canonical is None:
            return None
        value = canonical
    place = profiles.reach_of(vault, Reach(cast(Any, channel), value))
    return None if place is None else place.blind


async def set_topic(tx: Tx, workspace_id: UUID, topic: Topic) -> None:
    await tx.execute(Q.set_topic, workspace_id, topic.name, topic.title, topic.opt_in)


async def list_topics(tx: Tx, workspace_id: UUID) -> list[Topic]:
    """By name."""
    return [Topic(**dict(row)) for row in await tx.fetch(Q.list_topics, workspace_id)]


async def set_rule(tx: Tx, workspace_id: UUID, channel: Channel, rule: SendingRule) -> None:
    await tx.execute(Q.set_rule, workspace_id, channel, *msgspec.structs.astuple(rule))


async def find_rule(tx: Tx, workspace_id: UUID, channel: Channel) -> SendingRule:
    row = await tx.fetchrow(Q.find_rule, workspace_id, channel)
    return SendingRule() if row is None else SendingRule(**dict(row))


async def keep_rule(tx: Tx, workspace_id: UUID, channel: Channel) -> SendingRule:
    """The same; whoever changes it waits for this transaction, so that what it holds is there to be released."""
    row = await tx.fetchrow(Q.keep_rule, workspace_id, channel)
    return SendingRule() if row is None else SendingRule(**dict(row))


async def own_rule(tx: Tx, workspace_id: UUID, channel: Channel) -> SendingRule:
    """The same; who else would change it waits for this transaction, and reads what it wrote."""
    (row,) = await tx.fetch(Q.own_rule, workspace_id, channel)
    return SendingRule(**dict(row))


async def agree(
    tx: Tx,
    workspace_id: UUID,
    channel: Channel,
    value: str,
    agreed: Mapping[str, bool],
    *,
    source: Source,
    vault: Vault,
    ids: Ids,
) -> bool:
    """Note yes or no of an address's owner, topic by topic ('' is the whole channel); whether anything changed.

    It is of now, and never loses to what is stored. False where it is no address.
    """
    blind = blind_of(vault, channel, value)
    return blind is not None and await agree_blind(
        tx, workspace_id, channel, blind, agreed, source=source, ids=ids
    )


async def agree_blind(
    tx: Tx,
    workspace_id: UUID,
    channel: Channel,
    blind: UUID,
    agreed: Mapping[str, bool],
    *,
    source: Source,
    ids: Ids,
) -> bool:
    """The same by the blind index of the address."""
    stamp_id = ids.next()
    ordered = sorted(agreed)
    rows = await tx.fetch(
        Q.agree, workspace_id, channel, blind, ordered, [agreed[topic] for topic in ordered], int(source),
        time_us_of(stamp_id), stamp_id,
    )  # fmt: skip
    return bool(rows)


async def consents(
    tx: Tx, workspace_id: UUID, channel: Channel, blinds: Iterable[UUID]
) -> dict[UUID, dict[str, bool]]:
    """What the owners of some addresses said, topic by topic."""
    found: dict[UUID, dict[str, bool]] = {}
    for row in await tx.fetch(Q.find_consents, workspace_id, channel, list(blinds)):
        found.setdefault(row["blind"], {})[row["topic"]] = row["agreed"]
    return found


async def count_consents(tx: Tx, workspace_id: UUID) -> list[tuple[str, str, int, int]]:
    """Channel, topic, how many addresses said yes, and no."""
    return [tuple(row) for row in await tx.fetch(Q.count_consents, workspace_id)]


async def recent(
    tx: Tx, workspace_id: UUID, channel: Channel, blinds: Iterable[UUID], since_us: int
) -> dict[UUID, list[int]]:
    """When marketing went to some addresses; locked, so that nobody else counts them until the commit."""
    ordered = sorted(blinds, key=lambda one: one.bytes)
    await tx.execute(Q.lock_addresses, str(workspace_id), [str(blind) for blind in ordered])
    found: dict[UUID, list[int]] = {}
    for row in await tx.fetch(Q.find_recent, workspace_id, ordered, since_us, channel):
        found.setdefault(row["blind"], []).append(row["sent_us"])
    return found


async def note_decisions(
    tx: Tx, workspace_id: UUID, decided: Sequence[Decided], *, now_us: int, vault: Vault
) -> None:
    """One record a message."""
    if not decided:
        return
    await tx.execute(
        Q.note_decisions,
        workspace_id,
        [one.send_id for one in decided],
        [_word(one.decision) for one in decided],
        [None if isinstance(one.decision, Send) else one.decision.reason.value for one in decided],
        [
            int(one.decision.until.timestamp() * 1e6) if isinstance(one.decision, Hold) else None
            for one in decided
        ],
        [msgspec.json.encode(one.facts).decode() for one in decided],
        [one.looked_up and vault.seal(one.looked_up.encode(), place(one.send_id)) for one in decided],
        now_us,
    )


def _word(decision: Decision) -> str:
    return str(decision.__struct_config__.tag)


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
