"""SMASHSEND's statements about contacts, through the front door: over HTTP in, read with the CLI."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

EVENTS_MAX = 100  # that these tests make of one name


class Shop:
    """A caller of SMASHSEND, and what an operator sees of it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._key = server.create_credential("smashsend")["api_key"]

    def send(self, **event: Any) -> dict[str, Any]:
        answer = httpx2.post(
            f"{self._server.url}/v1/events",
            json={"event": "user.seen"} | event,
            headers={"authorization": f"Bearer {self._key}"},
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def contact(self, email: str) -> Any:
        self._server.settle()
        return self._server.cli("profile", "find", "--workspace", "demo", "--email", email)

    def events(self, name: str) -> list[Any]:
        self._server.settle()
        listed = self._server.cli("event", "list", "--workspace", "demo", "--limit", str(EVENTS_MAX))
        return [event for event in listed if event["name"] == name]


@pytest.fixture(scope="module")
def shop(server: Any) -> Shop:
    return Shop(server)


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex[:12]}@example.com"


@pytest.fixture
def name() -> str:
    return f"user.{uuid4().hex[:12]}"


def test_an_event_creates_its_contact(shop: Shop, email: str, name: str) -> None:
    shop.send(event=name, identify={"email": email}, properties={"plan": "premium"})
    (event,) = shop.events(name)
    assert event["properties"] == {"plan": "premium"}
    assert shop.contact(email)["id"] == event["profile_id"]


def test_an_event_updates_its_contact(shop: Shop, email: str) -> None:
    shop.send(identify={"email": email, "traits": {"plan": "free"}})
    before = shop.contact(email)
    shop.send(identify={"email": f" {email.upper()} ", "traits": {"plan": "premium"}})
    after = shop.contact(email)
    assert after["id"] == before["id"]
    assert (before["traits"]["plan"], after["traits"]["plan"]) == ("free", "premium")


def test_a_repeat_is_not_processed_again(shop: Shop, email: str, name: str) -> None:
    message_id = f"order_{uuid4().hex}"
    for n in (1, 2):
        told = shop.send(
            event=name,
            identify={"email": email, "traits": {"orders": n}},
            properties={"amount": n},
            messageId=message_id,
        )
        assert told["messageId"] == message_id
    (event,) = shop.events(name)
    assert event["properties"] == {"amount": 1}
    assert shop.contact(email)["traits"]["orders"] == 1


def test_a_new_contact_gets_its_traits(shop: Shop, email: str) -> None:
    shop.send(identify={"email": email, "traits": {"firstName": "John", "plan": "premium"}})
    traits = shop.contact(email)["traits"]
    assert (traits["first_name"], traits["plan"]) == ("John", "premium")


def test_traits_are_merged(shop: Shop, email: str) -> None:
    shop.send(identify={"email": email, "traits": {"firstName": "John", "plan": "free", "visits": 1}})
    shop.send(identify={"email": email, "traits": {"plan": "premium", "lastName": "Doe"}})
    traits = shop.contact(email)["traits"]
    expected = {"first_name": "John", "last_name": "Doe", "plan": "premium", "visits": 1}
    assert {key: traits[key] for key in expected} == expected


def test_traits_take_what_contact_properties_take(shop: Shop, email: str) -> None:
    given = {
        "text": "premium – ünï 😀",
        "whole": 7,
        "decimal": 499.99,
        "yes": True,
        "no": False,
        "day": "2024-01-15",
        "choices": ["red", "blue"],
    }
    shop.send(identify={"email": email, "traits": given | {"none": []}})
    traits = shop.contact(email)["traits"]
    assert {key: traits[key] for key in given} == given
    assert "none" not in traits, "an empty choice is none"


def test_standard_fields_are_known(shop: Shop, email: str) -> None:
    given = {
        "firstName": "John",
        "lastName": "Doe",
        "company": "ACME Corp",
        "phone": "+380 44 123-45-67",
        "avatarUrl": "https://example.com/avatar.jpg",
        "countryCode": "US",
        "timezone": "America/New_York",
    }
    shop.send(identify={"email": email, "traits": given})
    contact = shop.contact(email)
    known = ["first_name", "last_name", "company", "phone", "avatar_url", "country_code", "timezone"]
    assert [contact["traits"][key] for key in known] == list(given.values())
    reached = {(address["channel"], address["value"]) for address in contact["addresses"]}
    assert reached == {("email", email), ("sms", "+380441234567")}
    assert [identity["value"] for identity in contact["identities"]] == [email]


def test_custom_fields_are_kept(shop: Shop, email: str) -> None:
    given = {
        "plan": "premium",
        "signupSource": "landing_page",
        "isCustomer": True,
        "lifetimeValue": 499.99,
        "customerTier": "gold",
        "lastPurchaseDate": "2024-01-15",
    }
    shop.send(identify={"email": email, "traits": given})
    traits = shop.contact(email)["traits"]
    assert {key: traits[key] for key in given} == given


def test_without_traits_a_contact_stays_as_it_is(shop: Shop, email: str) -> None:
    shop.send(identify={"email": email, "traits": {"firstName": "John", "plan": "premium"}})
    before = shop.contact(email)
    shop.send(event="user.left", identify={"email": email})
    shop.send(event="user.came", identify={"email": email, "traits": {}})
    assert shop.contact(email) == before
