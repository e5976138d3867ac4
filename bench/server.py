"""A fresh server in a folder of its own, started and asked the way an operator does: by `./run`."""

import asyncio
import http.client
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import psutil
from msgspec import Struct

from clarion.db import Address
from clarion.db.engine import attach

RUN = Path(__file__).resolve().parent.parent / "run"
WORKSPACE = "demo"
DIALECT = "smashsend"
_READY_S = 90.0
_STOP_S = 30.0
_COMMAND_S = 300.0
_LOG_LINES = 30
#: Settings that change nothing of the work: phases without a worker pile up more than the default allows.
_VARIABLES = {"CLARION_BACKLOG_MAX": "100000000"}


class ServerFailed(Exception):
    """It did not start, or a command of it failed."""


class Server(Struct, frozen=True):
    """What is running. `pids` by name: supervisor, http, worker, postgres; `variables` of its environment."""

    data: Path
    port: int
    pids: dict[str, int]
    variables: Mapping[str, str]

    async def clarion(self, *words: str) -> Any:
        """What `./run WORDS --json` prints. Raises ServerFailed where it does not end with 0."""
        process = await asyncio.create_subprocess_exec(
            str(RUN), *words, "--json", "--data", str(self.data),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment() | dict(self.variables),
        )  # fmt: skip
        try:
            answer, errors = await asyncio.wait_for(process.communicate(), _COMMAND_S)
        except TimeoutError:
            process.kill()
            raise ServerFailed(f"`{' '.join(words)}` did not end within {_COMMAND_S:g} s") from None
        if process.returncode != 0:
            said = f"{answer.decode()[-2000:]}{errors.decode()[-2000:]}"
            raise ServerFailed(f"`{' '.join(words)}` ended with {process.returncode}: {said}")
        return msgspec.json.decode(answer)

    def owner(self) -> Address:
        """The way into its PostgreSQL as the role that owns the tables."""
        return attach(self.data).address("owner")

    @asynccontextmanager
    async def worker_stopped(self) -> AsyncIterator[None]:
        """SIGSTOP to the worker, SIGCONT at the end of the block. Nothing must wait when it begins."""
        os.kill(self.pids["worker"], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pids["worker"], signal.SIGCONT)


@asynccontextmanager
async def server(folder: Path, variables: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[Server]:
    """Started in `folder`, ready; stopped with the block. `variables` are added to its environment.

    Raises ServerFailed with the end of its log.
    """
    data, log, port = folder / "data", folder / "serve.log", _free_port()
    with log.open("wb") as writing:
        process = await asyncio.create_subprocess_exec(
            str(RUN), "serve", "--port", str(port), "--data", str(data),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env=_environment() | _VARIABLES | dict(variables),
            start_new_session=True,
        )  # fmt: skip
    try:
        await _ready(process, port, log)
        yield Server(data, port, _pids(process.pid), variables)
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    give_up_at = time.monotonic() + _READY_S
    while not await asyncio.to_thread(_is_ready, port):
        if process.returncode is not None or time.monotonic() > give_up_at:
            raise ServerFailed(f"the server did not become ready; it said:\n{_end_of(log)}")
        await asyncio.sleep(0.1)


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:])


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _pids(supervisor: int) -> dict[str, int]:
    """The supervisor's children by what they are. One worker, which is the default, is assumed."""
    pids = {"supervisor": supervisor}
    for child in psutil.Process(supervisor).children():
        words = child.cmdline()
        if "clarion.serve.child" in words:
            pids[words[words.index("clarion.serve.child") + 1]] = child.pid
        elif child.name().startswith("postgres"):
            pids["postgres"] = child.pid
    missing = {"http", "worker", "postgres"} - set(pids)
    if missing:
        raise ServerFailed(f"the server has no process {', '.join(sorted(missing))}")
    return {name: pid for name, pid in pids.items() if name != "prepare"}


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()  # what it started ends with it
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """Ours without what would point to another installation, or change this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
