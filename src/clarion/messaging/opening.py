"""Attempts are opened: decided and noted in one transaction, so that no word of a reader comes too late for it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from msgspec import Struct

from clarion import profiles
from clarion.db import Tx, instance
from clarion.messaging import links as signed
from clarion.messaging import outcomes, policy, store, tracking
from clarion.messaging.links import Links
from clarion.messaging.policy import Decision, Due, Hold, Rules, Send, Standing, Suppress, Why
from clarion.messaging.port import Channel, Email, MessageClass, Outgoing
from clarion.messaging.sends import State
from clarion.messaging.store import Decided, Mark, Move, StoredProvider
from clarion.messaging.writing import Written
from clarion.model import time_us_of
from clarion.vault import Vault

PAUSED_WAIT_US = 5_000_000
_HOUR_US = 3_600_000_000


class Turn(Struct, frozen=True, kw_only=True):
    """A worker's turn with some sends of a channel: its fencing token, who carries them, and until when.

    `links`: where readers answer; None: nowhere.
    """

    workspace_id: UUID
    channel: Channel
    token: UUID
    carrier: StoredProvider | None
    window_s: int
    lease_us: int
    vault: Vault
    links: Links | None


class Opened(Struct, frozen=True, kw_only=True):
    """An attempt that is open: what to hand over."""

    written: Written
    n: int
    message: Outgoing


class _Readers(Struct, frozen=True, kw_only=True):
    """What is known of the readers of a turn's sends."""

    rules: Rules
    tracks: tuple[bool, bool]  # opens, clicks
    opt_in: Mapping[str, bool]
    suppressed: Mapping[tuple[bool, str], profiles.Reason]  # by (bulk, recipient)
    agreed: Mapping[UUID, Mapping[str, bool]]
    sent_us: dict[UUID, list[int]]


async def open_attempts(tx: Tx, turn: Turn, written: Sequence[Written], *, now_us: int) -> list[Opened]:
    """Decide each; open those that may go, settle the others. `tx` has claimed them and holds their rows."""
    if await instance.acting_paused(tx) is not None:
        claimed = [one.claimed.send_id for one in written]
        await store.put_off(tx, turn.workspace_id, claimed, now_us + PAUSED_WAIT_US)
        return []
    readers = await _readers(tx, turn, written, now_us)
    decided, moves, opened = [], [], []
    for one in written:
        standing = _standing(one, readers)
        decision = policy.decide(_due(one), standing, readers.rules, now=_at(now_us))
        looked_up = None if one.claimed.kept.recipient else one.recipient
        facts = _facts(one, standing, readers)
        decided.append(
            Decided(send_id=one.claimed.send_id, looked_up=looked_up, decision=decision, facts=facts)
        )
        move = _not_now(turn, one, decision, now_us)
        if move is not None:
            moves.append(move)
            continue
        opened.append(_opened(turn, one, readers.tracks))
        if one.blind is not None and one.claimed.message_class is MessageClass.MARKETING:
            readers.sent_us.setdefault(one.blind, []).append(now_us)
    await store.note_decisions(tx, turn.workspace_id, decided, now_us=now_us, vault=turn.vault)
    await store.move(tx, turn.workspace_id, moves, now_us=now_us)
    await _open(tx, turn, opened, now_us)
    return opened


async def _open(tx: Tx, turn: Turn, opened: Sequence[Opened], now_us: int) -> None:
    if not opened or turn.carrier is None:
        return
    carrier = turn.carrier
    marks = [
        Mark(
            send_id=one.message.send_id, n=one.n, phase="open", token=turn.token,
            provider_id=carrier.provider_id, provider_kind=carrier.kind,
        )
        for one in opened
    ]  # fmt: skip
    await store.note(tx, turn.workspace_id, marks, now_us=now_us, vault=turn.vault)
    pairs = [(one.message.send_id, one.written.blind) for one in opened]
    await store.open_sends(
        tx, turn.workspace_id, pairs, carrier.kind, turn.token, now_us=now_us, lease_us=turn.lease_us
    )


def _not_now(turn: Turn, one: Written, decision: Decision, now_us: int) -> Move | None:
    """Why no attempt is opened; None: one is."""
    send = one.claimed
    match decision:
        case Hold(until=until, reason=reason):
            state = State.DEFERRED if send.attempts else State.PLANNED
            until_us = int(until.timestamp() * 1_000_000)
            return Move(
                send_id=send.send_id, state=state, reason=reason.value, due_us=until_us,
                sent_us=send.doubt_us, doubt_us=send.doubt_us,
            )  # fmt: skip
        case Suppress(reason=reason):
            state = State.EXPIRED if reason is Why.EXPIRED else State.SUPPRESSED
            return _ended(one, state, reason.value)
        case Send():
            pass
    if one.content is None:
        return _ended(one, State.REJECTED, "not_written")
    if turn.carrier is None:
        return _ended(one, State.REJECTED, "no_provider")
    in_doubt = send.doubt_us is not None and not send.retried
    if in_doubt and not outcomes.is_harmless(send.doubt_us or 0, turn.window_s, now_us):
        return _ended(one, State.UNKNOWN, "not_answered")
    return None


def _ended(one: Written, state: State, reason: str) -> Move:
    """What may have been sent before stays unknown, whatever stops it now."""
    doubt_us = one.claimed.doubt_us
    if doubt_us is not None:
        state, reason = State.UNKNOWN, "not_answered"
    return Move(send_id=one.claimed.send_id, state=state, reason=reason, sent_us=doubt_us, doubt_us=doubt_us)


