"""What comes through SmartPush's and Yotpo's doors starts automations, decides in them, and is in their mails."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

END = {"end": {"type": "exit"}}
MAIL = {"mail": {"type": "send", "template": "edm", "next": "end"}}
GOLD = {"kind": "trait", "name": "cus_tier", "operator": "is", "value": "gold"}
LARGE = {"kind": "property", "name": "amount", "operator": "at_least", "value": 50}


class Store:
    """A workspace with a key of a dialect, and mails in its mailbox."""

    def __init__(self, server: Any, dialect: str, key: str, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._of = ("--workspace", f"store{uuid4().hex[:12]}")
        server.run("workspace", "create", self._of[1])
        shown = server.cli("credential", "create", *self._of, "--dialect", dialect)[key]
        self._headers = {"Authorization": f"Bearer {shown}"}

    def tell(self, path: str, body: Any) -> None:
        answer = httpx2.post(self._server.url + path, json=body, headers=self._headers, timeout=30)
        assert answer.status_code == 200, answer.text

    def acts(self, metric: str, nodes: Any, html: str, where: Any = None) -> None:
        """Publish an automation with its one mail."""
        trigger = {"type": "event", "metric": metric} | ({"where": where} if where else {})
        steps = {"trigger": trigger, "start": next(iter(nodes)), "nodes": nodes}
        (self._folder / "edm.html").write_text(html)
        (self._folder / "steps.json").write_text(json.dumps(steps))
        self._run(
            "template", "create", "edm", "--subject", "Thanks", "--html", str(self._folder / "edm.html")
        )
        self._run("automation", "create", "EDM", str(self._folder / "steps.json"))
        self._run("automation", "publish", "EDM")

    def mails(self, runs: int) -> dict[str, str]:
        """What was sent, by whom it is to, once so many runs are over."""
        deadline = time.monotonic() + 30
        while len(self._over()) < runs or any(one["state"] != "accepted" for one in self._messages()):
            assert time.monotonic() < deadline, (self._over(), self._messages())
            time.sleep(0.2)
        raws = [self._run("message", "show", one["id"], "--raw") for one in self._messages()]
        return {raw.partition("To: ")[2].partition("\n")[0].strip(): raw for raw in raws}

    def _over(self) -> list[Any]:
        shown = self._server.cli("automation", "runs", "EDM", *self._of)
        return [run for run in shown if run["state"] == "done"]

    def _messages(self) -> list[Any]:
        found: list[Any] = self._server.cli("message", "list", *self._of)
        return found

    def _run(self, *words: str) -> str:
        out: str = self._server.run(*words, *self._of).stdout
        return out


@pytest.fixture
def store(server: Any, tmp_path: Path) -> Callable[[str, str], Store]:
    return lambda dialect, key: Store(server, dialect, key, tmp_path)
