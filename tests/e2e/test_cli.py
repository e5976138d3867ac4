"""The nouns of the command line, on the data of a running server."""

import contextlib
import importlib
import io
import json
import os
import re
import select
import signal
import subprocess
from pathlib import Path

import httpx2
import pytest

from clarion import cli
from tests.e2e.conftest import ROOT

DOCS = ROOT / "docs/reference/cli.md"
NOUNS = (
    "workspace", "credential", "profile", "event", "metric", "trait", "order", "list", "suppression", "quarantine",
    "ledger",
)  # fmt: skip


class Commands:
    """Commands on a server's data, in this process: as `server.run` and `server.cli` would, at once."""

    def __init__(self, server) -> None:
        self.server = server

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setenv("CLARION_DATA", str(self.server.data))
            code = cli.main(words)
        assert not check or code == 0, err.getvalue()
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def cli(self, *words: str):
        return json.loads(self.run(*words, "--json").stdout)


class Shop:
    """A workspace of its own and the way to send events to it."""

    def __init__(self, server, name: str) -> None:
        self.server, self.name = server, name
        self.commands = Commands(server)
        self.key = server.create_credential(workspace=name)["api_key"]

    def send(self, event: str, *, email: str = "ann@example.com", **properties) -> None:
        told = {
            "event": event,
            "identify": {"email": email, "traits": {"firstName": "Ann"}},
            "properties": properties,
        }
        headers = {"Authorization": f"Bearer {self.key}"}
        assert httpx2.post(f"{self.server.url}/v1/events", json=told, headers=headers).status_code == 200

    def cli(self, *words: str):
        return self.commands.cli(*words, "--workspace", self.name)

    def run(self, *words: str, check: bool = True):
        return self.commands.run(*words, "--workspace", self.name, check=check)


@pytest.fixture(scope="session")
def commands(server):
    return Commands(server)


@pytest.fixture(scope="session")
def shop(server):
    server.cli("workspace", "create", "cli-shop", "--test")
    shop = Shop(server, "cli-shop")
    for n in range(5):
        shop.send("order.placed", n=n)
    shop.send("user.signup", email="bob@example.com")
    server.settle()
    return shop


@pytest.fixture(scope="session")
def empty(server):
    server.cli("workspace", "create", "cli-empty", "--test")
    return Shop(server, "cli-empty")


def refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    """One sentence on stderr, nothing on stdout, exit code 1."""
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"clarion: .*{sentence}.*\n", done.stderr), done.stderr


# ---- workspaces


def test_a_workspace_is_made_listed_and_shown(commands):
    made = commands.cli("workspace", "create", "made-here", "--zone", "Europe/Kyiv")
    assert (made["name"], made["zone"], made["test"]) == ("made-here", "Europe/Kyiv", False)
    assert made in commands.cli("workspace", "list")
    assert (
        commands.cli("workspace", "show", "made-here")
        == made
        == commands.cli("workspace", "show", made["id"])
    )
    assert "made-here" in commands.run("workspace", "list").stdout
    refused(
        commands.run("workspace", "create", "made-here", check=False), "there is a workspace named made-here"
    )
    refused(commands.run("workspace", "create", "No Name", check=False), "a workspace's name is")
    refused(commands.run("workspace", "create", "x", "--zone", "Mars", check=False), "Mars is not a zone")
    refused(commands.run("workspace", "show", "nobody", check=False), "there is no workspace named nobody")


def test_where_there_are_several_workspaces_one_is_named(commands, shop, empty):
    refused(commands.run("event", "list", check=False), "say which workspace with --workspace: .*cli-shop")


def test_a_folder_without_clarion_says_how_to_begin(server, tmp_path):
    done = server.run("event", "list", "--data", str(tmp_path / "new"), check=False)
    refused(done, "there is no Clarion in .*/new yet: start it once with `./run serve`")
    assert not (tmp_path / "new" / "engine").exists()


# ---- credentials


