"""Topics, consent and rules by the command line, as a shop sets them."""

import json
from typing import Any
from uuid import uuid4

import pytest


@pytest.fixture
def shop(server: Any) -> Any:
    """`shop(words…)`: the commands of a fresh workspace, decoded."""
    name = f"w{uuid4().hex[:12]}"
    server.run("workspace", "create", name)

    def do(*words: str, check: bool = True, plain: bool = False) -> Any:
        done = server.run(*words, "--workspace", name, *([] if plain else ["--json"]), check=check)
        return json.loads(done.stdout) if check and not plain else done

    return do


def test_an_empty_workspace_shows_how_to_begin(shop: Any) -> None:
    for noun, verb, says in (
        ("topic", "list", "topic set"),
        ("consent", "list", "consent set"),
        ("rule", "show", "rule set"),
    ):
        assert says in shop(noun, verb, plain=True).stdout
        assert shop(noun, verb) == []


def test_topics_and_what_people_said_to_them(shop: Any) -> None:
    assert shop("topic", "set", "sales", "--title", "Sales") == {
        "name": "sales",
        "title": "Sales",
        "opt_in": False,
    }
    shop("topic", "set", "events", "--opt-in")
    assert [(one["name"], one["opt_in"]) for one in shop("topic", "list")] == [
        ("events", True),
        ("sales", False),
    ]
    said = shop("consent", "set", "Ann@Example.com", "no", "--topic", "sales")
    assert {one["topic"]: (one["said"], one["gets"]) for one in said["topics"]} == {
        "events": (None, False), "sales": (False, False),
    }  # fmt: skip
    shop("consent", "set", "ann@example.com", "yes", "--topic", "events")
    assert shop("consent", "set", "ann@example.com", "no")["said"] is False
    assert not any(one["gets"] for one in shop("consent", "show", "ann@example.com")["topics"])
    assert shop("consent", "list") == [
        {"channel": "email", "topic": "", "yes": 0, "no": 1},
        {"channel": "email", "topic": "events", "yes": 1, "no": 0},
        {"channel": "email", "topic": "sales", "yes": 0, "no": 1},
    ]
    shop("consent", "set", "ann@example.com", "yes")
    shop("suppression", "add", "ann@example.com", "--reason", "unsubscribed")
    shown = shop("consent", "show", "ann@example.com")
    assert (shown["suppressed"], [one["gets"] for one in shown["topics"]]) == (
        ["unsubscribed"],
        [False, False],
    )


def test_rules_change_one_by_one(shop: Any) -> None:
    assert shop("rule", "set", "email", "--quiet", "22:00-08:00", "--cap", "3/24")["quiet"] == "22:00-08:00"
    assert shop("rule", "set", "email", "--track-clicks", "--expires-hours", "48") == {
        "channel": "email", "quiet": "22:00-08:00", "cap": "3/24", "expires_hours": 48,
        "track_opens": False, "track_clicks": True,
    }  # fmt: skip
    shop(
        "rule",
        "set",
        "email",
        "--quiet",
        "none",
        "--cap",
        "none",
        "--expires-hours",
        "0",
        "--no-track-clicks",
    )
    assert shop("rule", "show") == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("consent", "set", "ann@example.com", "yes", "--topic", "none"), "topic set"),
        (("consent", "set", "no address", "yes"), "no address on email"),
        (("consent", "show", "12", "--channel", "email"), "no address on email"),
        (("rule", "set", "email", "--quiet", "25:00-08:00"), "22:00-08:00"),
        (("rule", "set", "email", "--quiet", "08:00-08:00"), "none"),
        (("rule", "set", "email", "--cap", "0/24"), "3/24"),
    ],
)
def test_what_cannot_be_says_how_it_can(shop: Any, words: tuple[str, ...], says: str) -> None:
    done = shop(*words, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr


def test_a_real_provider_with_links_to_this_machine_is_warned_of_everywhere(server: Any, shop: Any) -> None:
    """The control is the same doctor before: it says nothing of links."""
    assert "links" not in _names(server)
    done = shop("provider", "set", "email", "smtp", "host=93.184.216.34", "sender=a@shop.example", plain=True)
    assert "public_url" in done.stderr
    (found,) = [one for one in _doctor(server) if one["name"] == "links"]
    assert found["state"] == "warn" and "smtp" in found["detail"] and "public_url" in found["advice"]


def _doctor(server: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(server.run("doctor", "--json", check=False).stdout)["findings"]
    return found


def _names(server: Any) -> set[str]:
    return {one["name"] for one in _doctor(server)}
