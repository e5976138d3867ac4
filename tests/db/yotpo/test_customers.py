"""Customers: made, found and joined, by events and by calls."""

from typing import Any

import pytest

from clarion.model import Identity, IdentityKind

ANN = {"external_id": "12345", "email": "Ann@Example.com", "phone_number": "+447911123456"}
SHOP = Identity(IdentityKind.EXTERNAL_ID, "yotpo", "12345")
EMAIL = Identity(IdentityKind.EMAIL, "", "ann@example.com")
PHONE = Identity(IdentityKind.PHONE, "", "+447911123456")


async def tell(ask: Any, customer: Any, unique_id: str = "1") -> None:
    await ask("PATCH", "/customer_events", {"type": "seen", "unique_id": unique_id, "customer": customer})


async def test_an_event_makes_its_customer_with_what_it_tells(
    ask: Any, tenant: Any, process_all: Any, person: Any
) -> None:
    told = {"vip": True, "orders": 3, "spent": 99.5, "last_seen": "2026-01-14", "first_name": "Ann"}
    await tell(ask, ANN | {"custom_properties": told})
    await process_all(tenant)
    found = await person(SHOP)
    assert found == await person(EMAIL) == await person(PHONE)
    assert {name: found.traits[name] for name in told} == told


async def test_an_external_id_attributes_an_event_to_its_profile(
    ask: Any, tenant: Any, process_all: Any, person: Any
) -> None:
    await tell(ask, {"external_id": "12345", "custom_properties": {"level": 1}})
    await process_all(tenant)
    before = await person(SHOP)
    await tell(ask, {"external_id": "12345", "custom_properties": {"level": 2}}, "2")
    await process_all(tenant)
    after = await person(SHOP)
    assert (after.id, after.traits["level"]) == (before.id, 2)


async def test_an_external_id_merges_profiles(ask: Any, tenant: Any, process_all: Any, person: Any) -> None:
    await tell(ask, {"email": "ann@example.com"}, "1")
    await tell(ask, {"phone_number": "+447911123456"}, "2")
    await process_all(tenant)
    assert (await person(EMAIL)).id != (await person(PHONE)).id
    await tell(ask, ANN, "3")
    await process_all(tenant)
    assert (await person(EMAIL)).id == (await person(PHONE)).id == (await person(SHOP)).id


async def test_two_external_ids_stay_two_people(ask: Any, tenant: Any, process_all: Any, person: Any) -> None:
    await tell(ask, {"external_id": "12345", "email": "ann@example.com"}, "1")
    await tell(ask, {"external_id": "777", "email": "ann@example.com"}, "2")
    await process_all(tenant)
    other = await person(Identity(IdentityKind.EXTERNAL_ID, "yotpo", "777"))
    assert other.id != (await person(SHOP)).id


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_customer_is_written_and_read_at_once(ask: Any, method: str) -> None:
    told = ANN | {
        "first_name": "Ann",
        "default_language": "en",
        "accepts_sms_marketing": True,
        "custom_properties": {"loyalty_level": 3},
    }
    written = (await ask(method, "/customers", {"customer": told}))["customer"]
    assert {name: written[name] for name in told} == told | {"email": "ann@example.com"}
    assert await ask("GET", "/customers?external_ids=12345,%20777") == {
        "customers": [written],
        "pagination": {"next_page_info": None},
    }
    assert (await ask("GET", "/customers?emails=ANN@example.com"))["customers"] == [written]
    assert (await ask("GET", "/customers?emails=ann"))["customers"] == []


async def test_what_is_not_named_stays(ask: Any) -> None:
    await ask("POST", "/customers", {"customer": ANN | {"first_name": "Ann", "gender": "F"}})
    changed = {"external_id": "12345", "first_name": "Anna", "gender": None}
    written = (await ask("PATCH", "/customers", {"customer": changed}))["customer"]
    assert (written["first_name"], written["gender"], written["email"]) == ("Anna", "F", "ann@example.com")


async def test_customers_are_listed_page_by_page(ask: Any) -> None:
    for number in range(5):
        await ask("POST", "/customers", {"customer": {"external_id": str(number)}})
    seen: list[str] = []
    page_info: str | None = ""
    while page_info is not None:
        asked = f"&page_info={page_info}" if page_info else ""
        page = await ask("GET", f"/customers?limit=2{asked}")
        seen += [one["external_id"] for one in page["customers"]]
        page_info = page["pagination"]["next_page_info"]
    assert seen == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("customer", "words"),
    [
        ({"first_name": "Ann"}, "must be identified"),
        ({"email": "ann@example.com", "phone_number": "+447911123456"}, "only one of"),
        (ANN | {"custom_properties": {"a": None}}, "must not be null"),
        (ANN | {"custom_properties": {"a b": 1}}, "underscores"),
        (ANN | {"first_name": "a\0"}, "U+0000"),
    ],
)
async def test_a_customer_keeps_the_rules_of_an_event(refused: Any, customer: Any, words: str) -> None:
    status, message = await refused("POST", "/customers", {"customer": customer})
    assert status == 400
    assert words in message


async def test_a_page_of_another_is_refused(refused: Any) -> None:
    assert await refused("GET", "/customers?page_info=x") == (400, "page_info is not one of ours")
    assert (await refused("GET", "/customers?limit=101"))[0] == 400
    assert (await refused("GET", f"/customers?external_ids={'1,' * 101}"))[0] == 400
