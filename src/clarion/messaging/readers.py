"""What a reader says by the links of a message: no, yes, to which topics; and that they opened it or followed a link.

A reader is an address on a channel; what they say stops marketing only. Everything may be said again: the second time
changes nothing.
"""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from clarion import errors, events, model, profiles
from clarion.db import Tx
from clarion.messaging import store
from clarion.messaging.links import Reader
from clarion.model import Event, Ids, Source
from clarion.vault import Vault

#: Names of the metrics.
OPENED, CLICKED = "email_opened", "email_clicked"
_MESSAGE = "msg"
_WHOLE = ""  #: the topic that is the channel itself


class Choice(Struct, frozen=True, kw_only=True):
    """A topic, and whether the reader gets it."""

    topic: str
    title: str
    agreed: bool


class ReaderStanding(Struct, frozen=True, kw_only=True):
    """What a reader gets. `value` None: who they are is not known any more. `sender`: as they know us, if it is set."""

    value: str | None
    language: str | None
    sender: str | None
    subscribed: bool
    choices: list[Choice]


async def reader_standing(tx: Tx, reader: Reader, *, vault: Vault) -> ReaderStanding:
    """What they get now."""
    workspace_id = reader.workspace_id
    to = await _sent_to(tx, reader, vault)
    carrier = await store.find_provider(tx, workspace_id, reader.channel, vault=vault)
    sender = "" if carrier is None else getattr(carrier.config, "sender_name", "")
    said = await _said(tx, reader)
    topics = await store.list_topics(tx, workspace_id)
    return ReaderStanding(
        value=None if to is None else to.value,
        language=None if to is None else to.language,
        sender=sender or None,
        subscribed=await _subscribed(tx, reader, said),
        choices=[
            Choice(topic=one.name, title=one.title or one.name, agreed=said.get(one.name, not one.opt_in))
            for one in topics
        ],
    )


async def unsubscribe(tx: Tx, reader: Reader, *, vault: Vault, ids: Ids) -> None:
    """Nothing in bulk goes to the address any more, whoever has it."""
    to = await _sent_to(tx, reader, vault)
    await _suppress(
        tx, reader, None if to is None else to.value, profiles.Reason.UNSUBSCRIBED, vault=vault, ids=ids
    )


async def subscribe(tx: Tx, reader: Reader, *, ids: Ids) -> None:
    """What they took back of their own is taken back; bounces, complaints and what was said by hand stay."""
    reasons = [profiles.Reason.UNSUBSCRIBED]
    await profiles.unsuppress_blind(tx, reader.workspace_id, reader.channel, reader.blind, reasons=reasons)
    if (await _said(tx, reader)).get(_WHOLE) is False:
        await _agree(tx, reader, {_WHOLE: True}, ids)


async def choose(
    tx: Tx, reader: Reader, subscribed: bool, agreed: Mapping[str, bool], *, vault: Vault, ids: Ids
) -> None:
    """Whether they get marketing at all, and on which topics; topics that there are none of are passed over."""
    said = await _said(tx, reader)
    known = {one.name: one for one in await store.list_topics(tx, reader.workspace_id)}
    new = {
        topic: yes
        for topic, yes in agreed.items()
        if topic in known and said.get(topic, not known[topic].opt_in) is not yes
    }
    if new:
        await _agree(tx, reader, new, ids)
    if subscribed is await _subscribed(tx, reader, said):
        return
    if subscribed:
        await subscribe(tx, reader, ids=ids)
    else:
        await unsubscribe(tx, reader, vault=vault, ids=ids)


async def opened(tx: Tx, workspace_id: UUID, send_id: UUID, *, vault: Vault, ids: Ids, now_us: int) -> bool:
    """The mail was shown; told once a send. Whether it was the first time."""
    if not await store.note_opened(tx, workspace_id, send_id, now_us):
        return False
    await _tell(tx, workspace_id, send_id, OPENED, {}, vault=vault, ids=ids, now_us=now_us)
    return True


