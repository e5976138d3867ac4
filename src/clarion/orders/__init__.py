"""Orders: purchases that are updated until they are done.

An order is known by the shop's own id; a report makes it, changes it or is no news. Every change is told as an
`order<STATUS>` event in the same transaction, so there is never one without the other. It stands for the member of
the strongest identity that its newest report named. Amounts are exact; who bought is sealed and goes with an erasure,
what and for how much stays. Only DELIVERED orders count as revenue.
"""

from clarion.orders.check import END_US, FIRST_US, Fault, Flaw, check
from clarion.orders.erasing import ROOM, eraser
from clarion.orders.event import customer_of, order_in, properties_of
from clarion.orders.order import Item, NewOrder, Status
from clarion.orders.store import (
    Reached,
    StoredOrder,
    Which,
    delete_made_between,
    delete_order,
    list_orders,
    read_order,
)
from clarion.orders.upsert import ORDERS_MAX, Outcome, Shop, upsert

__all__ = [
    "END_US",
    "FIRST_US",
    "ORDERS_MAX",
    "ROOM",
    "Fault",
    "Flaw",
    "Item",
    "NewOrder",
    "Outcome",
    "Reached",
    "Shop",
    "Status",
    "StoredOrder",
    "Which",
    "check",
    "customer_of",
    "delete_made_between",
    "delete_order",
    "eraser",
    "list_orders",
    "order_in",
    "properties_of",
    "read_order",
    "upsert",
]
