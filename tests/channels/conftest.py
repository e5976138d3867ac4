"""The servers that channels speak to: processes of their own, on loopback, one each a test run."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Sink:
    """A running server: the port of each behaviour, and what it took."""

    def __init__(self, ports: dict[str, int], ledger: Path) -> None:
        self.ports = ports
        self._ledger = ledger

    def took(self, behaviour: str) -> list[dict[str, Any]]:
        rows = (
            [json.loads(line) for line in self._ledger.read_text().splitlines()]
            if self._ledger.exists()
            else []
        )
        return [row for row in rows if row["behaviour"] == behaviour]


def _serve(module: str, folder: Path) -> Iterator[Sink]:
    ledger = folder / "ledger.jsonl"
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "src")))}
    running = subprocess.Popen(
        [sys.executable, "-m", module, str(ledger)],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        yield Sink(json.loads(running.stdout.readline()), ledger)
    finally:
        running.kill()
        running.wait()


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    yield from _serve("tests.channels.servers.smtp", tmp_path_factory.mktemp("smtp"))


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    yield from _serve("tests.channels.servers.http", tmp_path_factory.mktemp("http"))
