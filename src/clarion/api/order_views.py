"""How orders are shown outside; as `views`, for the management API and the command line."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from clarion import model, orders
from clarion.api.audience_views import Suppression
from clarion.api.automation_views import RunOf
from clarion.api.consent_views import Consent
from clarion.api.message_views import Message
from clarion.api.views import EVENT, PROFILE, Export, iso
from clarion.orders import StoredOrder

ORDER = "ord"


class OrderStatus(Struct, frozen=True):
    """A status that an order came to, when we heard of it, and the event that told of it."""

    status: str
    at: str
    event_id: str


class Order(Struct, frozen=True, kw_only=True):
    """An order. `order`: all its fields as they were reported; `erased`: who bought is gone."""

    id: str
    external_order_id: str
    profile_id: str
    status: str
    by: str
    erased: bool
    created_at: str
    changed_at: str
    statuses: list[OrderStatus]
    order: dict[str, Any]


class OrderPage(Struct, frozen=True):
    """Orders, newest made first; `next` is the `before` of the next page, null on the last."""

    orders: list[Order]
    next: str | None


class WholeExport(Export, frozen=True, kw_only=True):
    """The same with what other rooms know: lists by name, suppressed addresses, what the owners of the addresses said,
    orders, messages and runs of automations (newest first).
    """

    lists: list[str]
    suppressions: list[Suppression]
    consents: list[Consent]
    orders: list[Order]
    messages: list[Message]
    runs: list[RunOf]


def order(one: StoredOrder) -> Order:
    """An order, opened."""
    return Order(
        id=model.show_id(ORDER, one.order_id),
        external_order_id=one.order.external_order_id,
        profile_id=model.show_id(PROFILE, one.profile_id),
        status=one.order.status,
        by=one.source.dialect,
        erased=one.erased,
        created_at=iso(one.created_us),
        changed_at=iso(one.changed_us),
        statuses=[
            OrderStatus(reached.status.value, iso(reached.changed_us), model.show_id(EVENT, reached.event_id))
            for reached in one.statuses
        ],
        order=orders.properties_of(one.order),
    )


def order_page(found: Sequence[StoredOrder], limit: int) -> OrderPage:
    """A page of `limit` from one more than that."""
    shown = [order(one) for one in found[:limit]]
    return OrderPage(shown, shown[-1].id if len(found) > limit else None)
