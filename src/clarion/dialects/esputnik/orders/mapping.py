"""An order as it was sent -> an order in our words, or what is wrong with it. Pure."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

import ciso8601
from msgspec import Struct

from clarion import orders
from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.orders import wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.orders import Fault, Flaw, Item, NewOrder, Status

RANGE_MAX = timedelta(hours=24)  # of orders that are deleted at once
_NAMES = {"date_us": "date"}  # the others are ours in camel case
_WORDS = {
    Fault.MISSING: "{} is required",
    Fault.MALFORMED: "{} is not valid",
    Fault.NOBODY: "One of externalCustomerId, email and phone is required",
}
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_US = timedelta(microseconds=1)


def order(sent: bytes, zone: tzinfo) -> NewOrder:
    """`zone`: of times without an offset. Raises Malformed with the first thing that is wrong."""
    told = vendor.read(sent, wire.Order, "An order")
    given = NewOrder(
        external_order_id=_text(told.external_order_id) or "",
        status=_text(told.status) or "",
        date_us=_time_us(_text(told.date), zone, "date"),
        total_cost=_amount(told.total_cost, "totalCost"),
        currency=(_text(told.currency) or "").upper() or None,
        external_customer_id=_somebodys(_text(told.external_customer_id)),
        email=_text(told.email),
        phone=_text(told.phone),
        first_name=_text(told.first_name),
        last_name=_text(told.last_name),
        shipping=_amount(told.shipping, "shipping"),
        discount=_amount(told.discount, "discount"),
        taxes=_amount(told.taxes, "taxes"),
        restore_url=_text(told.restore_url),
        status_description=_text(told.status_description),
        store_id=_text(told.store_id),
        source=_text(told.source),
        delivery_method=_text(told.delivery_method),
        payment_method=_text(told.payment_method),
        delivery_address=_text(told.delivery_address),
        additional_info=told.additional_info,
        items=None if told.items is None else tuple(map(_item, _list(told.items))),
    )
    flaws = orders.check(given)
    if flaws:
        raise Malformed(_said(flaws[0]))
    return given


def id_of(sent: bytes) -> str | None:
    """An order's id, as far as it can be read."""
    try:
        found = _text(vendor.read(sent, _Named).externalOrderId)
    except Malformed:
        return None
    return found[:300] if found else None


def time_us(text: str, zone: tzinfo, name: str) -> int:
    """Raises Malformed."""
    found = _time_us(text.strip(), zone, name)
    if found is None:
        raise Malformed(f"{name} is required")
    if not orders.FIRST_US <= found < orders.END_US:
        raise Malformed(f"{name} must lie in the years 1 to 9999 (UTC)")
    return found


class _Named(Struct, frozen=True):
    externalOrderId: wire.Text = None  # noqa: N815  the vendor's name


def _item(told: wire.Item) -> Item:
    quantity = _amount(told.quantity, "quantity")
    if quantity is None:
        raise Malformed("quantity of an item is required")
    return Item(
        external_item_id=_text(told.external_item_id) or "",
        quantity=quantity,
        name=_text(told.name),
        category=_text(told.category),
        cost=_amount(told.cost, "cost"),
        url=_text(told.url),
        image_url=_text(told.image_url),
        description=_text(told.description),
    )


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _text(given: wire.Text) -> str | None:
    """Without blanks around it; nothing is None."""
    return None if given is None else str(given).strip() or None


def _somebodys(external_id: str | None) -> str | None:
    return None if external_id is None or external_id.lower() == "null" else external_id


def _amount(given: wire.Amount, name: str) -> Decimal | None:
    if given is None or (text := str(given).strip()) == "":
        return None
    try:
        return Decimal(text)
    except InvalidOperation as exc:
        raise Malformed(f"{name} is not a number") from exc


def _time_us(text: str | None, zone: tzinfo, name: str) -> int | None:
    """Some clients write seven digits behind the point: what is finer than a microsecond is dropped."""
    if text is None:
        return None
    try:
        moment = ciso8601.parse_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return (moment - _EPOCH) // _US
    except (ValueError, OverflowError) as exc:
        raise Malformed(f"{name} is not a time like 2017-03-08T09:30:00+02:00") from exc


def _said(flaw: Flaw) -> str:
    if flaw.field == "status" and flaw.fault is Fault.MALFORMED:
        return f"status is not valid: it must be one of {', '.join(Status)}"
    where, dot, field = flaw.field.rpartition(".")
    first, *others = _NAMES.get(field, field).split("_")
    return _WORDS[flaw.fault].format(where + dot + first + "".join(word.title() for word in others))
