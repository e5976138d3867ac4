"""SmartAppPush's page through the front door: sent over HTTP, read with the CLI."""

import json
import shlex
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

#: The page's request example, but for account, key and user.
PAGE = {
    "app_user_id": "user_of_the_page",
    "event_name": "purchase_completed",
    "event_time": "2026-03-29T14:30:00+03:00",
    "device_token": "the_device_of_the_page",
    "platform": "android",
    "push_permission_granted": True,
    "timezone": "Europe/Istanbul",
    "language": "tr",
    "country": "TR",
    "session_id": "sess_abc123",
    "params": {"product_id": "SKU-9001", "amount": 49.99, "currency": "USD"},
}


@pytest.fixture(scope="module")
def app(server: Any) -> Any:
    return server.create_credential("smartapppush")


def send(server: Any, app: Any, path: str, told: dict[str, Any]) -> httpx2.Response:
    who = {"tenant_id": app["tenant_id"], "api_key": app["api_key"]}
    return httpx2.post(server.url + path, json=who | told)


def test_a_new_key_comes_with_a_line_to_try(server: Any) -> None:
    told = server.run("credential", "create", "--workspace", "demo", "--dialect", "smartapppush").stdout
    line = told.partition("Try it:")[2].strip().replace("$(date -u +%FT%TZ)", datetime.now(UTC).isoformat())
    curl, url, *options = shlex.split(line)
    assert url.startswith(server.url), "this server's port, not the one of its settings"
    answer = httpx2.post(url, content=options[-1], headers=dict([options[1].split(": ")]))
    assert (curl, answer.status_code) == ("curl", 200), answer.text
    assert json.loads(options[-1])["event_name"] == "app_opened"


def test_the_key_alone_is_printed_bare(server: Any) -> None:
    made = server.run("credential", "create", "--workspace", "demo", "--dialect", "smartapppush", "--bare")
    assert made.stdout.strip().startswith("sap_")
    assert len(made.stdout.split()) == 1


def test_the_pages_example_is_on_the_timeline_once_with_its_session_user_and_device(
    server: Any, app: Any
) -> None:
    first, again = (send(server, app, "/events", PAGE) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json() == again.json()
    server.settle()
    (event,) = server.cli("event", "list", "--workspace", "demo", "--metric", "purchase_completed")
    assert (event["session"], event["properties"]) == ("sess_abc123", PAGE["params"])
    assert "sess_abc123" in server.run("event", "show", event["id"], "--workspace", "demo").stdout
    person = server.cli("profile", "show", event["profile_id"], "--workspace", "demo")
    assert [one["kind"] for one in person["identities"]] == ["external_id", "anonymous_id"]
    (device,) = person["devices"]
    assert (device["token"], device["may_push"]) == (PAGE["device_token"], True)
    shown = server.run("profile", "show", event["profile_id"], "--workspace", "demo").stdout
    assert "android of fcm (may be pushed to; tr-TR, Europe/Istanbul)" in shown
    assert PAGE["device_token"] not in shown


def test_the_catalogue_of_system_events_is_shown(server: Any, app: Any) -> None:
    listed = server.cli("metric", "list", "--workspace", "demo", "--category", "system")
    assert len(listed) == 65
    told = server.run("metric", "show", "onboarding_skipped", "--workspace", "demo").stdout
    for words in ("Onboarding", "User skipped onboarding", "skipped_at_step", "not yet"):
        assert words in told


def test_whose_tokens_devices_have_is_a_setting(server: Any) -> None:
    changed = server.cli("workspace", "set", "demo", "--device-tokens", "onesignal")
    assert changed["device_tokens"] == "onesignal"
    assert server.cli("workspace", "set", "demo", "--device-tokens", "shape")["device_tokens"] == "shape"
