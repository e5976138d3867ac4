"""eSputnik's orders, through the door."""

from typing import Any

import pytest

from clarion import orders

ORDERS = "/api/v1/orders"
#: The page's own, with the blank behind the phone number.
SAMPLE = {
    "externalOrderId": "100500",
    "externalCustomerId": "12345",
    "totalCost": 1000,
    "status": "INITIALIZED",
    "date": "2017-03-08T09:30:00+02:00",
    "email": "mail@example.com",
    "phone": "447911123456 ",
    "firstName": "John",
    "lastName": "Smith",
    "currency": "USD",
    "shipping": 10,
    "discount": 0,
    "deliveryMethod": "express",
    "paymentMethod": "cash",
    "deliveryAddress": "First str. 1",
    "items": [
        {
            "externalItemId": "200600",
            "name": "Super Device",
            "category": "devices",
            "quantity": 1,
            "cost": 990,
            "url": "http://example.com/item/200600",
            "imageUrl": "http://example.com/item/200600/image.png",
            "description": "High quality",
        }
    ],
}
LEAST = {
    "externalOrderId": "1",
    "totalCost": 5,
    "status": "DELIVERED",
    "date": "2024-01-15T10:30:00Z",
    "currency": "USD",
    "email": "ann@example.com",
}


@pytest.fixture
def stored(database: Any, tenant: Any) -> Any:
    async def read() -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await orders.list_orders(
                tx, tenant.workspace_id, orders.Which(), vault=tenant.vault, limit=2_000
            )

    return read


async def test_the_pages_own_order_is_kept_with_all_its_fields(ask: Any, stored: Any) -> None:
    assert await ask("POST", ORDERS, {"orders": [SAMPLE]}) == ""
    (kept,) = await stored()
    shown = orders.properties_of(kept.order)
    assert shown == SAMPLE | {"phone": "447911123456", "date": "2017-03-08T07:30:00+00:00"}


async def test_every_change_is_told_as_an_event_and_a_repeat_is_none(
    ask: Any, process_all: Any, tenant: Any, timeline: Any, stored: Any
) -> None:
    for status in ("INITIALIZED", "INITIALIZED", "IN_PROGRESS", "DELIVERED"):
        assert await ask("POST", f"{ORDERS}/", {"orders": [SAMPLE | {"status": status}]}) == ""
    await process_all(tenant)
    told = await timeline(tenant)
    assert sorted(event.name for event in told) == ["orderDELIVERED", "orderINITIALIZED", "orderIN_PROGRESS"]
    assert len({event.profile_id for event in told}) == 1
    assert {event.dialect for event in told} == {"esputnik"}
    (kept,) = await stored()
    assert [reached.status for reached in kept.statuses] == ["INITIALIZED", "IN_PROGRESS", "DELIVERED"]


async def test_the_customer_is_the_contact(ask: Any, process_all: Any, tenant: Any) -> None:
    await ask("POST", ORDERS, {"orders": [SAMPLE]})
    await process_all(tenant)
    (contact,) = await ask("GET", "/api/v1/contacts?email=mail@example.com")
    assert (contact["firstName"], contact["externalCustomerId"]) == ("John", "12345")


@pytest.mark.parametrize(
    "status", ["INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART"]
)
async def test_the_vendors_statuses_are_taken(ask: Any, stored: Any, status: str) -> None:
    assert await ask("POST", ORDERS, {"orders": [LEAST | {"status": status}]}) == ""
    assert [kept.order.status for kept in await stored()] == [status]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"externalOrderId": ""}, "externalOrderId is required"),
        ({"externalOrderId": None}, "externalOrderId is required"),
        ({"totalCost": None}, "totalCost is required"),
        ({"totalCost": "much"}, "totalCost is not a number"),
        ({"totalCost": "1e400"}, "totalCost is not valid"),
        ({"status": None}, "status is required"),
        ({"status": "PAID"}, "status is not valid"),
        ({"status": "delivered"}, "status is not valid"),
        ({"date": None}, "date is required"),
        ({"date": "yesterday"}, "date is not a time like 2017-03-08T09:30:00+02:00"),
        ({"currency": None}, "currency is required"),
        ({"currency": "DOLLAR"}, "currency is not valid"),
        ({"email": None}, "One of externalCustomerId, email and phone is required"),
        ({"email": "ann@"}, "email is not valid"),
        ({"items": [{"externalItemId": "1"}]}, "quantity of an item is required"),
        ({"items": [{"quantity": 1}]}, "items[0].externalItemId is required"),
        ({"firstName": "\0"}, "firstName is not valid"),
        ({"items": 5}, "items"),
    ],
)
async def test_obligatory_fields_are_enforced(ask: Any, stored: Any, change: Any, message: str) -> None:
    told = await ask("POST", ORDERS, {"orders": [LEAST | change]})
    assert told["failedOrders"]["orderIndex"] == 0
    assert told["failedOrders"]["message"].startswith(message)
    assert await stored() == []


