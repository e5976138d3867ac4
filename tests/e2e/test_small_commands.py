"""What the command line says of a server that runs at a port of its own."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

GREET = {
    "trigger": {"type": "event", "metric": "greeted"},
    "start": "mail",
    "nodes": {"mail": {"type": "send", "template": "hello", "next": "end"}, "end": {"type": "exit"}},
}


@pytest.fixture
def shop(server: Any) -> Any:
    """`shop(words…)`: what a command prints in a fresh workspace; decoded, with `plain=False`."""
    name = f"w{uuid4().hex[:12]}"
    server.run("workspace", "create", name)

    def do(*words: str, plain: bool = True) -> Any:
        done = server.run(*words, "--workspace", name, *([] if plain else ["--json"]), check=False)
        return done if plain else json.loads(done.stdout)

    return do


def test_a_previews_links_lead_to_the_server_that_runs(server: Any, shop: Any, tmp_path: Path) -> None:
    """They led to the port of the settings, 8080."""
    (tmp_path / "news.txt").write_text("$unsubscribe_url")
    done = shop("template", "create", "news", "--subject", "Hi", "--text", str(tmp_path / "news.txt"))
    assert done.returncode == 0, done.stderr
    assert shop("template", "preview", "news", plain=False)["text"].startswith(f"{server.url}/p/unsubscribe/")


def test_the_doctor_knows_where_the_folder_is_served(server: Any) -> None:
    findings = json.loads(server.run("doctor", "--json", check=False).stdout)["findings"]
    (port,) = [one for one in findings if one["name"] == "port"]
    assert (port["state"], server.url in port["detail"]) == ("ok", True)


@pytest.fixture
def ann(server: Any, shop: Any, tmp_path: Path) -> str:
    """Somebody whose event began a run, which sent a mail; she agreed to news. Her id."""
    (tmp_path / "hello.txt").write_text("Hello")
    shop(
        "template",
        "create",
        "hello",
        "--subject",
        "Hi",
        "--text",
        str(tmp_path / "hello.txt"),
        "--transactional",
    )
    (tmp_path / "greet.json").write_text(json.dumps(GREET))
    shop("automation", "create", "Greet", str(tmp_path / "greet.json"))
    assert shop("automation", "publish", "Greet").returncode == 0
    key = shop("credential", "create", "--dialect", "smashsend", plain=False)["api_key"]
    for who in ("ann@example.com", "bob@example.com"):
        event = {"event": "greeted", "identify": {"email": who}}
        told = httpx2.post(f"{server.url}/v1/events", json=event, headers={"Authorization": f"Bearer {key}"})
        assert told.status_code == 200, told.text
    server.settle()
    shop("topic", "set", "news")
    shop("consent", "set", "ann@example.com", "yes", "--topic", "news")
    found: str = shop("profile", "find", "--email", "ann@example.com", plain=False)["id"]
    return found


def test_an_export_has_consents_messages_and_runs(shop: Any, ann: str) -> None:
    """Bob, who said nothing, is the control: nothing of Ann's is in his."""
    deadline = time.monotonic() + 20
    while not (found := json.loads(shop("profile", "export", ann).stdout))["messages"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    (said,) = found["consents"]
    assert (said["value"], said["topics"][0]["said"]) == ("ann@example.com", True)
    (run,) = found["runs"]
    assert (run["automation"], run["profile_id"]) == ("Greet", ann)
    bob = shop("profile", "find", "--email", "bob@example.com", plain=False)["id"]
    other = json.loads(shop("profile", "export", bob).stdout)
    assert other["consents"] == []
    assert [one["profile_id"] for one in other["runs"]] == [bob]


def test_events_of_one_person_are_listed_by_their_id(shop: Any, ann: str) -> None:
    found = shop("event", "list", "--profile", ann, plain=False)
    assert {one["profile_id"] for one in found} == {ann}
    assert len(shop("event", "list", plain=False)) > len(found), "Bob's are among all of them"
    both = shop("event", "list", "--profile", ann, "--email", "bob@example.com")
    assert (both.returncode, "one of the two" in both.stderr) == (1, True)
    assert "no such profile" in shop("event", "list", "--profile", "prf_x").stderr


def test_providers_fit_a_terminal_whatever_they_are_set_to(shop: Any) -> None:
    """They took 250 columns."""
    words = ("host=93.184.216.34", "sender=orders@shop.example", "sender_name=The Shop", "user=mailer")
    assert shop("provider", "set", "email", "smtp", *words, "password=secret").returncode == 0
    printed = shop("provider", "list").stdout
    assert max(map(len, printed.splitlines())) <= 100, printed
    for said in ("93.184.216.34", "orders@shop.example", "***", "sms", "mailbox"):
        assert said in printed


def test_the_rules_of_one_channel_are_asked_for_by_its_name(shop: Any) -> None:
    shop("rule", "set", "email", "--quiet", "22:00-08:00")
    assert shop("rule", "show", "email", plain=False)["quiet"] == "22:00-08:00"
    assert "22:00-08:00" in shop("rule", "show", "email").stdout
    assert shop("rule", "show", "sms", plain=False)["quiet"] is None
    assert "email" in shop("rule", "show", "mail").stderr, "what is no channel names those that there are"


def test_a_template_is_deleted_once_nobody_uses_it(shop: Any, ann: str, tmp_path: Path) -> None:
    refused = shop("template", "delete", "hello", "--yes")
    assert (refused.returncode, "automation Greet" in refused.stderr) == (1, True)
    assert "say --yes" in shop("template", "delete", "hello").stderr
    shop("automation", "archive", "Greet")
    deadline = time.monotonic() + 20
    while (gone := shop("template", "delete", "hello", "--yes")).returncode:
        assert "waits to go out" in gone.stderr, gone.stderr
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert shop("template", "list", plain=False) == []
    assert "template list" in shop("template", "show", "hello").stderr


def test_a_held_message_goes_out_when_the_quiet_hours_are_taken_back(
    server: Any, shop: Any, tmp_path: Path
) -> None:
    """It was held until the hour that the old rule had named."""
    now = datetime.now(UTC)
    begun, ends = now - timedelta(hours=1), now + timedelta(hours=1)
    shop("rule", "set", "email", "--quiet", f"{begun:%H:%M}-{ends:%H:%M}")
    (tmp_path / "promo.txt").write_text("Sale")
    shop("template", "create", "hello", "--subject", "Hi", "--text", str(tmp_path / "promo.txt"))
    (tmp_path / "greet.json").write_text(json.dumps(GREET))
    shop("automation", "create", "Greet", str(tmp_path / "greet.json"))
    assert shop("automation", "publish", "Greet").returncode == 0
    key = shop("credential", "create", "--dialect", "smashsend", plain=False)["api_key"]
    event = {"event": "greeted", "identify": {"email": "held@example.com"}}
    httpx2.post(f"{server.url}/v1/events", json=event, headers={"Authorization": f"Bearer {key}"})
    assert _comes_to(shop, "reason", "quiet_hours")
    shop("rule", "set", "email", "--quiet", "none")
    assert _comes_to(shop, "state", "accepted")


def _comes_to(shop: Any, field: str, value: str) -> bool:
    deadline = time.monotonic() + 20
    while True:
        sends = shop("message", "list", plain=False)
        if [one[field] for one in sends] == [value]:
            return True
        assert time.monotonic() < deadline, sends
        time.sleep(0.2)
