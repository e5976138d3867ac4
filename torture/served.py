"""The server under torture: `clarion serve` in a folder of its own, its processes by name, and their ends.

Only processes that were started here are ever ended, by their ids.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
START_S = 90.0


class Served:
    """One server; `app` names the module that provides its application."""

    def __init__(self, data: Path, *, app: str = "clarion.app", flags: tuple[str, ...] = ()) -> None:
        self.data = data
        self.log_file = data.parent / f"{data.name}.log"
        self.banner = ""
        self.port = 0
        self._command = [sys.executable, "-P", "-m", "clarion", "serve", "--app", app, "--port", "0"]
        self._command += ["--data", str(data), *flags]
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process, "it was started"
        return self._process.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def start(self) -> None:
        """Returns when it says that it is ready."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout
        self.banner = ""
        for line in self._process.stdout:
            self.banner += line
            if " is ready at " in line:
                self.port = int(line.rsplit(":", 1)[1])
            if line.startswith("Stop:"):
                return
        raise RuntimeError(f"the server did not start:\n{self.log}")

    def owner_token(self, workspace: str = "demo") -> str:
        """A token of the management API, made by the command line."""
        words = ["credential", "create", "--workspace", workspace, "--manage", "--role", "owner", "--bare"]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "clarion", *words, "--data", str(self.data)],
            env=self._environ(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def processes(self) -> list[psutil.Process]:
        """All below the supervisor."""
        return psutil.Process(self.pid).children(recursive=True)

    def child(self, name: str) -> psutil.Process | None:
        """`http`, `worker`, `postgres` (the postmaster) or `backend` (one of a caller's), if it is there."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                words = process.cmdline()
                if name in ("http", "worker") and words[2:5] == ["-m", "clarion.serve.child", name]:
                    return process
                if name == "postgres" and words and words[0].endswith("/postgres"):
                    return process
                if name == "backend" and words and words[0].startswith("postgres: clarion: clarion_"):
                    return process
        return None

    def kill(self) -> None:
        """SIGKILL to the supervisor alone: what runs below it has to see for itself."""
        assert self._process
        self._process.kill()
        self._process.wait(10)
        self._close()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(60)
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._close()

    def readiness(self) -> dict[str, Any] | None:
        """What GET /readyz says, ready or not; None where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            told: dict[str, Any] = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
        else:
            return told
        finally:
            connection.close()

    def until_ready(self, within_s: float) -> float:
        """Seconds until it says that it is ready. Raises RuntimeError."""
        began = time.monotonic()
        for waited_s in _looks(began, within_s):
            told = self.readiness()
            if told and told["ready"]:
                return waited_s
        raise RuntimeError(f"not ready within {within_s:g} s; its log ends:\n{self.log[-3000:]}")

    def until_drained(self, within_s: float) -> float:
        """Seconds until all that was accepted is processed. Raises RuntimeError."""
        began = time.monotonic()
        for waited_s in _looks(began, within_s):
            told = self.readiness()
            if told and told["ready"] and told["backlog"] == 0:
                return waited_s
        raise RuntimeError(f"not drained within {within_s:g} s: {self.readiness()}")

    def _environ(self) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
        return environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}

    def _close(self) -> None:
        assert self._process
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None


def end(process: psutil.Process, *, stopped_s: float = 0.0) -> None:
    """SIGKILL, and SIGSTOP so long before."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if stopped_s:
            process.suspend()
            time.sleep(stopped_s)
        process.kill()


def gone(processes: list[psutil.Process], within_s: float) -> list[psutil.Process]:
    """Those that are still alive after that time. An orphan may stay a zombie until somebody reaps it."""

    def alive(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    left = processes
    for _ in _looks(time.monotonic(), within_s):
        left = [process for process in left if alive(process)]
        if not left:
            break
    return left


def _looks(began: float, within_s: float) -> Iterator[float]:
    """Seconds since `began`, every 20 ms until the time is over."""
    while (waited_s := time.monotonic() - began) < within_s:
        yield waited_s
        time.sleep(0.02)
