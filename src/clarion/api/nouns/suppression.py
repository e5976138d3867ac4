"""Suppressions: addresses that are not sent to, and why."""

from typing import Annotated

from msgspec import Meta, Struct

from clarion import accounts, profiles
from clarion.api import audience_views as views
from clarion.api.nouns._fields import Before, Limit
from clarion.api.ports import Call, id_before
from clarion.db import Tx
from clarion.model import Channel, Source
from clarion.profiles import Reason

VALUES_MAX = 1_000
_Value = Annotated[str, Meta(min_length=1, max_length=320)]
_Values = Annotated[tuple[_Value, ...], Meta(min_length=1, max_length=VALUES_MAX)]


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of suppressed addresses."""

    channel: Channel | None = None
    limit: Limit = 50
    before: Before | None = None


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One address on a channel."""

    value: _Value
    channel: Channel = "email"


class Add(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses to send nothing to; for `unsubscribed`, nothing in bulk."""

    values: _Values
    channel: Channel = "email"
    reason: Reason = Reason.BY_HAND


class Remove(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses to send to again. `reason`: only this one is taken back, not all."""

    values: _Values
    channel: Channel = "email"
    reason: Reason | None = None


class Changed(Struct, frozen=True):
    """How many of the addresses changed."""

    changed: int


async def list_page(call: Call, wish: List) -> views.SuppressionPage:
    """Suppressed addresses, newest first."""
    vault = await call.vault()
    before = id_before(views.SUPPRESSION, wish.before, "suppression")
    async with call.app() as tx:
        found = await profiles.list_suppressed(
            tx, call.workspace_id, vault=vault, before=before, limit=wish.limit + 1, channel=wish.channel
        )
    return views.suppression_page(found, wish.limit)


async def find(call: Call, wish: One) -> list[views.Suppression]:
    """Why one address is suppressed; an empty list where it is not."""
    vault = await call.vault()
    async with call.app() as tx:
        found = await profiles.find_suppression(tx, call.workspace_id, wish.channel, wish.value, vault=vault)
    return [views.suppression(one) for one in found]


async def add(call: Call, wish: Add) -> Changed:
    """Send nothing to these addresses, whoever has them."""
    vault = await call.vault()
    async with call.app() as tx:
        changed = await profiles.suppress(
            tx, call.workspace_id, wish.channel, wish.values,
            reason=wish.reason, source=Source.MANAGE, vault=vault, ids=call.ports.ids,
        )  # fmt: skip
        await _audit(tx, call, "suppressed", wish.channel, wish.reason, changed)
    return Changed(changed)


async def remove(call: Call, wish: Remove) -> Changed:
    """Send to these addresses again."""
    vault = await call.vault()
    reasons = list(Reason) if wish.reason is None else [wish.reason]
    async with call.app() as tx:
        changed = await profiles.unsuppress(
            tx, call.workspace_id, wish.channel, wish.values, reasons=reasons, vault=vault
        )
        await _audit(tx, call, "unsuppressed", wish.channel, wish.reason, changed)
    return Changed(changed)


async def _audit(tx: Tx, call: Call, action: str, channel: str, reason: Reason | None, changed: int) -> None:
    """Without the addresses: the audit is plain."""
    await accounts.audit(
        tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action=action, channel=channel,
        reason=reason or "any", addresses=changed,
    )  # fmt: skip