async def test_what_cannot_be_added_is_told_and_the_rest_is_added(
    ask: Any, stored: Any, database: Any, tenant: Any
) -> None:
    bad = LEAST | {"externalOrderId": "2", "currency": ""}
    told = await ask("POST", ORDERS, {"orders": [LEAST, bad, LEAST | {"externalOrderId": 3}]})
    failed = {"externalOrderId": "2", "message": "currency is required", "orderIndex": 1}
    assert told == {"failedOrders": failed}
    assert sorted(kept.order.external_order_id for kept in await stored()) == ["1", "3"]
    told = await ask("POST", ORDERS, {"orders": [bad, 5]})
    assert [one["orderIndex"] for one in told["failedOrders"]] == [0, 1]


async def test_clients_write_numbers_as_text_ids_as_numbers_and_nothing_as_empty(
    ask: Any, stored: Any
) -> None:
    loose = {
        "externalOrderId": 77, "totalCost": "990.10", "shipping": "", "discount": None, "currency": "usd",
        "date": "2017-05-14T10:11:10.7022176+03:00", "externalCustomerId": " ", "phone": 447911123456,
        "items": {"externalItemId": 5, "quantity": "2", "cost": "495.05"},
    }  # fmt: skip
    assert await ask("POST", ORDERS, {"orders": [LEAST | loose]}) == ""
    (kept,) = await stored()
    shown = orders.properties_of(kept.order)
    assert (shown["externalOrderId"], shown["totalCost"], shown["currency"]) == ("77", 990.1, "USD")
    assert shown["date"] == "2017-05-14T07:11:10.702217+00:00"
    assert shown["items"] == [{"externalItemId": "5", "quantity": 2, "cost": 495.05}]
    assert "shipping" not in shown


async def test_1_to_1000_orders_a_request(ask: Any, refused: Any, stored: Any) -> None:
    many = [LEAST | {"externalOrderId": str(n), "email": f"u{n % 50}@example.com"} for n in range(1_001)]
    for body in ({"orders": []}, {"orders": many}, {}, {"orders": {}}):
        assert (await refused("POST", ORDERS, body))[0] == 400
    assert await ask("POST", ORDERS, {"orders": many[:1_000]}) == ""
    assert len(await stored()) == 1_000


async def test_orders_are_deleted_by_id_or_by_a_day(ask: Any, refused: Any, stored: Any) -> None:
    days = [LEAST | {"externalOrderId": str(n), "date": f"2024-01-{n:02}T10:00:00Z"} for n in range(10, 15)]
    await ask("POST", ORDERS, {"orders": days})
    assert await ask("DELETE", f"{ORDERS}?externalOrderId=10") == ""
    assert await ask("DELETE", f"{ORDERS}?externalOrderId=10") == ""
    assert await ask("DELETE", f"{ORDERS}?from=2024-01-11T10:00:00&to=2024-01-12T10:00:00") == ""
    assert sorted(kept.order.external_order_id for kept in await stored()) == ["12", "13", "14"]
    for query in (
        "", "?from=2024-01-11T10:00:00", "?from=2024-01-12T10:00:00&to=2024-01-11T10:00:00",
        "?from=2024-01-11T10:00:00&to=2024-01-12T10:00:01", "?externalOrderId=1&from=2024-01-11T10:00:00",
        "?from=x&to=y", "?externalOrderId=%00",
        "?from=0001-01-01T00:00:00%2B14:00&to=0001-01-01T10:00:00%2B14:00",
        "?from=9999-12-31T20:00:00-14:00&to=9999-12-31T23:00:00-14:00",
        "?from=9999-12-31T20:00:00Z&to=9999-12-31T23:00:00-14:00",
    ):  # fmt: skip
        assert (await refused("DELETE", ORDERS + query))[0] == 400


async def test_orders_of_the_first_and_the_last_day_are_deleted(ask: Any, stored: Any) -> None:
    days = [("1", "0001-01-01T00:00:00Z"), ("2", "9999-12-31T23:59:59Z")]
    await ask("POST", ORDERS, {"orders": [LEAST | {"externalOrderId": n, "date": day} for n, day in days]})
    assert await ask("DELETE", f"{ORDERS}?from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z") == ""
    assert await ask("DELETE", f"{ORDERS}?from=9999-12-31T00:00:00Z&to=9999-12-31T23:59:59.9Z") == ""
    assert await stored() == []
