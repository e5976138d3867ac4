"""The event that tells of an order: whose it is, and what it says. Pure."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from clarion import profiles
from clarion.model import Event, Identity, IdentityKind, JSONObject, Reach
from clarion.model.email import canonical_email
from clarion.orders.order import NewOrder


def event_of(order: NewOrder, *, namespace: str, occurred_at_us: int, history: bool) -> Event:
    """`order<STATUS>` with all that the order says. `namespace`: whose customers' ids those of the order are."""
    identities, reaches = customer_of(order, namespace)
    names = {"first_name": order.first_name, "last_name": order.last_name}
    return Event(
        name=f"order{order.status}",
        occurred_at_us=occurred_at_us,
        identities=identities,
        reaches=reaches,
        traits={name: value for name, value in names.items() if value},
        properties=properties_of(order),
        history=history,
    )


def customer_of(order: NewOrder, namespace: str) -> tuple[tuple[Identity, ...], tuple[Reach, ...]]:
    """Who bought: the customer's id, else the e-mail, else the phone; and where else they are reached.

    An id that comes with an e-mail (else a phone) finds whom that found, unless they have another id already.
    """
    identities = []
    if order.external_customer_id:
        identities.append(Identity(IdentityKind.EXTERNAL_ID, namespace, order.external_customer_id))
    email = canonical_email(order.email) if order.email else None
    phone = profiles.canonical_phone(order.phone)[0] if order.phone else None
    if email:
        identities.append(Identity(IdentityKind.EMAIL, "", email))
    elif phone:
        identities.append(Identity(IdentityKind.PHONE, "", phone))
    return tuple(identities), (Reach("sms", phone),) if email and phone else ()


def properties_of(order: NewOrder) -> JSONObject:
    """An order as JSON: all that was said, amounts as numbers, which hold them exactly."""
    told: JSONObject = msgspec.to_builtins(order, builtin_types=(Decimal,))
    if order.date_us is not None:
        told["dateUs"] = datetime.fromtimestamp(order.date_us / 1_000_000, UTC).isoformat()
    return {"date" if name == "dateUs" else name: _plain(value) for name, value in told.items()}


def order_in(properties: JSONObject) -> JSONObject | None:
    """The order that an event told of, by the properties that every order has; None: it told of none."""
    return properties if {"externalOrderId", "status", "totalCost"} <= properties.keys() else None


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value
