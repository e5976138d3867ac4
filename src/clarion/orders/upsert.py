"""Orders as they are reported: made, changed or the same; every change is told as an event in the same transaction."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, structs

from clarion import errors, events, profiles
from clarion.db import Tx
from clarion.model import Event, Ids, Source
from clarion.orders import store
from clarion.orders.check import check
from clarion.orders.event import event_of
from clarion.orders.order import NewOrder, anonymous, merged
from clarion.orders.store import StoredOrder
from clarion.profiles import Arrival
from clarion.vault import Vault

ORDERS_MAX = 1_000  # at once
_ROUNDS_MAX = 5  # in which orders are made or found; a second is needed only where one is deleted meanwhile


class Outcome(StrEnum):
    """What became of a reported order."""

    CREATED = "created"  #: nobody knew it
    CHANGED = "changed"  #: it says something else now
    UNCHANGED = "unchanged"  #: all of it was known: no event tells of it


class Shop(Struct, frozen=True):
    """Who reports: the dialect, and whose customers' ids those of the orders are. `history`: of the past only."""

    source: Source
    namespace: str
    history: bool = False


async def upsert(
    tx: Tx, workspace_id: UUID, orders: Sequence[NewOrder], shop: Shop, *, vault: Vault, ids: Ids
) -> list[Outcome]:
    """Write orders by the shop's own ids; what a report does not say of a known order stays. What became of each.

    A change raises `order<STATUS>` for the customer. Several reports of one order count in their order. Takes its
    locks in one order with all its like, but not with workers: the caller tries again after a deadlock
    (`db.transact`), and wakes workers afterwards (`events.WORK`). Raises Invalid where `check` finds a flaw, and
    Unavailable.
    """
    if not 0 < len(orders) <= ORDERS_MAX:
        raise errors.Invalid(f"between 1 and {ORDERS_MAX} orders at once")
    for position, order in enumerate(orders):
        if flaws := check(order):
            raise errors.Invalid(f"order {position + 1}: {flaws[0].field} is {flaws[0].fault.value}")
    await events.begin_write(tx, workspace_id)
    now_us = await store.read_clock(tx)
    item_ids = ids.many(len(orders))
    told = [_event(order, shop, now_us, is_new=True) for order in orders]
    arrivals = [Arrival(item_id, event, now_us) for item_id, event in zip(item_ids, told, strict=True)]
    wanted = profiles.Wanted.of(arrivals, vault)
    members = await profiles.members_of(
        tx, workspace_id, wanted, vault=vault, ids=ids, remembered=profiles.Known(), cause="call"
    )
    book = _Book(shop, now_us)
    await book.open(tx, workspace_id, orders, members, vault=vault, ids=ids)
    outcomes = [
        book.report(order, member, item_id)
        for order, member, item_id in zip(orders, members, item_ids, strict=True)
    ]
    await book.close(tx, workspace_id, vault=vault, ids=ids)
    return outcomes


class _Book:
    """The orders of one call as they stand, and what has to be written and told."""

    def __init__(self, shop: Shop, now_us: int) -> None:
        self._shop = shop
        self._now_us = now_us
        self._stand: dict[str, StoredOrder] = {}
        self._made: set[str] = set()  # inserted by this call and not yet reported
        self._changed: set[str] = set()
        self._events: list[tuple[UUID, Event]] = []
        self._reached: list[tuple[UUID, UUID, str]] = []

    async def open(
        self,
        tx: Tx,
        workspace_id: UUID,
        orders: Sequence[NewOrder],
        members: Sequence[UUID],
        *,
        vault: Vault,
        ids: Ids,
    ) -> None:
        """Make those that nobody knows, from their first reports, and lock the others.

        One that was there may be deleted before it is locked: nobody knows it any more, so it is made after all.
        Raises Unavailable where that never ends.
        """
        first: dict[str, StoredOrder] = {}
        for order, member in zip(orders, members, strict=True):
            if order.external_order_id not in first:
                first[order.external_order_id] = StoredOrder(
                    order_id=ids.next(), profile_id=member, order=order, erased=False, source=self._shop.source,
                    created_us=self._now_us, changed_us=self._now_us,
                )  # fmt: skip
        known: dict[str, StoredOrder] = {}
        for _ in range(_ROUNDS_MAX):
            lacking = [one for key, one in first.items() if key not in self._made and key not in known]
            if not lacking:
                break
            made = await store.insert_orders(
                tx, workspace_id, lacking, source=self._shop.source, now_us=self._now_us, vault=vault
            )
            self._made |= made
            there = {one.order.external_order_id for one in lacking} - made
            known |= await store.lock_orders(tx, workspace_id, there, vault=vault)
        else:
            raise errors.Unavailable("these orders are being deleted as they are reported")
        self._stand = first | await _without_the_erased(tx, workspace_id, known)

    def report(self, order: NewOrder, member: UUID, item_id: UUID) -> Outcome:
        """Note one report. `item_id` is its event's, if there is one."""
        key = order.external_order_id
        before = self._stand[key]
        is_new = key in self._made
        after = order if is_new else merged(before.order, order)
        if not is_new and after == before.order:
            return Outcome.UNCHANGED
        self._events.append((item_id, _event(after, self._shop, self._now_us, is_new=is_new)))
        if is_new or after.status != before.order.status:
            self._reached.append((before.order_id, item_id, after.status))
        if is_new:
            self._made.discard(key)
            return Outcome.CREATED
        self._changed.add(key)
        self._stand[key] = structs.replace(before, order=after, profile_id=member)
        return Outcome.CHANGED

    async def close(self, tx: Tx, workspace_id: UUID, *, vault: Vault, ids: Ids) -> None:
        """Write what changed, and tell of it."""
        await store.update_orders(
            tx, workspace_id, [self._stand[key] for key in sorted(self._changed)],
            source=self._shop.source, now_us=self._now_us, vault=vault,
        )  # fmt: skip
        await store.insert_statuses(tx, workspace_id, self._reached, now_us=self._now_us)
        await events.tell(
            tx, workspace_id, self._shop.source, [event for _, event in self._events],
            vault=vault, ids=ids, item_ids=[item_id for item_id, _ in self._events],
        )  # fmt: skip


async def _without_the_erased(
    tx: Tx, workspace_id: UUID, known: Mapping[str, StoredOrder]
) -> dict[str, StoredOrder]:
    """As erasures will leave them, also where the job that does it still waits.

    A report takes an order to whoever it names, and what that job looks for is the members that were erased.
    """
    gone = await profiles.erased_of(tx, workspace_id, list({one.profile_id for one in known.values()}))
    return {
        key: structs.replace(one, order=anonymous(one.order)) if one.profile_id in gone else one
        for key, one in known.items()
    }


def _event(order: NewOrder, shop: Shop, now_us: int, *, is_new: bool) -> Event:
    """A new order happened when it was made, and so did the past; a change of one happens now."""
    made_us = order.date_us if order.date_us is not None else now_us
    occurred_at_us = made_us if is_new or shop.history else now_us
    return event_of(order, namespace=shop.namespace, occurred_at_us=occurred_at_us, history=shop.history)
