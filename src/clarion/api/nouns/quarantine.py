"""Quarantine: acknowledged items that could not be processed; retried or given up by hand."""

from uuid import UUID

from msgspec import Struct

from clarion import accounts, events
from clarion.api import views
from clarion.api.nouns._fields import Before, Limit
from clarion.api.ports import Call, id_before, id_of
from clarion.db import Tx
from clarion.events import Bench


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of quarantined items."""

    limit: Limit = 50
    before: Before | None = None


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One quarantined item by its id."""

    quarantined_id: str


async def list_page(call: Call, wish: List) -> views.QuarantinePage:
    """What stands in quarantine, newest first."""
    before = id_before(views.QUARANTINED, wish.before, "quarantined item")
    async with call.app() as tx:
        found = await events.list_quarantine(tx, call.workspace_id, limit=wish.limit + 1, before=before)
    return views.quarantine_page(found, wish.limit)


async def show(call: Call, wish: One) -> views.OpenedQuarantined:
    """One item with what it says."""
    vault = await call.vault()
    async with call.app() as tx:
        item = await events.show_quarantined(tx, call.workspace_id, _id(wish.quarantined_id))
    return views.opened(item, events.read_quarantined(item, vault))


async def retry(call: Call, wish: One) -> views.Retried:
    """Process it again, now."""
    bench = Bench(
        call.workspace_id, await call.vault(), call.ports.ids, listeners=tuple(call.ports.listeners)
    )
    quarantine_id = _id(wish.quarantined_id)
    async with call.owner() as tx:
        left = await events.retry_quarantined(tx, bench, quarantine_id)
        await _audit(tx, call, "quarantine_retried", quarantine_id)
    return views.Retried(settled=left is None, quarantined=None if left is None else views.quarantined(left))


async def discard(call: Call, wish: One) -> views.Quarantined:
    """Give it up: the ledger counts it as discarded. It cannot be taken back."""
    quarantine_id = _id(wish.quarantined_id)
    async with call.app() as tx:
        item = await events.discard_quarantined(tx, call.workspace_id, quarantine_id)
        await _audit(tx, call, "quarantine_discarded", quarantine_id)
    return views.quarantined(item)


def _id(text: str) -> UUID:
    return id_of(views.QUARANTINED, text, "quarantined item")


async def _audit(tx: Tx, call: Call, action: str, quarantine_id: UUID) -> None:
    await accounts.audit(
        tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action=action,
        quarantined_id=str(quarantine_id),
    )  # fmt: skip
