"""Calls that send: all that a call wants is planned in one transaction, and sent within seconds."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from clarion import errors, events, messaging
from clarion.db import Tx
from clarion.dialects import _storable
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import lookup
from clarion.dialects.esputnik.messages import mapping, prepared, wire
from clarion.dialects.esputnik.messages.mapping import Queued, Refused, Wanted
from clarion.dialects.esputnik.messages.reaching import Reached, reach
from clarion.dialects.esputnik.wire import Malformed
from clarion.messaging import Cause, Channel, Content, MessageClass, PlannedSend, Text
from clarion.messaging import Email as Mail

RAW_BYTES_MAX = 32 * 1024 * 1024  # of a text that is sent as it stands, times its recipients
_NO_GROUPS = "groupId is not spoken by this server: give phoneNumbers"
_VIBER = ("ttl_seconds", "img", "caption", "action", "ios_expirity_text")


async def smartsend(asked: Asked) -> wire.Results:
    """Send a prepared message to up to 1,000 recipients, each with data of its own."""
    sent: wire.Smartsend = asked.body
    number = lookup.number(asked.places["messageId"], prepared.MESSAGE)
    name = _name(sent.from_name)

    async def wish(tx: Tx) -> tuple[PlannedSend, Sequence[Wanted | Refused]]:
        template = await prepared.find(tx, asked.workspace_id, number)
        like = _like(asked, template.channel)
        like = structs.replace(like, template_id=template.template_id, sender_name=name)
        return like, mapping.recipients(sent, template.channel)

    return await _send(asked, wish)


async def email(asked: Asked) -> wire.Results:
    """Send an e-mail as it stands to up to 1,000 addresses."""
    sent: wire.Email = asked.body
    if sent.html_text is None and sent.plain_text is None:
        raise Malformed("htmlText is required, or plainText")
    if not sent.subject.isprintable():
        raise Malformed("subject must not have a line's end or a control character")
    content = Mail(subject=sent.subject, html=sent.html_text or "", text=sent.plain_text)
    return await _send_raw(asked, "email", content, sent.emails, sent.from_, sent.tags)


async def sms(asked: Asked) -> wire.Results:
    """Send an SMS as it stands to up to 1,000 numbers."""
    sent: wire.Sms = asked.body
    if sent.group_id is not None:
        raise Malformed(_NO_GROUPS)
    return await _send_raw(asked, "sms", Text(text=sent.text), sent.phone_numbers, sent.from_, sent.tags)


async def viber(asked: Asked) -> wire.Results:
    """Send a Viber message as it stands to up to 1,000 numbers."""
    sent: wire.Viber = asked.body
    if sent.group_id is not None:
        raise Malformed(_NO_GROUPS)
    given = {
        field.encode_name: getattr(sent, field.name) for field in structs.fields(sent) if field.name in _VIBER
    }
    more: dict[str, Any] = {"data": {name: value for name, value in given.items() if value is not None}}
    if sent.ttl_seconds is not None:
        now = datetime.fromtimestamp(asked.store.database.now_us() / 1_000_000, UTC)
        more["expires_at"] = now + timedelta(seconds=sent.ttl_seconds)
    content = Text(text=sent.text)
    return await _send_raw(asked, "viber", content, sent.phone_numbers, sent.from_, sent.tags, **more)


async def status(asked: Asked) -> wire.Statuses:
    """What became of messages, by their requestIds, however they began and on whatever channel."""
    return await _status(asked, None)


def status_of(channel: Channel) -> prepared.Serve:
    """The older calls, one a channel."""

    async def status(asked: Asked) -> wire.Statuses:
        """The same, of messages of this channel alone; the older call."""
        return await _status(asked, channel)

    return status


async def _status(asked: Asked, channel: Channel | None) -> wire.Statuses:
    ids = mapping.request_ids(asked.query)
    held = await asked.transact(lambda tx: messaging.read_states(tx, asked.workspace_id, ids))
    found = {one: held[one].state for one in ids if one in held and channel in (None, held[one].channel)}
    if not found:
        raise errors.NotFound("None of these messages was found")
    return mapping.statuses(found)


async def _send_raw(
    asked: Asked,
    channel: Channel,
    content: Content,
    to: Sequence[str | int],
    sender: str | None,
    tags: Sequence[str],
    **more: Any,
) -> wire.Results:
    address, name = mapping.sender(sender, channel)
    wanted = mapping.addresses(to, channel)
    _check(content, tags, len(wanted))
    like = structs.replace(
        _like(asked, channel), content=content, sender=address, sender_name=name, tags=tuple(tags), **more
    )

    async def wish(_tx: Tx) -> tuple[PlannedSend, Sequence[Wanted | Refused]]:
        return like, wanted

    return await _send(asked, wish)


async def _send(asked: Asked, wish: Callable[[Tx], Any]) -> wire.Results:
    """Plan what `wish` says, all in the one transaction that also makes the contacts."""
    asked.ingest.admit(1)
    vault = await asked.vault()

    async def work(tx: Tx) -> list[Queued | Refused]:
        # Nobody is erased between their address and their message.
        await events.begin_write(tx, asked.workspace_id)
        like, wanted = await wish(tx)
        await messaging.refuse_when_full(
            tx, asked.workspace_id, like.channel, most=asked.store.outbox_max,
            now_us=asked.store.database.now_us(),
        )  # fmt: skip
        found = await reach(tx, asked, like.channel, wanted, vault)
        sends = [_send_to(like, place, one) for place, one in enumerate(found) if isinstance(one, Reached)]
        planned = await messaging.plan(tx, asked.workspace_id, sends, vault=vault, ids=asked.store.ids)
        ids = iter([one.send_id for one in planned])
        return [one if isinstance(one, Refused) else Queued(one.locator, next(ids)) for one in found]

    return mapping.answer(await asked.transact(work))


def _like(asked: Asked, channel: Channel) -> PlannedSend:
    """What the messages of a call have in common; a repeated call is another, so its key is of this one alone."""
    call_id: UUID = asked.store.ids.next()
    return PlannedSend(
        key=f"esputnik {call_id}", cause=Cause("call", call_id), channel=channel,
        message_class=MessageClass.TRANSACTIONAL,
    )  # fmt: skip


def _send_to(like: PlannedSend, place: int, one: Reached) -> PlannedSend:
    return structs.replace(
        like, key=f"{like.key} {place}", recipient=one.address, profile_id=one.profile_id,
        data=one.wanted.data or like.data, language=one.wanted.language,
    )  # fmt: skip


def _check(content: Content, tags: Sequence[str], recipients: int) -> None:
    """Raises Malformed."""
    texts = [text for text in structs.astuple(content) if isinstance(text, str)]
    for text in (*texts, *tags):
        if (wrong := _storable.problem(text)) is not None:
            raise Malformed(f"A text {wrong}")
    if sum(len(text.encode()) for text in texts) * recipients > RAW_BYTES_MAX:
        megabytes = RAW_BYTES_MAX // (1024 * 1024)
        raise Malformed(
            f"The message times its recipients is more than {megabytes} MB: send to fewer at once"
        )


def _name(given: str | None) -> str | None:
    if given is not None and not given.isprintable():
        raise Malformed("fromName must not have a line's end or a control character")
    return given or None