def test_a_credential_lives(shop):
    made = shop.cli("credential", "create", "--dialect", "smashsend", "--label", "till")
    assert list(made) == ["credential_id", "workspace", "dialect", "api_key"]
    shown = shop.cli("credential", "show", made["credential_id"])
    assert (shown["label"], shown["revoked"]) == ("till", False)
    assert made["api_key"] not in json.dumps(shop.cli("credential", "list"))
    assert shop.cli("credential", "show", made["credential_id"], "--reveal") == made
    assert shop.run("credential", "show", made["credential_id"], "--reveal", "--bare").stdout == (
        f"{made['api_key']}\n"
    )
    changed = shop.cli("credential", "set", "--dialect", "smashsend", "--rate", "0")
    assert {tuple(one["rates"].items()) for one in changed} == {(("batch", 0), ("single", 0), ("general", 0))}
    one = shop.cli(
        "credential", "set", "--dialect", "smashsend", "--rate", "9", "--bucket", "batch", "--id", shown["id"]
    )
    assert [one["rates"] for one in one] == [{"batch": 9, "single": 0, "general": 0}]
    assert shop.cli("credential", "revoke", made["credential_id"])["revoked"] is True
    headers = {"Authorization": f"Bearer {made['api_key']}"}
    assert httpx2.post(f"{shop.server.url}/v1/events", json={}, headers=headers).status_code == 401


def test_a_token_of_the_management_api(shop):
    made = shop.cli("credential", "create", "--manage", "--role", "viewer")
    assert list(made) == ["credential_id", "workspace", "dialect", "role", "token"]
    refused(shop.run("credential", "create", "--manage", check=False), "each of those needs one")
    refused(shop.run("credential", "create", check=False), "give --manage, or --dialect")
    refused(
        shop.run("credential", "create", "--dialect", "nobody", check=False), "there is no dialect nobody"
    )
    assert shop.run("credential", "create", "--manage", "--role", "king", check=False).returncode == 2


# ---- profiles


def test_a_person_is_found_or_not(shop):
    found = shop.cli("profile", "find", "--email", "Ann@Example.com")
    assert found["traits"] == {"first_name": "Ann"}
    assert {"id", "traits", "identities", "addresses", "members", "created_at"} <= set(found)
    assert shop.cli("profile", "show", found["id"]) == found
    shown = shop.cli("profile", "show", found["id"], "--timeline", "--limit", "2")
    assert [event["properties"]["n"] for event in shown["events"]] == [4, 3]
    assert [change["what"] for change in shop.cli("profile", "history", found["id"])] == ["trait:first_name"]
    for words in (("--email", "nobody@example.com"), ("--phone", "+380441234567"), ("--external-id", "x")):
        done = shop.run("profile", "find", *words, "--json", check=False)
        assert (done.returncode, done.stdout) == (1, "null\n")
        refused(shop.run("profile", "find", *words, check=False), "nobody is identified by that")
    refused(
        shop.run("profile", "find", check=False), "say whom: --email, --phone, --external-id, or --first-name"
    )
    refused(shop.run("profile", "show", "prf_1", check=False), "there is no such profile")


# ---- events


def test_any_number_of_events_is_one_json_list_newest_first(shop):
    for limit in ("3", "1000", "1000000"):
        events = shop.cli("event", "list", "--limit", limit)
        assert [event["name"] for event in events] == (["user.signup"] + ["order.placed"] * 5)[: int(limit)]
        assert {"id", "name", "properties", "profile_id", "occurred_at", "received_at"} <= set(events[0])
    received = [event["received_at"] for event in events]
    assert received == sorted(received, reverse=True)
    assert shop.cli("event", "show", events[0]["id"]) == events[0]


