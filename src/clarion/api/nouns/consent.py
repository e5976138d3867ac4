"""Consent: what owners of addresses said yes and no to."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import accounts, errors, messaging, profiles
from clarion.api import consent_views as views
from clarion.api.nouns.topic import TopicName
from clarion.api.ports import Call, Nothing
from clarion.db import Tx
from clarion.messaging import Channel
from clarion.model import Source
from clarion.vault import Vault

_Value = Annotated[str, Meta(min_length=1, max_length=320)]


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address on a channel."""

    value: _Value
    channel: Channel = "email"


class Set(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Yes or no of an address's owner, to a topic or (without one) to the channel as a whole."""

    value: _Value
    agreed: bool
    channel: Channel = "email"
    topic: TopicName | None = None


async def list_all(call: Call, wish: Nothing) -> list[views.Count]:
    """How many addresses said what; addresses themselves are not kept with it."""
    async with call.app() as tx:
        found = await messaging.count_consents(tx, call.workspace_id)
    return [views.Count(channel=channel, topic=topic, yes=yes, no=no) for channel, topic, yes, no in found]


async def show(call: Call, wish: One) -> views.Consent:
    """What one address's owner agreed to."""
    return await _shown(call, wish.value, wish.channel)


async def set_(call: Call, wish: Set) -> views.Consent:
    """Note what an address's owner said."""
    vault = await call.vault()
    async with call.app() as tx:
        if wish.topic is not None:
            known = {one.name for one in await messaging.list_topics(tx, call.workspace_id)}
            if wish.topic not in known:
                raise errors.NotFound(
                    f"there is no topic {wish.topic} in this workspace; make it with `topic set`"
                )
        if not await messaging.agree(
            tx, call.workspace_id, wish.channel, wish.value, {wish.topic or "": wish.agreed},
            source=Source.MANAGE, vault=vault, ids=call.ports.ids,
        ):  # fmt: skip
            raise errors.Invalid(f"that is no address on {wish.channel}")
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="consent set",
            channel=wish.channel, topic=wish.topic or "", agreed=wish.agreed,
        )  # fmt: skip
    return await _shown(call, wish.value, wish.channel)


async def _shown(call: Call, value: str, channel: Channel) -> views.Consent:
    vault = await call.vault()
    async with call.app() as tx:
        found = await said_by(tx, call.workspace_id, value, channel, vault=vault)
    if found is None:
        raise errors.Invalid(f"that is no address on {channel}")
    return found


async def said_by(
    tx: Tx, workspace_id: UUID, value: str, channel: Channel, *, vault: Vault
) -> views.Consent | None:
    """The same in somebody's transaction; None where it is no address on the channel."""
    blind = messaging.blind_of(vault, channel, value)
    if blind is None:
        return None
    said = (await messaging.consents(tx, workspace_id, channel, [blind])).get(blind, {})
    topics = await messaging.list_topics(tx, workspace_id)
    suppressed = await profiles.reasons_of_blind(tx, workspace_id, channel, blind)
    return views.consent(value, channel, said, topics, suppressed)
