"""An automation through the front door: as the how-to has it, and through a kill in the middle of its wait."""

import time
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import ROOT

PAGE = (ROOT / "docs/how-to/first-automation.md").read_text("utf-8")


@pytest.fixture
def file(tmp_path):
    """The how-to's own file."""
    made = tmp_path / "cart.json"
    made.write_text(PAGE.split("```json\n")[1].split("```")[0], "utf-8")
    return str(made)


def send(server: Any, key: str, number: int) -> None:
    answer = httpx2.post(
        f"{server.url}/v1/events",
        json={
            "event": "cart.left",
            "identify": {"email": "ann@example.com"},
            "properties": {"cart": {"total": 120}},
            "messageId": f"cart {number}",
        },
        headers={"authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text


def until(server: Any, reached: Any, timeout_s: float = 20) -> Any:
    ends = time.monotonic() + timeout_s
    while not reached(shown := server.cli("automation", "show", "Left cart")):
        assert time.monotonic() < ends, shown
        time.sleep(0.2)
    return shown


def test_a_run_with_a_wait_survives_a_kill_and_fires_once(new_server: Any, file: str) -> None:
    """The control: with the timer in memory instead of its row, nothing fires after the kill."""
    server = new_server()
    server.start()
    server.run("metric", "create", "cart.left")
    server.run("automation", "create", "Left cart", file)
    server.run("automation", "publish", "Left cart")
    key = server.create_credential()["api_key"]
    send(server, key, 1)
    waiting = until(server, lambda shown: shown["runs"].get("going_on"))
    (before,) = waiting["newest_runs"]
    assert before["node"] == "pause"
    server.kill()
    time.sleep(1)
    server.start()
    done = until(server, lambda shown: shown["runs"].get("finished"))
    assert done["runs"] == {"finished": 1}
    assert done["newest_runs"][0]["id"] == before["id"]
    history = server.cli("profile", "history", before["profile_id"])
    assert [one["value"] for one in history if one["what"].endswith("cart_left")] == [True]
    told = server.cli("profile", "find", "--email", "ann@example.com")
    assert told["traits"] == {"cart_left": True}


def test_what_is_wrong_is_said_and_not_published(new_server: Any, file: str, tmp_path: Any) -> None:
    server = new_server()
    server.start()
    broken = tmp_path / "broken.json"
    broken.write_text(PAGE.split("```json\n")[1].split("```")[0].replace('"next": "mark"', '"next": "gone"'))
    done = server.run("automation", "create", "Broken", str(broken))
    assert "nodes.pause.next there is no node gone" in done.stderr
    refused = server.run("automation", "publish", "Broken", check=False)
    assert refused.returncode == 1
    assert "nodes.pause.next there is no node gone" in refused.stderr
    assert [one["status"] for one in server.cli("automation", "list")] == ["draft"]
