"""What an order has to say, and how. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct, structs

from clarion import profiles
from clarion.model.email import canonical_email
from clarion.orders.order import Item, NewOrder, Status

ID_CHARACTERS_MAX = 255
TEXT_CHARACTERS_MAX = 4_000
INFO_BYTES_MAX = 64 * 1024
ITEMS_MAX = 1_000
DIGITS_MAX = 15  # so that each amount is the same as a JSON number in whatever language
FIRST_US, END_US = -62_135_596_800_000_000, 253_402_300_800_000_000  # the years 1 to 9999
_REQUIRED = ("external_order_id", "status", "date_us", "total_cost", "currency")
_CONTACTS = ("external_customer_id", "email", "phone")
_SHORT = {"external_order_id", "external_customer_id", "email", "phone", "store_id", "external_item_id"}


class Fault(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"  #: it has to be there
    MALFORMED = "malformed"  #: it is not of its form, or too long
    NOBODY = "nobody"  #: none of the fields that could say whose order it is


class Flaw(Struct, frozen=True):
    """A field, by its name here, and what is wrong. Of items with their position: `items[0].cost`."""

    field: str
    fault: Fault


def check(order: NewOrder) -> list[Flaw]:
    """All that is wrong with an order; what has no flaw can be upserted."""
    return list(_flaws(order))


def _flaws(order: NewOrder) -> Iterator[Flaw]:
    for field in _REQUIRED:
        if getattr(order, field) in (None, ""):
            yield Flaw(field, Fault.MISSING)
    if not any(getattr(order, field) for field in _CONTACTS):
        yield Flaw("external_customer_id", Fault.NOBODY)
    if order.status and order.status not in Status.__members__:
        yield Flaw("status", Fault.MALFORMED)
    if order.date_us is not None and not FIRST_US <= order.date_us < END_US:
        yield Flaw("date_us", Fault.MALFORMED)
    if order.currency and not (
        len(order.currency) == 3 and order.currency.isascii() and order.currency.isupper()
    ):
        yield Flaw("currency", Fault.MALFORMED)
    if order.email and canonical_email(order.email) is None:
        yield Flaw("email", Fault.MALFORMED)
    if order.phone and not profiles.canonical_phone(order.phone)[0]:
        yield Flaw("phone", Fault.MALFORMED)
    if order.source not in (None, "online", "offline"):
        yield Flaw("source", Fault.MALFORMED)
    if order.additional_info is not None and not _is_storable(order.additional_info):
        yield Flaw("additional_info", Fault.MALFORMED)
    yield from _of_values("", structs.asdict(order))
    if len(order.items or ()) > ITEMS_MAX:
        yield Flaw("items", Fault.MALFORMED)
    for position, item in enumerate((order.items or ())[:ITEMS_MAX]):
        yield from _of_item(f"items[{position}].", item)


def _of_item(where: str, item: Item) -> Iterator[Flaw]:
    if not item.external_item_id:
        yield Flaw(f"{where}external_item_id", Fault.MISSING)
    yield from _of_values(where, structs.asdict(item))


def _of_values(where: str, values: dict[str, Any]) -> Iterator[Flaw]:
    for name, value in values.items():
        if isinstance(value, Decimal) and not _is_exact(value):
            yield Flaw(where + name, Fault.MALFORMED)
        elif isinstance(value, str):
            characters_max = ID_CHARACTERS_MAX if name in _SHORT else TEXT_CHARACTERS_MAX
            if len(value) > characters_max or not _is_text(value):
                yield Flaw(where + name, Fault.MALFORMED)


def _is_exact(amount: Decimal) -> bool:
    """Whether a JSON number holds it exactly."""
    return amount.is_finite() and amount == Decimal(str(float(amount))) and abs(amount) < 10**DIGITS_MAX


def _is_text(text: str) -> bool:
    """PostgreSQL keeps no U+0000, and nobody half a character."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _is_storable(info: dict[str, Any]) -> bool:
    try:
        document = msgspec.json.encode(info)
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return False
    return len(document) <= INFO_BYTES_MAX and b"\\u0000" not in document
