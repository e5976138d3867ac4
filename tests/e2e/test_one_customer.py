"""One customer through every door: one profile where identities say so, and two where only ids look alike.

SmartAppPush's callers know no e-mail, only the shop's number.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from msgspec import Struct

from tests.e2e.conftest import Server
from tests.trust.doors import DOORS

MAIL = b"Ann@Example.com"
SAME_ID = "12345"  # a customer's number at one shop, and another customer's at the other


class ByNumber(Struct, frozen=True):
    """How a vendor's caller names somebody by the shop's own number, without and, where he can, with an e-mail.

    @KEY stands for the key, where it is in the body.
    """

    path: str
    alone: dict[str, Any]
    with_mail: dict[str, Any] | None = None


_PARAMS = [
    {"name": "externalCustomerId", "value": SAME_ID},
    {"name": "EmailAddress", "value": MAIL.decode()},
]
#: A door whose vendor knows such numbers has a line here.
BY_NUMBER = {
    "esputnik": ByNumber(
        "/api/v2/event",
        {"eventTypeKey": "number.at.esputnik", "keyValue": SAME_ID},
        {"eventTypeKey": "both.at.esputnik", "keyValue": SAME_ID, "params": _PARAMS},
    ),
    "yotpo": ByNumber(
        "/core/v3/stores/self/customer_events",
        {"type": "number.at.yotpo", "unique_id": "1", "customer": {"external_id": SAME_ID}},
        {
            "type": "both.at.yotpo", "unique_id": "2",
            "customer": {"external_id": SAME_ID, "email": MAIL.decode()},
        },
    ),
    "smartapppush": ByNumber(
        "/events",
        {
            "tenant_id": "self", "api_key": "@KEY", "app_user_id": SAME_ID, "event_name": "number.at.smartapppush",
            "device_token": "token", "platform": "android", "push_permission_granted": True,
            "timezone": "Europe/Kyiv", "language": "uk", "country": "UA", "session_id": "s-1",
            "event_time": datetime.now(UTC).isoformat(timespec="seconds"), "params": {},
        },
    ),
}  # fmt: skip
NAMED = {front.dialect: front.key for front in DOORS}
SHOWN = {front.dialect: front.shown for front in DOORS}


class Shop:
    """A workspace with a key for each door."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        server.run("workspace", "create", name)
        words = ("--workspace", name, "--manage", "--role", "owner", "--bare")
        token = server.run("credential", "create", *words).stdout.strip()
        self.manage = httpx2.Client(
            base_url=f"{server.url}/manage/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        self._keys = {
            dialect: self.manage.post("/credentials", json={"dialect": dialect}).json()[named]
            for dialect, named in NAMED.items()
        }

    def tell(self, dialect: str, path: str, body: bytes) -> None:
        key = self._keys[dialect]
        shown = {"Authorization": SHOWN[dialect](key)}
        sent = body.replace(b"@KEY", key.encode())
        answer = httpx2.post(self.server.url + path, content=sent, headers=shown, timeout=30)
        assert answer.status_code == 200, answer.text

    def find(self, **identity: str) -> Any:
        self.server.settle()
        found = self.manage.post("/profiles/find", json=identity)
        assert found.status_code == 200, found.text
        return found.json()

    def events_of(self, found: Any) -> set[str]:
        listed = self.manage.get(f"/profiles/{found['id']}/events").json()
        return {event["name"] for event in listed["events"]}


@pytest.fixture
def shop(server: Server) -> Iterator[Shop]:
    made = Shop(server, f"shop{uuid4().hex[:12]}")
    yield made
    made.manage.close()


def test_a_customer_who_comes_through_every_door_is_one_person_by_the_email(shop: Shop) -> None:
    by_email = [front for front in DOORS if front.person[0] == "email"]
    for front in by_email:
        name = f"seen.at.{front.dialect}"
        for path, body in front.defined([name]):
            shop.tell(front.dialect, path, body)
        shop.tell(front.dialect, front.single, front.event(name.encode(), MAIL, b'"x"'))
    ann = shop.find(email="ann@example.com")
    assert shop.events_of(ann) == {f"seen.at.{front.dialect}" for front in by_email}


def test_equal_numbers_of_two_vendors_stay_two_people_until_each_says_an_email(shop: Shop) -> None:
    """The control is in it: one that says number and e-mail is joined, in that vendor's namespace alone."""
    for dialect, said in BY_NUMBER.items():
        shop.tell(dialect, said.path, json.dumps(said.alone).encode())
    numbered = {dialect: shop.find(external_id=SAME_ID, namespace=dialect) for dialect in BY_NUMBER}
    assert len({found["id"] for found in numbered.values()}) == len(BY_NUMBER)
    for dialect, found in numbered.items():
        assert shop.events_of(found) == {f"number.at.{dialect}"}

    say_both(shop, "yotpo")
    ann = shop.find(email="ann@example.com")
    assert shop.events_of(ann) == {"number.at.yotpo", "both.at.yotpo"}
    assert shop.find(external_id=SAME_ID, namespace="esputnik")["id"] != ann["id"]

    say_both(shop, "esputnik")
    ann = shop.find(email="ann@example.com")
    both = {f"{said}.at.{dialect}" for said in ("number", "both") for dialect in ("yotpo", "esputnik")}
    assert shop.events_of(ann) == both
    assert {one["namespace"] for one in ann["identities"] if one["kind"] == "external_id"} == {
        "yotpo",
        "esputnik",
    }
    assert shop.events_of(shop.find(external_id=SAME_ID, namespace="smartapppush")) == {
        "number.at.smartapppush"
    }


def say_both(shop: Shop, dialect: str) -> None:
    said = BY_NUMBER[dialect]
    shop.tell(dialect, said.path, json.dumps(said.with_mail).encode())