async def clicked(
    tx: Tx, workspace_id: UUID, send_id: UUID, url: str, *, vault: Vault, ids: Ids, now_us: int
) -> bool:
    """A link was followed; told once a send, with the URL up to its parameters: they may name the reader."""
    if not await store.note_clicked(tx, workspace_id, send_id, now_us):
        return False
    parts = urlsplit(url)
    link = {"link": f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"}
    await _tell(tx, workspace_id, send_id, CLICKED, link, vault=vault, ids=ids, now_us=now_us)
    return True


async def suppress_reader(tx: Tx, reader: Reader, reason: profiles.Reason, *, vault: Vault, ids: Ids) -> None:
    """Nothing goes to the address any more: there is none, or its owner complained."""
    to = await _sent_to(tx, reader, vault)
    await _suppress(tx, reader, None if to is None else to.value, reason, vault=vault, ids=ids)


async def _suppress(
    tx: Tx, reader: Reader, value: str | None, reason: profiles.Reason, *, vault: Vault, ids: Ids
) -> None:
    """With the address, so that lists can show it, where it is known; else by its blind index alone."""
    if value is not None:
        try:
            await profiles.suppress(
                tx, reader.workspace_id, cast(Any, reader.channel), [value],
                reason=reason, source=Source.RECIPIENT, vault=vault, ids=ids,
            )  # fmt: skip
            return
        except errors.Invalid:
            pass  # not an address by today's rules: by its blind index then
    await profiles.suppress_blind(
        tx, reader.workspace_id, reader.channel, reader.blind, reason=reason, source=Source.RECIPIENT, ids=ids
    )


async def _sent_to(tx: Tx, reader: Reader, vault: Vault) -> store.SentTo | None:
    """The address of the token, or none: the send may have gone to another one since."""
    to = await store.sent_to(tx, reader.workspace_id, reader.send_id, vault=vault)
    if to is None or to.value is None or store.blind_of(vault, reader.channel, to.value) == reader.blind:
        return to
    return None


async def _said(tx: Tx, reader: Reader) -> dict[str, bool]:
    found = await store.consents(tx, reader.workspace_id, reader.channel, [reader.blind])
    return found.get(reader.blind, {})


async def _subscribed(tx: Tx, reader: Reader, said: Mapping[str, bool]) -> bool:
    reasons = await profiles.reasons_of_blind(tx, reader.workspace_id, reader.channel, reader.blind)
    return profiles.Reason.UNSUBSCRIBED not in reasons and said.get(_WHOLE) is not False


async def _agree(tx: Tx, reader: Reader, agreed: Mapping[str, bool], ids: Ids) -> None:
    await store.agree_blind(
        tx, reader.workspace_id, reader.channel, reader.blind, agreed, source=Source.RECIPIENT, ids=ids
    )


async def _tell(
    tx: Tx,
    workspace_id: UUID,
    send_id: UUID,
    name: str,
    more: Mapping[str, Any],
    *,
    vault: Vault,
    ids: Ids,
    now_us: int,
) -> None:
    """As an event of the person it was for; of a message to a bare address nobody can be told of."""
    to = await store.sent_to(tx, workspace_id, send_id, vault=vault)
    if to is None or to.profile_id is None:
        return
    lead = (await profiles.leads_of(tx, workspace_id, [to.profile_id], vault=vault)).get(to.profile_id)
    if lead is None:
        return
    properties = {"message": model.show_id(_MESSAGE, send_id), "template": to.template, **more}
    event = Event(
        name=name,
        occurred_at_us=now_us,
        identities=(lead,),
        properties={key: value for key, value in properties.items() if value is not None},
    )
    await events.tell(
        tx, workspace_id, Source.RECIPIENT, [event], vault=vault, ids=ids, item_ids=[ids.next()]
    )
