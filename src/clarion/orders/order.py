"""What an order says, and what it says after another report of it. Pure."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, structs

from clarion.model import JSONObject


class Status(StrEnum):
    """How far an order is."""

    INITIALIZED = "INITIALIZED"  #: made
    IN_PROGRESS = "IN_PROGRESS"  #: on its way
    DELIVERED = "DELIVERED"  #: paid and delivered: the only one that counts as revenue
    CANCELLED = "CANCELLED"  #: will not be
    ABANDONED_SHOPPING_CART = "ABANDONED_SHOPPING_CART"  #: was never made


class Item(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One of the goods."""

    external_item_id: str
    quantity: Decimal
    name: str | None = None
    category: str | None = None
    cost: Decimal | None = None
    url: str | None = None
    image_url: str | None = None
    description: str | None = None


class NewOrder(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An order as it is reported; None is what was not said. `check` says what it lacks.

    `date_us`: when it was made, microseconds since 1970. `source`: whether online or offline.
    """

    external_order_id: str
    status: str
    date_us: int | None = None
    total_cost: Decimal | None = None
    currency: str | None = None
    external_customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    shipping: Decimal | None = None
    discount: Decimal | None = None
    taxes: Decimal | None = None
    restore_url: str | None = None
    status_description: str | None = None
    store_id: str | None = None
    source: str | None = None
    delivery_method: str | None = None
    payment_method: str | None = None
    delivery_address: str | None = None
    additional_info: JSONObject | None = None
    items: tuple[Item, ...] | None = None


def anonymous(held: NewOrder) -> NewOrder:
    """What an erasure leaves of an order: times, totals and status, and of the goods what is counted."""
    return NewOrder(
        external_order_id=held.external_order_id,
        status=held.status,
        date_us=held.date_us,
        total_cost=held.total_cost,
        currency=held.currency,
        shipping=held.shipping,
        discount=held.discount,
        taxes=held.taxes,
        items=None if held.items is None else tuple(map(_counted, held.items)),
    )


def _counted(item: Item) -> Item:
    return Item(
        external_item_id=item.external_item_id, category=item.category, quantity=item.quantity, cost=item.cost
    )


def merged(held: NewOrder, told: NewOrder) -> NewOrder:
    """The order after another report of it: what that does not say stays."""
    said = {name: value for name, value in structs.asdict(told).items() if value is not None}
    return structs.replace(held, **said)
