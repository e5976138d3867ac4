"""Large bodies read in a process beside this one: on a second core, and without keeping this loop from small requests.

What it costs and brings is measured in docs/explanation/where-the-microseconds-go.md.
"""

import asyncio
import os
import socket
from collections import deque
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import msgspec
from asyncpg.pgproto.pgproto import UUID as FastUUID

from clarion import errors, log
from clarion.accounts import Vaults
from clarion.dialects import _reader
from clarion.dialects._reader import Asked, Failed, Found, Refused
from clarion.dialects._reading import Here, Read, Reading
from clarion.events import Packed

BODY_BYTES_MIN = 16_384  # what is shorter is read sooner than sent
ANSWER_S = 30.0  # a batch takes milliseconds
IDLE_S = 60.0  # so long without a large body, and the process is ended
_PAUSE_S = 1.0  # before another one, where it ended by itself
_START_S, _END_S = 30.0, 2.0
_SOCKET_BYTES = 1 << 20
_ID_BYTES = 16
_CORES_MIN = 2  # on a single one another process would only cost

_log = log.get(__name__)


class Beside:
    """Reads in its process while there is one, else here. `run` must run beside it."""

    def __init__(self, vaults: Vaults, *, idle_s: float = IDLE_S) -> None:
        self._vaults = vaults
        self._idle_s = idle_s
        self._here = Here()
        self._wanted = asyncio.Event()
        self._line: _Line | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._line.process.pid if self._line else None

    async def read(self, reading: Reading, workspace_id: UUID, body: bytes, now_us: int, *more: str) -> Read:
        """What the body says. Raises what `judge` raises; Unavailable where the process ended meanwhile."""
        if len(body) < BODY_BYTES_MIN:
            return await self._here.read(reading, workspace_id, body, now_us, *more)
        line = self._line
        if line is None:
            self._wanted.set()
            return await self._here.read(reading, workspace_id, body, now_us, *more)
        vault = await self._vaults.of(workspace_id)
        judge = _reader.name_of(reading.judge)
        answer = await line.ask(Asked(judge, reading.source, vault.dedup.key, now_us, body, more))
        if isinstance(answer, Refused):
            raise _reader.named(answer.kind)(answer.sentence)
        if isinstance(answer, Failed):  # it does so here as well, where mistakes are told
            return await self._here.read(reading, workspace_id, body, now_us, *more)
        return _read(reading, answer)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: start the process with the first large body, end it when none has come for a while."""
        if _cores() < _CORES_MIN:
            return
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            wanted = asyncio.create_task(self._wanted.wait())
            await asyncio.wait({wanted, stopping}, return_when=asyncio.FIRST_COMPLETED)
            wanted.cancel()
            if not stop.is_set():
                self._wanted.clear()
                await self._keep(stopping)
        stopping.cancel()

    async def _keep(self, stopping: "asyncio.Task[bool]") -> None:
        try:
            line = self._line = await _Line.to_new_process()
        except OSError as exc:
            _log.error("no process to read large bodies in", action="reader_failed", error=type(exc).__name__)
            await asyncio.wait({stopping}, timeout=_PAUSE_S)
            return
        self._wanted.clear()  # by those who came while it started
        ends: set[asyncio.Future[Any]] = {line.lost, stopping}
        while (left_s := self._idle_s - line.idle_s()) > 0 and not any(end.done() for end in ends):
            await asyncio.wait(ends, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        self._line = None
        if line.lost.done():
            _log.error("the process that reads large bodies ended", action="reader_lost")
            await asyncio.wait({stopping}, timeout=_PAUSE_S)
        await line.close()


class _Line(asyncio.Protocol):
    """To one process, which answers in the order in which it is asked."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: deque[asyncio.Future[Found | Refused | Failed]] = deque()
        self._received = bytearray()
        self._used_at = self._loop.time()
        self._transport: asyncio.WriteTransport
        self.process: asyncio.subprocess.Process
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.lost: asyncio.Future[None] = self._loop.create_future()

    @classmethod
    async def to_new_process(cls) -> "_Line":
        """When it is ready to be asked. Raises OSError where it is not to be."""
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
            try:
                process = await asyncio.create_subprocess_exec(
                    *_reader.COMMAND, stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL
                )
            except OSError:
                ours.close()
                raise
        _, line = await asyncio.get_running_loop().create_connection(cls, sock=ours)
        line.process = process
        await asyncio.wait({line.ready, line.lost}, timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
        if not line.ready.done():
            await line.close()
            raise ConnectionError("it ended, or did not become ready")
        return line

    def idle_s(self) -> float:
        return 0.0 if self._asked else self._loop.time() - self._used_at

    async def ask(self, asked: Asked) -> Found | Refused | Failed:
        """Raises Unavailable where no answer comes."""
        answer: asyncio.Future[Found | Refused | Failed] = self._loop.create_future()
        self._asked.append(answer)
        self._transport.write(_reader.frame(asked))
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            self._transport.abort()
            raise _gone() from None

    async def close(self) -> None:
        """It ends when its line does."""
        self._transport.abort()
        try:
            await asyncio.wait_for(self.process.wait(), _END_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        start, size = 0, _reader.LENGTH_BYTES
        while len(received) - start >= size:
            end = start + size + int.from_bytes(received[start : start + size])
            if len(received) < end:
                break
            self._heard(bytes(memoryview(received)[start + size : end]))
            start = end
        del received[:start]
        self._used_at = self._loop.time()

    def _heard(self, said: bytes) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
            return
        answer = self._asked.popleft()
        if not answer.done():  # else whoever asked has hung up
            answer.set_result(_reader.decode_answer(said))

    def connection_lost(self, exc: Exception | None) -> None:
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(_gone())
        self._asked.clear()
        if not self.lost.done():
            self.lost.set_result(None)


def _gone() -> errors.Unavailable:
    return errors.Unavailable("reading this took too much of the server", retry_after_s=2)


def _read(reading: Reading, found: Found) -> Read:
    told = msgspec.msgpack.decode(found.told, type=reading.told)
    if found.policy is None:
        return Read(told, [], found.samples)
    ids, keys = found.item_ids, found.keys
    packed = Packed(
        found.policy,
        [FastUUID(ids[at : at + _ID_BYTES]) for at in range(0, len(ids), _ID_BYTES)],
        [keys[at : at + _ID_BYTES] for at in range(0, len(keys), _ID_BYTES)],
        found.record,
    )
    return Read(told, packed, found.samples)


def _cores() -> int:
    """That we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