@pytest.mark.parametrize("limit", ["20", "5000"])
def test_events_are_narrowed_by_metric_and_person(shop, limit):
    assert len(shop.cli("event", "list", "--metric", "order.placed", "--limit", limit)) == 5
    assert len(shop.cli("event", "list", "--email", "bob@example.com", "--limit", limit)) == 1
    assert shop.cli("event", "list", "--email", "nobody@example.com", "--limit", limit) == []
    assert shop.cli("event", "list", "--metric", "none", "--limit", limit) == []
    assert shop.run("event", "list", "--metric", "none").stdout == "No such events.\n"
    assert shop.run("event", "list", "--limit", "0", check=False).returncode == 1


def test_people_see_a_table(shop):
    out = shop.run("event", "list").stdout
    assert out.count("\n") == 8
    assert '{"n":4}' in out


def test_tail_follows_until_ctrl_c(shop):
    tail = subprocess.Popen(
        [ROOT / "run", "event", "tail", "--workspace", shop.name, "--metric", "tailed", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"CLARION_DATA": str(shop.server.data)},
    )
    try:
        seen, n = None, 0
        while seen is None:
            shop.send("tailed", n=n)
            n += 1
            shop.server.settle()
            if select.select([tail.stdout], [], [], 0.2)[0]:
                seen = json.loads(tail.stdout.readline())
            assert n < 200
        assert seen["name"] == "tailed"
    finally:
        tail.send_signal(signal.SIGINT)
        assert tail.wait(10) == 0


def test_an_empty_workspace_says_what_to_send_and_that_works(empty, monkeypatch):
    monkeypatch.setenv("CLARION_PORT", empty.server.url.rpartition(":")[2])
    out = empty.server.run("event", "list", "--workspace", empty.name).stdout
    assert out.startswith("No events yet. Send one:\n\n  curl ")
    assert empty.cli("event", "list") == empty.cli("event", "list", "--limit", "2000") == []
    assert "Nothing was received" in empty.run("ledger", "show").stdout
    assert "No metrics yet" in empty.run("metric", "list").stdout
    assert "Nothing is in quarantine" in empty.run("quarantine", "list").stdout
    curl = out.partition("\n\n")[2].replace("curl ", "curl -sS --fail ", 1)
    sent = subprocess.run(
        ["sh", "-c", curl],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"CLARION_DATA": str(empty.server.data)},
        check=False,
    )
    assert sent.returncode == 0, sent.stderr
    empty.server.settle()
    assert [event["name"] for event in empty.cli("event", "list")] == ["user.signup"]


# ---- metrics, quarantine, ledger


def test_metrics_are_listed_shown_paused_and_resumed(shop):
    listed = {metric["name"]: metric["events"] for metric in shop.cli("metric", "list")}
    assert listed["order.placed"] == 5
    assert shop.cli("metric", "show", "order.placed")["properties"][0]["name"] == "n"
    assert shop.run("metric", "pause", "order.placed").stdout == "order.placed is paused.\n"
    assert shop.cli("metric", "resume", "order.placed")["status"] == "syncing"
    refused(shop.run("metric", "show", "none", check=False), "there is no metric named none")


def test_quarantine_is_listed_and_nothing_is_there(shop):
    assert shop.cli("quarantine", "list") == []
    assert shop.cli("quarantine", "retry", "--all") == {"settled": 0, "left": []}
    refused(shop.run("quarantine", "retry", check=False), "give an id, or --all")
    for verb in ("show", "retry", "discard"):
        refused(shop.run("quarantine", verb, "qrt_" + "0" * 32, check=False), "there is no such item")


def test_the_ledger_adds_up(shop):
    shown = shop.cli("ledger", "show", "--verify")
    assert list(shown) == ["lines", "total", "mismatches", "verified"]
    assert shown["mismatches"] == []
    assert shown["total"]["received"] == shown["total"]["stored"] >= 6
    assert sum(line["received"] for line in shown["lines"]) == shown["total"]["received"]
    assert shop.cli("ledger", "show", "--minutes", "1000")["lines"] == shown["lines"]
    assert shop.cli("ledger", "show", "--since", "2026-01-01")["lines"] == shown["lines"]
    out = shop.run("ledger", "show", "--verify").stdout
    assert "received = rejected + duplicate + accepted" in out
    assert "every minute adds up" in out
    refused(shop.run("ledger", "show", "--minutes", "0", check=False), "give --minutes")


