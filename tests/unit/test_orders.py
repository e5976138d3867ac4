"""What an order has to say, whose it is, and what it is told as."""

from decimal import Decimal

import pytest
from msgspec import structs

from clarion import orders
from clarion.model import Identity, IdentityKind, Reach
from clarion.orders import Fault, Flaw, Item, NewOrder, check
from clarion.orders.order import merged
from clarion.vault import is_personal_property

GOOD = NewOrder(
    external_order_id="1", status="DELIVERED", date_us=0, total_cost=Decimal("9.90"), currency="EUR",
    email="Ann@Example.com",
)  # fmt: skip
ITEM = Item(external_item_id="7", quantity=Decimal(2))


def flaws(**fields):
    return check(structs.replace(GOOD, **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        *({"status": status} for status in orders.Status),
        {"email": None, "phone": " 447911123456 "},
        {"email": None, "external_customer_id": "7"},
        {"source": "offline"},
        {"total_cost": Decimal(999999999999999)},
        {"shipping": Decimal("0.000001")},
        {"items": ()},
        {"items": (ITEM,) * 1_000},
        {"additional_info": {"a": {"b": ["é", 1, None]}}},
    ],
)
def test_what_says_enough_has_no_flaw(fields):
    assert flaws(**fields) == []


@pytest.mark.parametrize(
    ("fields", "flaw"),
    [
        ({"external_order_id": ""}, Flaw("external_order_id", Fault.MISSING)),
        ({"status": ""}, Flaw("status", Fault.MISSING)),
        ({"date_us": None}, Flaw("date_us", Fault.MISSING)),
        ({"total_cost": None}, Flaw("total_cost", Fault.MISSING)),
        ({"currency": None}, Flaw("currency", Fault.MISSING)),
        ({"email": None}, Flaw("external_customer_id", Fault.NOBODY)),
        ({"status": "delivered"}, Flaw("status", Fault.MALFORMED)),
        ({"currency": "euro"}, Flaw("currency", Fault.MALFORMED)),
        ({"email": "nobody"}, Flaw("email", Fault.MALFORMED)),
        ({"phone": "none"}, Flaw("phone", Fault.MALFORMED)),
        ({"source": "shop"}, Flaw("source", Fault.MALFORMED)),
        ({"date_us": 1 << 60}, Flaw("date_us", Fault.MALFORMED)),
        ({"total_cost": Decimal("NaN")}, Flaw("total_cost", Fault.MALFORMED)),
        ({"total_cost": Decimal("Infinity")}, Flaw("total_cost", Fault.MALFORMED)),
        ({"taxes": Decimal("0.12345678901234567")}, Flaw("taxes", Fault.MALFORMED)),
        ({"discount": Decimal("1E15")}, Flaw("discount", Fault.MALFORMED)),
        ({"external_order_id": "x" * 256}, Flaw("external_order_id", Fault.MALFORMED)),
        ({"delivery_address": "a\0b"}, Flaw("delivery_address", Fault.MALFORMED)),
        ({"restore_url": "\ud800"}, Flaw("restore_url", Fault.MALFORMED)),
        ({"additional_info": {"a": "\0"}}, Flaw("additional_info", Fault.MALFORMED)),
        ({"additional_info": {"a": "x" * 70_000}}, Flaw("additional_info", Fault.MALFORMED)),
        ({"items": (ITEM,) * 1_001}, Flaw("items", Fault.MALFORMED)),
        ({"items": (structs.replace(ITEM, external_item_id=""),)}, Flaw("items[0].external_item_id", Fault.MISSING)),
        ({"items": (ITEM, structs.replace(ITEM, cost=Decimal("NaN")))}, Flaw("items[1].cost", Fault.MALFORMED)),
    ],
)  # fmt: skip
def test_a_flaw_is_named(fields, flaw):
    assert flaws(**fields) == [flaw]


def test_all_flaws_are_named():
    assert {flaw.field for flaw in flaws(email=None, status="x", total_cost=None)} == {
        "external_customer_id", "status", "total_cost"
    }  # fmt: skip


def test_what_is_not_said_stays_and_an_empty_list_is_said():
    held = structs.replace(GOOD, items=(ITEM,), first_name="Ann")
    assert merged(held, GOOD) == held
    assert merged(held, structs.replace(GOOD, items=())).items == ()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [(IdentityKind.EMAIL, "", "ann@example.com")]),
        ({"phone": "447911123456"}, [(IdentityKind.EMAIL, "", "ann@example.com")]),
        ({"email": None, "phone": "447911123456"}, [(IdentityKind.PHONE, "", "+447911123456")]),
        (
            {"external_customer_id": "7", "phone": "447911123456"},
            [(IdentityKind.EXTERNAL_ID, "shop", "7"), (IdentityKind.EMAIL, "", "ann@example.com")],
        ),
        (
            {"external_customer_id": "7", "email": None, "phone": "447911123456"},
            [(IdentityKind.EXTERNAL_ID, "shop", "7"), (IdentityKind.PHONE, "", "+447911123456")],
        ),
    ],
)
def test_the_id_says_who_with_the_email_else_the_phone(fields, expected):
    identities, reaches = orders.customer_of(structs.replace(GOOD, **fields), "shop")
    assert identities == tuple(Identity(*one) for one in expected)
    by_email = any(kind is IdentityKind.EMAIL for kind, _, _ in expected)
    reached = by_email and "phone" in fields
    assert reaches == ((Reach("sms", "+447911123456"),) if reached else ())


def test_what_names_the_buyer_is_personal_as_an_events_property_too():
    told = orders.properties_of(
        structs.replace(
            GOOD,
            external_customer_id="7",
            phone="1",
            first_name="A",
            last_name="B",
            delivery_address="C",
            items=(ITEM,),
        )
    )
    personal = {name for name in told if is_personal_property(name)}
    assert personal == {"externalCustomerId", "email", "phone", "firstName", "lastName", "deliveryAddress"}
    assert told["totalCost"] == 9.9
    assert told["items"] == [{"externalItemId": "7", "quantity": 2}]


def test_an_orders_event_is_known_by_what_every_order_says():
    assert orders.order_in(orders.properties_of(GOOD)) == orders.properties_of(GOOD)
    assert orders.order_in({"externalOrderId": "1", "plan": "free"}) is None
