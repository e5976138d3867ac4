"""The room's SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, structs

from clarion import db, errors
from clarion.db import Tx
from clarion.model import Source
from clarion.orders.order import Item, NewOrder, Status
from clarion.vault import Vault

Q = db.load("clarion.orders")
#: What names the buyer, or was written to or about them: one sealed record.
SEALED = (
    "external_customer_id", "email", "phone", "first_name", "last_name", "delivery_address", "restore_url",
    "status_description", "additional_info",
)  # fmt: skip
DETAILS = ("delivery_method", "payment_method", "store_id", "source")
_PLAIN = ("total_cost", "currency", "shipping", "discount", "taxes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_exact = msgspec.json.Encoder(decimal_format="number")
_items = msgspec.json.Decoder(tuple[Item, ...] | None)


class Reached(Struct, frozen=True):
    """A status that an order came to, and the event that told of it."""

    event_id: UUID
    status: Status
    changed_us: int


class StoredOrder(Struct, frozen=True, kw_only=True):
    """An order, opened. `erased`: who bought is gone. `profile_id`: the member for whom it stands."""

    order_id: UUID
    profile_id: UUID
    order: NewOrder
    erased: bool
    source: Source
    created_us: int
    changed_us: int
    statuses: tuple[Reached, ...] = ()


class Which(Struct, frozen=True, kw_only=True):
    """Which orders: of some profiles (by every member), with a status, by the shop's own id; all by default."""

    profile_ids: Sequence[UUID] | None = None
    status: Status | None = None
    external_order_id: str | None = None
    before: UUID = UUID(int=(1 << 128) - 1)


async def read_clock(tx: Tx) -> int:
    """When this transaction began, by the database's clock (us)."""
    now_us: int = await tx.fetchval(Q.read_clock)
    return now_us


async def insert_orders(
    tx: Tx, workspace_id: UUID, orders: Sequence[StoredOrder], *, source: Source, now_us: int, vault: Vault
) -> set[str]:
    """Those that were not there; says which. In sorted order, whatever order they are given in."""
    rows = await tx.fetch(
        Q.insert_orders, workspace_id, *_columns(orders, vault), int(source), now_us
    )  # fmt: skip
    return {row["external_order_id"] for row in rows}


async def update_orders(
    tx: Tx, workspace_id: UUID, orders: Sequence[StoredOrder], *, source: Source, now_us: int, vault: Vault
) -> None:
    if orders:
        await tx.execute(Q.update_orders, workspace_id, *_columns(orders, vault), int(source), now_us)


async def lock_orders(
    tx: Tx, workspace_id: UUID, external_ids: Iterable[str], *, vault: Vault
) -> dict[str, StoredOrder]:
    """Those that are there by the shop's ids, ours until the commit; without their statuses."""
    rows = await tx.fetch(Q.lock_orders, workspace_id, list(external_ids))
    return {row["external_order_id"]: _stored(row, vault) for row in rows}


async def insert_statuses(
    tx: Tx, workspace_id: UUID, reached: Sequence[tuple[UUID, UUID, str]], *, now_us: int
) -> None:
    """(order, event, status)."""
    if reached:
        columns = [[one[place] for one in reached] for place in range(3)]
        await tx.execute(Q.insert_statuses, workspace_id, *columns, now_us)


async def list_orders(
    tx: Tx, workspace_id: UUID, which: Which, *, vault: Vault, limit: int
) -> list[StoredOrder]:
    """Newest made first, with their statuses."""
    rows = await tx.fetch(
        Q.list_orders, workspace_id, which.before, which.profile_ids, which.status, which.external_order_id, limit
    )  # fmt: skip
    return await _with_statuses(tx, workspace_id, rows, vault)


async def read_order(tx: Tx, workspace_id: UUID, order_id: UUID, *, vault: Vault) -> StoredOrder:
    """One with its statuses. Raises NotFound."""
    rows = await tx.fetch(Q.read_order, workspace_id, order_id)
    if not rows:
        raise errors.NotFound("there is no such order in this workspace")
    return (await _with_statuses(tx, workspace_id, rows, vault))[0]


