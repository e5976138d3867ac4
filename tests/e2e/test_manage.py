"""The management API of a running server: what it says is what the command line says."""

import time

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clarion.api.routes import ROUTES

EVENTS = 30


@pytest.fixture(scope="session")
def shop(server):
    """A workspace with events of three people, and an owner's client of its management API."""
    server.cli("workspace", "create", "shop", "--test", "--zone", "Europe/Kyiv")
    key = server.create_credential(workspace="shop")["api_key"]
    for n in range(EVENTS):
        event = {
            "event": "order.placed",
            "identify": {"email": f"p{n % 3}@example.com", "traits": {"firstName": f"P{n % 3}"}},
            "properties": {"n": n, "email": "other@example.com"},
        }
        answer = httpx2.post(
            f"{server.url}/v1/events", json=event, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 200
    server.settle()
    return managed(server, "shop", "owner")


def managed(server, workspace: str, role: str) -> httpx2.Client:
    made = server.cli("credential", "create", "--workspace", workspace, "--manage", "--role", role)
    return httpx2.Client(
        base_url=f"{server.url}/manage/v1",
        headers={"Authorization": f"Bearer {made['token']}"},
        timeout=30,
    )


def test_nobody_comes_in_without_a_token(server):
    answer = httpx2.get(f"{server.url}/manage/v1/workspace")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/workspace", ("workspace", "show", "shop")),
        ("/metrics", ("metric", "list", "--workspace", "shop")),
        ("/metrics/order.placed", ("metric", "show", "order.placed", "--workspace", "shop")),
    ],
)
def test_the_api_shows_what_the_command_line_shows(server, shop, path, words):
    assert shop.get(path).json() == server.cli(*words)


def test_all_events_come_in_pages_and_are_those_of_the_command_line(server, shop):
    pages, params = [], {"limit": 7}
    while True:
        page = shop.get("/events", params=params).json()
        pages.append(page["events"])
        if page["next"] is None:
            break
        params["before"] = page["next"]
    events = [event for page in pages for event in page]
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]
    assert events == server.cli("event", "list", "--workspace", "shop", "--limit", "1000000")
    assert {event["properties"]["n"] for event in events} == set(range(EVENTS))
    assert events[0]["properties"]["email"] == "other@example.com"
    assert shop.get(f"/events/{events[0]['id']}").json() == events[0]


def test_a_person_is_found_and_shown_with_events_and_changes(server, shop):
    found = shop.post("/profiles/find", json={"email": "P1@example.com"}).json()
    assert found == server.cli("profile", "find", "--workspace", "shop", "--email", "p1@example.com")
    assert found["traits"] == {"first_name": "P1"}
    assert shop.get(f"/profiles/{found['id']}").json() == found
    timeline = shop.get(f"/profiles/{found['id']}/events", params={"limit": 100}).json()
    assert {event["properties"]["n"] % 3 for event in timeline["events"]} == {1}
    assert [change["what"] for change in shop.get(f"/profiles/{found['id']}/history").json()] == [
        "trait:first_name"
    ]
    assert shop.post("/profiles/find", json={"email": "nobody@example.com"}).status_code == 404


def test_the_ledger_adds_up(server, shop):
    shown = shop.get("/ledger", params={"verify": "true", "minutes": 1000}).json()
    assert (shown["total"]["received"], shown["total"]["stored"], shown["mismatches"]) == (EVENTS, EVENTS, [])
    assert shown["verified"] is True
    assert shown == server.cli("ledger", "show", "--workspace", "shop", "--verify")


def test_a_key_made_revealed_and_revoked_over_http(server, shop):
    made = shop.post("/credentials", json={"dialect": "smashsend", "label": "second"}).json()
    assert made == shop.post(f"/credentials/{made['credential_id']}/reveal").json()
    headers = {"Authorization": f"Bearer {made['api_key']}"}
    nothing = {"event": ""}
    assert httpx2.post(f"{server.url}/v1/events", json=nothing, headers=headers).status_code == 400
    rates = {"dialect": "smashsend", "per_minute": 1, "credential_id": made["credential_id"]}
    assert shop.patch("/credentials", json=rates).json()[0]["rates"] == {
        "single": 1,
        "batch": 1,
        "general": 1,
    }
    answers = [httpx2.post(f"{server.url}/v1/events", json=nothing, headers=headers) for _ in range(3)]
    assert 429 in [answer.status_code for answer in answers]
    assert shop.post(f"/credentials/{made['credential_id']}/revoke").json()["revoked"] is True
    assert httpx2.post(f"{server.url}/v1/events", json=nothing, headers=headers).status_code == 401


def test_a_paused_metric_over_http(server, shop):
    key = server.create_credential(workspace="shop")["api_key"]

    def send(n):
        event = {"event": "noise", "identify": {"email": "p1@example.com"}, "properties": {"n": n}}
        httpx2.post(f"{server.url}/v1/events", json=event, headers={"Authorization": f"Bearer {key}"})
        server.settle()
        return shop.get("/metrics/noise").json()["events"]

    assert send(1) == 1
    assert shop.patch("/metrics/noise", json={"status": "paused"}).json()["status"] == "paused"
    assert send(2) == 1
    assert shop.patch("/metrics/noise", json={"status": "syncing"}).json()["status"] == "syncing"
    assert send(3) == 2


def test_strange_paths_are_answered_in_our_voice(server, shop):
    for path in ("/metrics/%00", "/metrics/%FF", "/metrics/a%2Fb", "/events/../../x", "/nothing", "/events/"):
        answer = shop.get(path)
        assert answer.status_code in (400, 404), path
    assert shop.request("DELETE", "/events").status_code == 405
    assert shop.head("/events").status_code == 200


def test_anything_the_description_allows_is_answered_as_it_says(server, shop):
    """Whatever is generated from the description: no 5xx, no answer that is not described."""
    described = schemathesis.openapi.from_dict(httpx2.get(f"{server.url}/manage/openapi.json").json())
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) == len(ROUTES)
    for operation in operations:

        @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case):
            answer = case.call(base_url=server.url, headers={"Authorization": shop.headers["authorization"]})
            case.validate_response(answer, checks=checks)

        ask()


def test_a_management_token_tells_when_it_was_used_last(server, shop):
    me = {one["id"]: one for one in shop.get("/credentials").json() if one["dialect"] == "manage"}
    give_up_at = time.monotonic() + 10
    while not any(one["last_used_at"] for one in me.values()):
        assert time.monotonic() < give_up_at, me
        time.sleep(0.2)
        me = {one["id"]: one for one in shop.get("/credentials").json() if one["dialect"] == "manage"}
