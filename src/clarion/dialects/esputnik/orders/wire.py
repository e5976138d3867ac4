"""The vendor's types of orders, under the vendor's names. Pure.

Clients send amounts as text, ids as numbers and "" for nothing: all of it is taken.
"""

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct, field

from clarion import orders

Text = str | int | None
Amount = int | float | str | None


class Item(Struct, frozen=True, rename="camel"):
    """One of the goods."""

    external_item_id: Text = None
    quantity: Amount = None
    name: Text = None
    category: Text = None
    cost: Amount = None
    url: Text = None
    image_url: Text = None
    description: Text = None


class Order(Struct, frozen=True, rename="camel"):
    """An order as it was sent; the first five are obligatory, and one of the three that say whose it is."""

    external_order_id: Text = None
    status: Text = None
    date: Text = None
    total_cost: Amount = None
    currency: Text = None
    external_customer_id: Text = None
    email: Text = None
    phone: Text = None
    first_name: Text = None
    last_name: Text = None
    shipping: Amount = None
    discount: Amount = None
    taxes: Amount = None
    restore_url: Text = None
    status_description: Text = None
    store_id: Text = None
    source: Text = None
    delivery_method: Text = None
    payment_method: Text = None
    delivery_address: Text = None
    additional_info: dict[str, Any] | None = None
    items: list[Item] | Item | None = None


class Orders(Struct, frozen=True):
    """Orders, each still to be read."""

    orders: Annotated[list[Raw], Meta(min_length=1, max_length=orders.ORDERS_MAX)]


class FailedOrder(Struct, frozen=True, rename="camel"):
    """Why an order was not added; `orderIndex` is its place in the request."""

    external_order_id: str | None
    message: str
    order_index: int


class Failed(Struct, frozen=True, rename="camel"):
    """The orders that were not added: one stands alone."""

    failed_orders: FailedOrder | list[FailedOrder]


class Removal(Struct, frozen=True, rename="camel"):
    """Which orders: one by its id, or those made between two times that lie no more than a day apart."""

    external_order_id: str | None = None
    from_: str | None = field(default=None, name="from")
    to: str | None = None
