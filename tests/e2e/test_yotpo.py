"""Yotpo's page through the front door: sent over HTTP, read with the CLI."""

import shlex
import time
from typing import Any

import httpx2
import pytest


@pytest.fixture(scope="module")
def store(server: Any) -> Any:
    return server.create_credential("yotpo")


def send(server: Any, store: Any, token: str, body: Any) -> httpx2.Response:
    path = f"/core/v3/stores/{store['app_key']}/customer_events"
    return httpx2.request("PATCH", server.url + path, json=body, headers={"X-Yotpo-Token": token})


def test_a_new_key_comes_with_a_line_to_try(server: Any) -> None:
    told = server.run("credential", "create", "--workspace", "demo", "--dialect", "yotpo").stdout
    curl, _, method, url, *options = shlex.split(told.partition("Try it:")[2].strip())
    headers = dict(one.split(": ") for one in options[1:4:2])
    assert url.startswith(server.url), "this server's port, not the one of its settings"
    answer = httpx2.request(method, url, headers=headers, content=options[-1])
    assert (curl, answer.status_code) == ("curl", 200), answer.text


def test_the_secret_alone_is_printed_bare(server: Any) -> None:
    made = server.run("credential", "create", "--workspace", "demo", "--dialect", "yotpo", "--bare")
    assert made.stdout.strip().startswith("yos_")
    assert len(made.stdout.split()) == 1


def test_an_event_is_overridden_with_a_token_of_the_secret(server: Any, store: Any) -> None:
    tokens = f"{server.url}/core/v3/stores/{store['app_key']}/access_tokens"
    token = httpx2.post(tokens, json={"secret": store["secret"]}).json()["access_token"]
    event = {
        "source": "shipping_tool",
        "type": "order_placed",
        "unique_id": "e2e-1",
        "customer": {"external_id": "e2e", "email": "e2e@example.com"},
    }
    for change in ({}, {"type": "order_shipped", "properties": {"carrier": "DHL"}}):
        assert send(server, store, token, event | change).status_code == 200
    server.settle()
    listed = server.cli("event", "list", "--workspace", "demo")
    found = [one for one in listed if one["properties"].get("source") == "shipping_tool"]
    assert [(one["name"], one["properties"]["carrier"]) for one in found] == [("order_shipped", "DHL")]
    shown = server.cli("credential", "list", "--workspace", "demo")
    assert [one["token_start"][:4] for one in shown if one["dialect"] == "yotpo"].count("yot_") == 0


def test_a_server_that_was_asked_before_knows_of_a_revocation(server: Any) -> None:
    made = server.create_credential("yotpo")
    tokens = f"{server.url}/core/v3/stores/self/access_tokens"
    token = httpx2.post(tokens, json={"secret": made["secret"]}).json()["access_token"]
    body = {"type": "a", "unique_id": "e2e-2", "customer": {"external_id": "e2e"}}
    assert send(server, made, token, body).status_code == 200
    server.run("credential", "revoke", made["credential_id"], "--workspace", "demo")
    until = time.monotonic() + 10
    while (status := send(server, made, token, body).status_code) == 200 and time.monotonic() < until:
        time.sleep(0.05)
    assert status == 401