async def _readers(tx: Tx, turn: Turn, mine: Sequence[Written], now_us: int) -> _Readers:
    rule = await store.find_rule(tx, turn.workspace_id, turn.channel)
    if rule.quiet_from is not None and any(_is_bulk(one) for one in mine):
        rule = await store.keep_rule(tx, turn.workspace_id, turn.channel)
    rules = rule.rules()
    blinds = {one.blind for one in mine if one.blind is not None}
    sent_us = {}
    if rules.cap is not None:
        marketing = {
            one.blind for one in mine if one.blind and one.claimed.message_class is MessageClass.MARKETING
        }
        since_us = now_us - rules.cap.hours * _HOUR_US
        sent_us = await store.recent(tx, turn.workspace_id, turn.channel, marketing, since_us)
    suppressed: dict[tuple[bool, str], profiles.Reason] = {}
    for bulk in (True, False):
        values = {one.recipient for one in mine if one.blind and one.recipient and _is_bulk(one) is bulk}
        if values:
            found = await profiles.suppressed(
                tx, turn.workspace_id, cast(Any, turn.channel), values, bulk=bulk, vault=turn.vault
            )
            suppressed |= {(bulk, value): reason for value, reason in found.items()}
    topics = await store.list_topics(tx, turn.workspace_id) if any(one.claimed.topic for one in mine) else []
    return _Readers(
        rules=rules,
        tracks=(rule.track_opens, rule.track_clicks),
        opt_in={topic.name: topic.opt_in for topic in topics},
        suppressed=suppressed,
        agreed=await store.consents(tx, turn.workspace_id, turn.channel, blinds),
        sent_us=sent_us,
    )


def _standing(one: Written, readers: _Readers) -> Standing:
    topic = one.claimed.topic
    agreed = readers.agreed.get(one.blind, {}) if one.blind else {}
    return Standing(
        person=one.person,
        address=one.recipient is not None,
        suppressed=readers.suppressed.get((_is_bulk(one), one.recipient or "")),
        channel_agreed=agreed.get(""),
        topic_agreed=None if topic is None else agreed.get(topic),
        topic_opt_in=readers.opt_in.get(topic, False) if topic else False,
        zone=one.zone,
        sent_at=[_at(us) for us in readers.sent_us.get(one.blind, ())] if one.blind else (),
    )


def _facts(one: Written, standing: Standing, readers: _Readers) -> dict[str, Any]:
    """What the decision rests on, in plain words and without addresses."""
    cap = readers.rules.cap
    return {
        "class": one.claimed.message_class.value,
        "topic": one.claimed.topic,
        "address": standing.address,
        "suppressed": None if standing.suppressed is None else standing.suppressed.value,
        "channel_agreed": standing.channel_agreed,
        "topic_agreed": standing.topic_agreed,
        "topic_wants_a_yes": standing.topic_opt_in,
        "zone": None if standing.zone is None else standing.zone.key,
        "quiet_hours": None
        if readers.rules.quiet is None
        else f"{readers.rules.quiet.from_:%H:%M}-{readers.rules.quiet.until:%H:%M}",
        "cap": None if cap is None else f"{cap.messages} in {cap.hours} h",
        "sent_in_cap": len(standing.sent_at),
        "unwritable": one.unwritable or None,
    }


def _due(one: Written) -> Due:
    expires_us = one.claimed.expires_us
    return Due(
        message_class=one.claimed.message_class,
        topic=one.claimed.topic,
        expires_at=None if expires_us is None else _at(expires_us),
    )


def _opened(turn: Turn, one: Written, tracks: tuple[bool, bool]) -> Opened:
    send, kept = one.claimed, one.claimed.kept
    assert one.content is not None, "decided before"
    assert one.recipient is not None, "decided before"
    message = Outgoing(
        workspace_id=turn.workspace_id,
        send_id=send.send_id,
        channel=turn.channel,
        recipient=one.recipient,
        content=one.content,
        created_at=_at(time_us_of(send.send_id)),
        profile_id=send.profile_id,
        message_class=send.message_class,
        sender=kept.sender,
        sender_name=kept.sender_name,
        reply_to=kept.reply_to,
        unsubscribe_url=one.links.get("unsubscribe_url") if _is_bulk(one) else None,
        return_tag=signed.return_tag(turn.vault, send.send_id) if turn.channel == "email" else None,
        clicks=_clicks(turn, one) if tracks[1] and _is_bulk(one) else {},
        pixel_url=_pixel(turn, one) if tracks[0] and _is_bulk(one) else None,
        tags=kept.tags,
        values=kept.data,
    )
    return Opened(written=one, n=send.attempts + 1, message=message)


def _clicks(turn: Turn, one: Written) -> Mapping[str, str]:
    """The links of its HTML, each by way of us; our own stay."""
    if turn.links is None or not isinstance(one.content, Email):
        return {}
    return {
        url: turn.links.clicked(turn.vault, turn.workspace_id, one.claimed.send_id, url)
        for url in tracking.urls(one.content.html)
        if len(url) <= signed.URL_CHARS_MAX and not turn.links.is_ours(url)
    }


def _pixel(turn: Turn, one: Written) -> str | None:
    if turn.links is None or not isinstance(one.content, Email):
        return None
    return turn.links.opened(turn.vault, turn.workspace_id, one.claimed.send_id)


def _is_bulk(one: Written) -> bool:
    return one.claimed.message_class is MessageClass.MARKETING


def _at(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1_000_000, UTC)
