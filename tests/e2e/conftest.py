"""A running server, as a user starts it."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest

from torture.surfaces import Caller

ROOT = Path(__file__).resolve().parents[2]
START_S = 60


class Server:
    """`./run serve` on a folder of its own and any free port."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *flags: str) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [ROOT / "run", "serve", "--port", "0", "--data", str(self.data), *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if " is ready at " in line:
                self.url = line.split(" is ready at ")[1].strip()
                return
        raise AssertionError(f"the server did not start:\n{self.log.read_text()}")

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(30)
        finally:
            if self._process.poll() is None:
                self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def kill(self) -> None:
        """SIGKILL to the supervisor."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command of the CLI on this server's data."""
        done = subprocess.run(
            [ROOT / "run", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"CLARION_DATA": str(self.data)},
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def cli(self, *words: str) -> Any:
        """What a command prints with --json, decoded."""
        return msgspec.json.decode(self.run(*words, "--json").stdout)

    def create_credential(self, dialect: str = "smashsend", workspace: str = "demo") -> Any:
        return self.cli("credential", "create", "--workspace", workspace, "--dialect", dialect)

    def new_owner(self) -> Caller:
        """The owner of a new workspace."""
        workspace = f"w{uuid4().hex[:12]}"
        self.run("workspace", "create", workspace)
        words = ("credential", "create", "--workspace", workspace, "--manage", "--role", "owner", "--bare")
        return Caller(self.url, self.run(*words).stdout.strip())

    def backlog(self) -> int:
        waiting: int = httpx2.get(f"{self.url}/readyz").json()["backlog"]
        return waiting

    def settle(self, timeout_s: float = 30) -> None:
        """Wait until everything accepted is processed."""
        until = time.monotonic() + timeout_s
        while self.backlog():
            assert time.monotonic() < until, "the backlog is not worked off"
            time.sleep(0.02)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("served") / "data")
    running.start()
    yield running
    assert running.stop() == 0, running.log.read_text()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Any]:
    """Servers of one test alone; those that still run are stopped at its end."""
    made: list[Server] = []

    def make(name: str = "data") -> Server:
        made.append(Server(tmp_path / name))
        return made[-1]

    yield make
    for one in made:
        one.stop()
