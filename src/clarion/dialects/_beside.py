"""Large bodies read in a process beside this one: on a second core, and without keeping this loop from small requests.

Why, and what else was thought of: docs/decisions/0020-large-bodies-beside.md.
"""

import asyncio
import os
import socket
import time
from collections import deque
from contextlib import suppress
from itertools import count
from typing import Any, cast
from uuid import UUID

import msgspec
from asyncpg.pgproto.pgproto import UUID as FastUUID

from clarion import errors, log
from clarion.accounts import Vaults
from clarion.dialects import _reader
from clarion.dialects._reader import HEAD, Answer, Asked, Failed, Found, Refused
from clarion.dialects._reading import Here, Read, Reading
from clarion.events import Packed

BODY_BYTES_MIN = 16_384  # what is shorter is read sooner than sent
ASKED_AT_ONCE = 4  # one is read, one waits there, two are on their way
ANSWER_S = 5.0  # less than a door that drains may take; a batch takes milliseconds
IDLE_S = 60.0  # so long without a large body, and the process is ended
_START_S, _END_S, _LOOK_S = 30.0, 2.0, 0.05
_PAUSE_S, _PAUSE_MOST_S = 1.0, 60.0  # before it is started again: twice as long each time that it failed
_SOCKET_BYTES = 1 << 20
_ID_BYTES = 16
_CORES_MIN = 2  # on a single one another process would only cost
#: What the process is given of our environment begins so: no keys, no addresses.
_ENVIRONMENT = ("PATH", "PYTHON", "LD_LIBRARY_PATH", "LANG", "LC_", "TZ")

_log = log.get(__name__)


