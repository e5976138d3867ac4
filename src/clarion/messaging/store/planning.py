"""Sends are planned: in the transaction of whoever wants them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import errors
from clarion.db import Tx
from clarion.messaging.policy import HOLDING
from clarion.messaging.port import Channel, MessageClass
from clarion.messaging.sends import Planned, PlannedSend, Sealed, place
from clarion.messaging.store._queries import Q
from clarion.messaging.store.standing import blind_of, find_rule
from clarion.messaging.store.templates import StoredTemplate, find_templates
from clarion.model import Ids, time_us_of
from clarion.vault import Vault

WORK = "clarion_sends"  #: the channel on which workers hear that there are sends
PLAN_MAX = 1_000
BACKLOG_MAX = (
    100_000  #: due and not sent, of a channel of a workspace; with more, callers are to come back later
)
_COME_BACK_S = 30


class _Row(Struct, frozen=True, kw_only=True):
    """A send as it is inserted, in the order of the query's columns."""

    send_key: UUID
    send_id: UUID
    cause_kind: str
    cause_id: UUID | None
    profile_id: UUID | None
    channel: str
    message_class: str
    topic: str | None
    template_id: UUID | None
    version: int | None
    retry_unknown: bool
    due_us: int
    expires_us: int | None
    sealed: bytes
    wish: UUID | None
    blind: UUID | None


async def plan(
    tx: Tx, workspace_id: UUID, sends: Sequence[PlannedSend], *, vault: Vault, ids: Ids
) -> list[Planned]:
    """Have these sent once the transaction is committed; one whose key was planned before stays as it was.

    One answer a send, in their order. Raises Invalid where one cannot be sent as it is wished; then none is.
    """
    if not sends:
        return []
    if len(sends) > PLAN_MAX:
        raise errors.Invalid(f"at most {PLAN_MAX} messages are planned at once")
    templates = await find_templates(tx, workspace_id, {one.template_id for one in sends if one.template_id})
    keys = [UUID(bytes=key) for key in vault.dedup_keys("send", [one.key for one in sends])]
    hours = {
        one: (await find_rule(tx, workspace_id, one)).expires_hours for one in {s.channel for s in sends}
    }
    first: dict[UUID, _Row] = {}
    for key, send_id, wanted in zip(keys, ids.many(len(sends)), sends, strict=True):
        if key not in first:
            first[key] = _row(key, send_id, wanted, templates, hours[wanted.channel], vault)
    rows = sorted(first.values(), key=lambda row: row.send_key.bytes)
    columns = [[getattr(row, name) for row in rows] for name in _Row.__struct_fields__]
    new = {row["send_key"]: row["send_id"] for row in await tx.fetch(Q.plan_sends, workspace_id, *columns)}
    known = [key for key in first if key not in new]
    old = await _planned_before(tx, workspace_id, [(key, first[key].wish) for key in known])
    await tx.execute(Q.tell_workers, WORK)
    return [Planned(new[key], new=True) if key in new else old[key] for key in keys]


async def release(tx: Tx, workspace_id: UUID, channel: Channel, *, held_before_us: int, limit: int) -> int:
    """Let some of what quiet hours have held since before then be decided anew; how many."""
    reasons = [why.value for why in HOLDING]
    rows = await tx.fetch(Q.release_held, workspace_id, channel, held_before_us, reasons, limit)
    await tx.execute(Q.tell_workers, WORK)
    return len(rows)


async def find_planned(
    tx: Tx, workspace_id: UUID, key: str, *, wish: str | None = None, vault: Vault
) -> Planned | None:
    """The send of a key, and whether it was planned by this wish; None: there is none."""
    (hashed,) = vault.dedup_keys("send", [key])
    send_key = UUID(bytes=hashed)
    return (await _planned_before(tx, workspace_id, [(send_key, _hash_of(wish, vault))])).get(send_key)


async def _planned_before(
    tx: Tx, workspace_id: UUID, asked: Sequence[tuple[UUID, UUID | None]]
) -> dict[UUID, Planned]:
    if not asked:
        return {}
    wishes = dict(asked)
    rows = await tx.fetch(Q.find_planned, workspace_id, list(wishes))
    return {
        row["send_key"]: Planned(row["send_id"], new=False, same=row["wish"] == wishes[row["send_key"]])
        for row in rows
    }


def _hash_of(wish: str | None, vault: Vault) -> UUID | None:
    return None if wish is None else UUID(bytes=vault.dedup_keys("send wish", [wish])[0])


async def refuse_when_full(tx: Tx, workspace_id: UUID, channel: Channel, *, most: int, now_us: int) -> None:
    """Raises Unavailable where so many transactional messages of a channel are due and wait.

    Asked by callers that can come back; what a campaign has waiting counts for nothing.
    """
    due: int = await tx.fetchval(Q.count_due, workspace_id, channel, now_us, most)
    if due >= most:
        raise errors.Unavailable(f"{due:,} messages wait to be sent", retry_after_s=_COME_BACK_S)


def _row(
    key: UUID,
    send_id: UUID,
    wanted: PlannedSend,
    templates: Mapping[UUID, StoredTemplate],
    hours: int | None,
    vault: Vault,
) -> _Row:
    template = _template(wanted, templates)
    if wanted.recipient is None and wanted.profile_id is None and wanted.channel != "webhook":
        raise errors.Invalid("a message needs a recipient or a person")
    asked = wanted.message_class or (template.message_class if template else MessageClass.MARKETING)
    due_us = time_us_of(send_id) if wanted.due_at is None else _us(wanted.due_at)
    expires_us = None if wanted.expires_at is None else _us(wanted.expires_at)
    if expires_us is None and hours is not None and asked is MessageClass.MARKETING:
        expires_us = due_us + hours * 3_600_000_000
    return _Row(
        send_key=key,
        send_id=send_id,
        cause_kind=wanted.cause.kind,
        cause_id=wanted.cause.id,
        profile_id=wanted.profile_id,
        channel=wanted.channel,
        message_class=asked.value,
        topic=wanted.topic or (template.topic if template else None),
        template_id=wanted.template_id,
        version=template.version if template else None,
        retry_unknown=bool(template and template.retry_unknown),
        due_us=due_us,
        expires_us=expires_us,
        sealed=vault.seal(_content(wanted, template), place(send_id)),
        wish=_hash_of(wanted.wish, vault),
        blind=blind_of(vault, wanted.channel, wanted.recipient) if wanted.recipient else None,
    )


def _template(wanted: PlannedSend, templates: Mapping[UUID, StoredTemplate]) -> StoredTemplate | None:
    if (wanted.template_id is None) == (wanted.content is None):
        raise errors.Invalid("a message is made of a template or of a content, one of the two")
    if wanted.template_id is None:
        return None
    template = templates.get(wanted.template_id)
    if template is None:
        raise errors.Invalid("there is no such template in this workspace")
    if template.channel != wanted.channel:
        raise errors.Invalid(f"the template {template.name} is for {template.channel}")
    return template


def _content(wanted: PlannedSend, template: StoredTemplate | None) -> bytes:
    return msgspec.msgpack.encode(
        Sealed(
            recipient=wanted.recipient,
            content=wanted.content,
            language=wanted.language,
            data=dict(wanted.data),
            event=None if wanted.event is None else dict(wanted.event),
            order=None if wanted.order is None else dict(wanted.order),
            sender=wanted.sender or (template.sender if template else None),
            sender_name=wanted.sender_name or (template.sender_name if template else None),
            reply_to=wanted.reply_to,
            tags=wanted.tags or (template.tags if template else ()),
        )
    )


def _us(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)
