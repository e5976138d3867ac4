"""Erasing a person's part in orders: who bought goes, what and for how much stays."""

from uuid import UUID

import msgspec

from clarion import profiles
from clarion.db import Tx
from clarion.jobs import Handler, Job
from clarion.orders import store

ROOM = "orders"
_AT_ONCE = 1_000
_KEPT_OF_ITEMS = ("externalItemId", "category", "quantity", "cost")


def eraser() -> Handler:
    """Hears of `profiles.ERASED`."""

    async def erase(tx: Tx, job: Job) -> None:
        fact = profiles.unpack_erased(job.payload)
        receipt = await profiles.lock_erasure(tx, job.workspace_id, fact.erasure_id)
        if ROOM in receipt.lines:
            return
        line = {"orders made anonymous": await _erase(tx, job.workspace_id, fact.member_ids)}
        await profiles.add_line(tx, job.workspace_id, fact.erasure_id, ROOM, line)

    return erase


async def _erase(tx: Tx, workspace_id: UUID, member_ids: list[UUID]) -> int:
    erased = 0
    while rows := await store.list_to_erase(tx, workspace_id, member_ids, _AT_ONCE):
        kept = {row["order_id"]: _without_words(row["items"]) for row in rows}
        await store.erase_orders(tx, workspace_id, kept)
        erased += len(rows)
    return erased


def _without_words(items: str | None) -> str | None:
    """Of the goods what is counted: which, of what kind, how many, for how much. JSON in, JSON out."""
    if items is None:
        return None
    goods = msgspec.json.decode(items, type=list[dict[str, msgspec.Raw]])  # amounts with every digit
    kept = [{name: item[name] for name in _KEPT_OF_ITEMS if name in item} for item in goods]
    return msgspec.json.encode(kept).decode()