class Beside:
    """Reads in its process while there is one, else here. `run` must run beside it; `cores`: that we may use."""

    def __init__(self, vaults: Vaults, *, cores: int, idle_s: float = IDLE_S) -> None:
        self._vaults = vaults
        self._cores = cores
        self._idle_s = idle_s
        self._here = Here()
        self._wanted = asyncio.Event()
        self._used_at = time.monotonic()
        self._line: _Line | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._line.process.pid if self._line else None

    async def read(self, reading: Reading, workspace_id: UUID, body: bytes, now_us: int, *more: str) -> Read:
        """What the body says. Raises what `judge` raises; Unavailable where the process ended meanwhile."""
        answer = None
        if len(body) >= BODY_BYTES_MIN:
            dedup_key = (await self._vaults.of(workspace_id)).dedup_key
            self._used_at = time.monotonic()
            if self._line is None:
                self._wanted.set()
            else:
                judge = _reader.name_of(reading.judge)
                answer = await self._line.ask(Asked(judge, reading.source, dedup_key, now_us, body, more))
        if isinstance(answer, Found):
            return _read(reading, answer)
        if isinstance(answer, Refused):
            raise _reader.named(answer.kind)(answer.sentence)
        if isinstance(answer, Failed):  # it will here as well, and there its caller hears of it
            _log.error("a body could not be read", action="reader_mistaken", what=answer.what)
        return await self._here.read(reading, workspace_id, body, now_us, *more)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`: start the process with the first large body, end it when none has come for a while."""
        stopping, pause_s = asyncio.create_task(stop.wait()), _PAUSE_S
        while self._cores >= _CORES_MIN and not stopping.done():
            wanted = asyncio.create_task(self._wanted.wait())
            await asyncio.wait({wanted, stopping}, return_when=asyncio.FIRST_COMPLETED)
            wanted.cancel()
            self._wanted.clear()
            try:
                if not stopping.done():
                    await self._keep(stopping)
                pause_s = _PAUSE_S
            except Exception as exc:
                _log.error(
                    "large bodies are read in the HTTP process for now: the one beside it ended or did not start",
                    action="reader_lost",
                    error=type(exc).__name__,
                )
                await asyncio.wait({stopping}, timeout=pause_s)
                pause_s = min(2 * pause_s, _PAUSE_MOST_S)
        stopping.cancel()

    async def _keep(self, stopping: "asyncio.Task[bool]") -> None:
        """One process, until it is idle or `stopping`. Raises where it ends by itself or does not start."""
        line = await _Line.to_new_process()
        try:
            if await line.is_ready(stopping):
                self._line, self._used_at = line, time.monotonic()
                self._wanted.clear()  # by those who came while it started
                await self._watch(line, stopping)
        finally:
            self._line = None
            await line.close()

    async def _watch(self, line: "_Line", stopping: "asyncio.Task[bool]") -> None:
        ends: set[asyncio.Future[Any]] = {line.lost, stopping}
        while not any(end.done() for end in ends):
            left_s = self._used_at + self._idle_s - time.monotonic()
            if left_s <= 0 and not line.is_asked():
                return
            await asyncio.wait(ends, timeout=max(left_s, _LOOK_S), return_when=asyncio.FIRST_COMPLETED)
        if line.lost.done():
            raise ConnectionError("the process ended")


class _Line(asyncio.Protocol):
    """To one process, which answers in the order in which it is asked."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._places = asyncio.Semaphore(ASKED_AT_ONCE)
        self._numbers = count(1)
        self._asked: deque[tuple[int, asyncio.Future[Answer]]] = deque()
        self._received = bytearray()
        self._transport: asyncio.WriteTransport
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self.process: asyncio.subprocess.Process
        self.lost: asyncio.Future[None] = self._loop.create_future()

    @classmethod
    async def to_new_process(cls) -> "_Line":
        """It still has to become ready. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
            _, line = await asyncio.get_running_loop().create_connection(cls, sock=ours)
            try:
                line.process = await asyncio.create_subprocess_exec(
                    *_reader.COMMAND,
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.DEVNULL,
                    env={name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT)},
                )
            except BaseException:
                line._transport.abort()
                raise
        return line

    async def is_ready(self, stopping: "asyncio.Task[bool]") -> bool:
        """Wait for it; False where `stopping` comes first. Raises ConnectionError where it is not to be had."""
        ends: set[asyncio.Future[Any]] = {self._ready, self.lost, stopping}
        await asyncio.wait(ends, timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done() and not stopping.done():
            raise ConnectionError("the process did not become ready")
        return self._ready.done()

    def is_asked(self) -> bool:
        return bool(self._asked)

    async def ask(self, asked: Asked) -> Answer | None:
        """None where it cannot be asked any more. Raises Unavailable where it was, and no answer comes."""
        async with self._places:
            if self.lost.done() or self._transport.is_closing():
                return None
            number = next(self._numbers) & 0xFFFF_FFFF
            answer: asyncio.Future[Answer] = self._loop.create_future()
            framed = _reader.frame(number, asked)
            self._asked.append((number, answer))
            self._transport.write(framed)
            del framed
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
        start = 0
        while len(received) - start >= HEAD.size:
            length, number = HEAD.unpack_from(received, start)
            end = start + HEAD.size + length
            if len(received) < end:
                break
            self._hear(number, bytes(memoryview(received)[start + HEAD.size : end]))
            start = end
        del received[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        for _, answer in self._asked:
            if not answer.done():
                answer.set_exception(_gone())
        self._asked.clear()
        if not self.lost.done():
            self.lost.set_result(None)

    def _hear(self, number: int, said: bytes) -> None:
        """What is no answer to the question whose turn it is ends the line: nobody may hear of another's body."""
        if not self._ready.done():
            self._ready.set_result(None)
            return
        try:
            found = _reader.decode_answer(said)
            asked, answer = self._asked[0]
            if asked != number:
                raise ValueError("an answer to another question")
        except (msgspec.DecodeError, IndexError, ValueError):
            self._transport.abort()
            return
        self._asked.popleft()
        if not answer.done():  # else whoever asked has hung up
            answer.set_result(found)


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