async def list_to_erase(
    tx: Tx, workspace_id: UUID, member_ids: Sequence[UUID], limit: int
) -> list[asyncpg.Record]:
    return await tx.fetch(Q.list_to_erase, workspace_id, member_ids, limit)


async def erase_orders(tx: Tx, workspace_id: UUID, items_of: Mapping[UUID, str | None]) -> None:
    """Who bought goes; of the goods stays what is given."""
    await tx.execute(Q.erase_orders, workspace_id, list(items_of), list(items_of.values()))


async def delete_order(tx: Tx, workspace_id: UUID, external_order_id: str) -> int:
    """Forget an order; the events that told of it stay. How many there were."""
    return await _delete(tx, workspace_id, await tx.fetch(Q.delete_order, workspace_id, external_order_id))


async def delete_made_between(tx: Tx, workspace_id: UUID, first_us: int, end_us: int) -> int:
    """The same of those made from one time on, before another."""
    first, end = _EPOCH + first_us * _US, _EPOCH + end_us * _US
    return await _delete(tx, workspace_id, await tx.fetch(Q.delete_made_between, workspace_id, first, end))


async def _delete(tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record]) -> int:
    await tx.execute(Q.delete_statuses, workspace_id, [row["order_id"] for row in rows])
    return len(rows)


def _columns(orders: Sequence[StoredOrder], vault: Vault) -> list[list[Any]]:
    told = [one.order for one in orders]
    return [
        [one.order_id for one in orders],
        [order.external_order_id for order in told],
        [one.profile_id for one in orders],
        [order.status for order in told],
        [_EPOCH + timedelta(microseconds=order.date_us or 0) for order in told],
        *([getattr(order, name) for order in told] for name in _PLAIN),
        [_json(_said(order, DETAILS)) for order in told],
        [None if order.items is None else _json(order.items) for order in told],
        [_seal(one, vault) for one in orders],
    ]


def _seal(one: StoredOrder, vault: Vault) -> bytes:
    record = msgspec.msgpack.encode(_said(one.order, SEALED))
    return vault.seal(record, _place(one.order_id))


def _said(order: NewOrder, fields: Sequence[str]) -> dict[str, Any]:
    return {name: value for name in fields if (value := getattr(order, name)) is not None}


def _place(order_id: UUID) -> bytes:
    return b"order" + order_id.bytes


async def _with_statuses(
    tx: Tx, workspace_id: UUID, rows: Sequence[asyncpg.Record], vault: Vault
) -> list[StoredOrder]:
    reached: dict[UUID, list[Reached]] = {row["order_id"]: [] for row in rows}
    for row in await tx.fetch(Q.list_statuses, workspace_id, list(reached)):
        reached[row["order_id"]].append(Reached(row["event_id"], Status(row["status"]), row["changed_us"]))
    return [structs.replace(_stored(row, vault), statuses=tuple(reached[row["order_id"]])) for row in rows]


def _stored(row: asyncpg.Record, vault: Vault) -> StoredOrder:
    sealed = row["sealed"]
    personal = {} if sealed is None else msgspec.msgpack.decode(vault.open(sealed, _place(row["order_id"])))
    amounts: dict[str, Decimal | str | None] = {name: row[name] for name in _PLAIN}
    fields: dict[str, Any] = amounts | msgspec.json.decode(row["details"]) | personal
    order = NewOrder(
        external_order_id=row["external_order_id"],
        status=row["status"],
        date_us=(row["ordered_at"] - _EPOCH) // _US,
        items=None if row["items"] is None else _items.decode(row["items"]),
        **fields,
    )
    return StoredOrder(
        order_id=row["order_id"],
        profile_id=row["profile_id"],
        order=order,
        erased=sealed is None,
        source=Source(row["source"]),
        created_us=row["created_us"],
        changed_us=row["changed_us"],
    )


def _json(value: Any) -> str:
    """Amounts with every digit."""
    return _exact.encode(value).decode()
