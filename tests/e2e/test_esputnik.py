"""eSputnik's page, step by step, through the front door: sent over HTTP, read with the CLI."""

import shlex
from typing import Any

import httpx2
import pytest

from tests.dialects.calls import basic

ORDER = {
    "externalOrderId": "100500",
    "externalCustomerId": "12345",
    "totalCost": 1000,
    "status": "INITIALIZED",
    "date": "2017-03-08T09:30:00+02:00",
    "email": "mail@example.com",
    "currency": "USD",
    "deliveryAddress": "First str. 1",
    "items": [{"externalItemId": "200600", "name": "Super Device", "quantity": 1, "cost": 990}],
}


class Shop:
    """A caller of eSputnik, and what an operator sees of it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.key = server.create_credential("esputnik")["api_key"]

    def send(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        headers = {"authorization": basic(self.key, "")}
        answer = httpx2.request(method, f"{self._server.url}/api{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    def cli(self, *words: str) -> Any:
        self._server.settle()
        return self._server.cli(*words, "--workspace", "demo")


@pytest.fixture(scope="module")
def shop(server: Any) -> Shop:
    return Shop(server)


def test_a_first_call_says_whose_key_it_is(shop: Shop) -> None:
    assert shop.send("GET", "/v1/account/info").json()["organisationName"] == "demo"


def test_a_new_key_comes_with_a_line_to_try(server: Any) -> None:
    told = server.run("credential", "create", "--workspace", "demo", "--dialect", "esputnik").stdout
    line = told.partition("Try it:")[2].strip()
    curl, url, _, kind, _, shown, _, body = shlex.split(line)
    user, _, key = shown.partition(":")
    assert url.startswith(server.url), "this server's port, not the one of its settings"
    answer = httpx2.post(url, headers=dict([kind.split(": ")]), auth=(user, key), content=body)
    assert (curl, answer.status_code, url.endswith("/api/v1/event")) == ("curl", 200, True)


def test_an_event_is_in_the_history(shop: Shop) -> None:
    params = [{"name": "discount", "value": "5%"}, {"name": "link", "value": "https://example.site.com"}]
    body = {"eventTypeKey": "testEvent", "keyValue": "example@email.com", "params": params}
    for _ in range(2):
        assert shop.send("POST", "/v1/event/", body).text == ""
    listed = [one for one in shop.cli("event", "list") if "link" in one["properties"]]
    assert [one["properties"] for one in listed] == [{"discount": "5%", "link": "https://example.site.com"}]


def test_orders_are_listed_and_shown_with_all_fields(shop: Shop) -> None:
    for status in ("INITIALIZED", "DELIVERED"):
        assert shop.send("POST", "/v1/orders", {"orders": [ORDER | {"status": status}]}).text == ""
    (listed,) = shop.cli("order", "list")
    shown = shop.cli("order", "show", "100500")
    assert shown["id"] == listed["id"]
    assert shown["order"] == ORDER | {"status": "DELIVERED", "date": "2017-03-08T07:30:00+00:00"}
    assert [one["status"] for one in shown["statuses"]] == ["INITIALIZED", "DELIVERED"]
    names = {one["name"] for one in shop.cli("event", "list")}
    assert {"orderINITIALIZED", "orderDELIVERED"} <= names