# ---- the reference


@pytest.mark.parametrize("noun", NOUNS)
def test_the_reference_names_every_verb(noun):
    page = DOCS.read_text("utf-8")
    app = importlib.import_module(f"clarion.cli.{noun}").app
    verbs = [name for name in app if not name.startswith("-")]
    assert verbs
    assert [verb for verb in verbs if f"`clarion {noun} {verb}" not in page] == []


def test_the_reference_names_every_command():
    page = Path(DOCS).read_text("utf-8")
    assert [name for name in cli.COMMANDS if f"`clarion {name}" not in page] == []


def test_a_replay_says_how_many_events_it_went_through(shop):
    """The control: a period before any of them holds none, and of one metric there are fewer."""
    period = ("event", "replay", "--from", "2020-01-01", "--to", "2100-01-01")
    stored = len(shop.cli("event", "list", "--limit", "1000"))
    assert shop.cli(*period)["replayed"] == stored >= 6
    assert shop.cli(*period, "--metric", "user.signup")["replayed"] == 1
    assert shop.cli("event", "replay", "--from", "2020-01-01", "--to", "2020-01-02")["replayed"] == 0
    assert f"Went through {stored} events; 0 runs started." in shop.run(*period).stdout
    assert shop.run("event", "replay", "--from", "2020-01-02", "--to", "2020-01-01", check=False).returncode


def test_people_come_on_lists_and_go(shop):
    ann = shop.cli("profile", "find", "--email", "ann@example.com")["id"]
    made = shop.cli("list", "create", "VIP")
    assert shop.run("list", "create", "VIP", check=False).returncode == 1
    assert shop.cli("list", "add", "VIP", ann) == {"changed": 1, "unknown": []}
    assert shop.cli("list", "show", made["id"])["people"] == [ann]
    assert [(one["name"], one["members"]) for one in shop.cli("list", "list")] == [("VIP", 1)]
    stranger = f"prf_{'0' * 32}"
    assert shop.run("list", "remove", "VIP", stranger, check=False).returncode == 1
    assert shop.cli("list", "remove", "VIP", ann)["changed"] == 1
    assert "VIP" in shop.run("list", "show", "vip", check=False).stderr


def test_addresses_are_suppressed_and_that_is_taken_back(shop):
    assert shop.run("suppression", "list").stdout.strip() == "No address is suppressed."
    assert shop.cli("suppression", "add", "Bob@example.com", "carl@example.com") == {"changed": 2}
    assert shop.cli("suppression", "add", "bob@example.com", "--reason", "unsubscribed") == {"changed": 1}
    listed = shop.cli("suppression", "list", "--address", "BOB@example.com")
    assert [(one["value"], one["reason"], one["by"]) for one in listed] == [
        ("bob@example.com", "unsubscribed", "manage"), ("bob@example.com", "by_hand", "manage")
    ]  # fmt: skip
    assert shop.cli("suppression", "remove", "bob@example.com", "--reason", "unsubscribed") == {"changed": 1}
    assert len(shop.cli("suppression", "list", "--limit", "9")) == 2
    assert shop.run("suppression", "add", "nobody", check=False).returncode == 1


def test_no_order_is_an_answer_too(shop):
    assert shop.run("order", "list").stdout.strip() == "No orders."
    assert shop.cli("order", "list") == []
    assert shop.run("order", "show", "100500", check=False).returncode == 1
    assert shop.run("order", "list", "--status", "LOST", check=False).returncode == 1


def test_a_new_credentials_curl_line_names_the_port_on_which_the_server_listens(server):
    """It was started with `--port 0`; without its note the settings' 8080 was printed."""
    made = server.run("credential", "create", "--workspace", "demo", "--dialect", "smashsend")
    assert f"curl {server.url}/v1/events" in made.stdout
