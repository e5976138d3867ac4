"""Orders: added or changed, deleted."""

from typing import Any
from zoneinfo import ZoneInfo

from clarion import events, orders
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.mapping import sample
from clarion.dialects.esputnik.orders import mapping, wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import Sample, Source
from clarion.orders import NewOrder


async def place(asked: Asked) -> wire.Failed | None:
    """Add up to 1,000 orders, or change those with the same externalOrderId; says which could not be."""
    zone = ZoneInfo(asked.credential.zone)
    told: list[NewOrder] = []
    failed: list[wire.FailedOrder] = []
    samples: list[Sample] = []
    for index, sent in enumerate(map(bytes, asked.body.orders)):
        try:
            told.append(mapping.order(sent, zone))
        except Malformed as exc:
            failed.append(wire.FailedOrder(mapping.id_of(sent), str(exc), index))
            samples.append(sample(sent, exc))
    if told:
        await _write(asked, told)
    if not failed:
        return None
    await asked.ingest.offer(asked.credential, Source.ESPUTNIK, [], rejected=len(failed), samples=samples)
    collapsed: Any = vendor.collapsed(failed)
    return wire.Failed(collapsed)


async def remove(asked: Asked) -> None:
    """Delete an order by its id, or those made within up to 24 hours; their events stay on the timeline."""
    wish: wire.Removal = asked.query
    if (wish.external_order_id is None) is (wish.from_ is None and wish.to is None):
        raise Malformed("Either externalOrderId, or from and to")
    if wish.external_order_id is not None:
        order_id = wish.external_order_id.strip()
        await asked.transact(lambda tx: orders.delete_order(tx, asked.workspace_id, order_id))
        return
    zone = ZoneInfo(asked.credential.zone)
    first_us = mapping.time_us(wish.from_ or "", zone, "from")
    last_us = mapping.time_us(wish.to or "", zone, "to")
    if not 0 < last_us - first_us <= mapping.RANGE_MAX.total_seconds() * 1_000_000:
        raise Malformed("from must lie before to, and no more than 24 hours")
    await asked.transact(lambda tx: orders.delete_made_between(tx, asked.workspace_id, first_us, last_us))


async def _write(asked: Asked, told: list[NewOrder]) -> None:
    vault = await asked.vault()
    shop = orders.Shop(Source.ESPUTNIK, asked.credential.namespace)

    async def work(tx: Tx) -> None:
        await orders.upsert(tx, asked.workspace_id, told, shop, vault=vault, ids=asked.store.ids)

    await asked.transact(work)
    await asked.store.database.notify(events.WORK)
