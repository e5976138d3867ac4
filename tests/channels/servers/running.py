"""A server of these as a process of its own, and what it took."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


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


def serve(module: str, folder: Path) -> Iterator[Sink]:
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
