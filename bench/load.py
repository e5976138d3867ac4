"""The load generator: a process of its own, so that its share of the machine can be told apart.

    python -m bench.load

A closed loop: each connection sends its next request when the last one is answered. It reads orders.py's lines until
its standard input ends, which also ends it.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import msgspec
import uvloop
from msgspec import Struct

from bench.client import Connection
from bench.histogram import Histogram
from bench.orders import Begin, Counted, Counting, Gate, Ran, Ready, Run, Said, decode_told, encode
from bench.workload import BATCH, FIRST_DOOR, Requests

ANSWERS_WAIT_S = 60.0
_FAILURES_KEPT = 5
_PACE_S = 0.002  # a paced run looks so often whether something is due


class _BatchAnswer(Struct):
    accepted: int


_batch_answer = msgspec.json.Decoder(_BatchAnswer)


class Running:
    """One run: what its connections send, and what they hear."""

    def __init__(self, run: Run, requests: Requests, known: int) -> None:
        self._run = run
        self._requests = requests
        self._introduced: Iterator[int] = iter(range(0, known, BATCH))
        self._single = run.shape == "single"
        self._began = time.perf_counter()
        self._sent = 0
        self.sending = True
        self.done = asyncio.Event()  # nothing is left to be sent, or something went wrong
        self.gate_open = True
        self.counting = False
        self.requests = self.events = self.acknowledged = self.refused = 0
        self.latencies = Histogram()
        self.failures: list[str] = []

    def next_request(self) -> bytes | None:
        if not (self.sending and self.gate_open and self._is_due()):
            return None
        self._sent += 1
        if self._single:
            return self._requests.single()
        if self._run.shape == "batch":
            return self._requests.batch()
        first = next(self._introduced, None)
        if first is None:
            self._end()
            return None
        return self._requests.introduction(first)

    def _is_due(self) -> bool:
        return not self._run.per_s or self._sent < (time.perf_counter() - self._began) * self._run.per_s

    def answered(self, status: int, body: bytes, us: int) -> None:
        if status == 503 or (status == 429 and self._run.limited):
            self.refused += self.counting
            return
        if status != 200:
            self.lost(f"{status} {body[:200].decode(errors='replace')}")
            return
        if self._single:
            events = 1
        else:  # an empty answer: all of them
            events = _batch_answer.decode(body).accepted if body else BATCH
        self.acknowledged += events
        if self.counting:
            self.requests += 1
            self.events += events
            self.latencies.record(us)

    def lost(self, reason: str) -> None:
        if len(self.failures) < _FAILURES_KEPT:
            self.failures.append(reason)
        self._end()

    def _end(self) -> None:
        self.sending = False
        self.done.set()


class Generator:
    """Reads what it is told and does it; one run at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._requests: dict[str, Requests] = {}
        self._known = 0
        self._running: Running | None = None
        self._connections: list[Connection] = []

    async def obey(self, lines: asyncio.StreamReader) -> None:
        """Until the lines end."""
        async with asyncio.TaskGroup() as runs:  # what fails in one ends the process
            while line := await lines.readline():
                match decode_told(line):
                    case Begin(key, workload, others):
                        keys = {FIRST_DOOR: key} | others
                        self._requests = {door: Requests(workload, keys[door], door) for door in keys}
                        self._known = workload.known
                        _say(Ready(len(self._requests[FIRST_DOOR].batch()) // BATCH))
                    case Run() as run:
                        runs.create_task(self._run(run))
                    case Gate(is_open):
                        self._set_gate(is_open)

    def _set_gate(self, is_open: bool) -> None:
        if self._running:
            self._running.gate_open = is_open
            if is_open:
                for connection in self._connections:
                    connection.resume()

    async def _run(self, run: Run) -> None:
        running = self._running = Running(run, self._requests[run.door], self._known)
        async with self._connected(run, running):
            paced = asyncio.create_task(self._pace(run))
            await self._send(run, running)
            paced.cancel()
            await self._hear_the_rest(running)
        self._running = None
        _say(
            Ran(
                acknowledged=running.acknowledged,
                refused=running.refused,
                latencies=running.latencies.counts(),
                failures=running.failures,
            )
        )

    async def _pace(self, run: Run) -> None:
        """Set all connections going; of a paced run those that are idle when something is due."""
        while True:
            for connection in self._connections:
                connection.resume()
            if not run.per_s:
                return
            await asyncio.sleep(_PACE_S)

    async def _send(self, run: Run, running: Running) -> None:
        """The warming and the counted seconds; they end early when something goes wrong."""
        if run.shape != "introduction":
            await asyncio.sleep(run.warm_s)
        running.counting = True
        began = time.perf_counter()
        _say(Counting())
        try:
            await asyncio.wait_for(running.done.wait(), run.seconds)
        except TimeoutError:
            running.sending = False
        running.counting = False
        _say(Counted(time.perf_counter() - began, running.requests, running.events))

    async def _hear_the_rest(self, running: Running) -> None:
        give_up_at = time.monotonic() + ANSWERS_WAIT_S
        while any(connection.waiting for connection in self._connections):
            if time.monotonic() > give_up_at:
                running.lost(f"no answer within {ANSWERS_WAIT_S:g} s")
                break
            await asyncio.sleep(0.005)

    @asynccontextmanager
    async def _connected(self, run: Run, running: Running) -> AsyncIterator[None]:
        for _ in range(run.connections):
            _, connection = await self._loop.create_connection(
                lambda: Connection(running, self._loop.call_later), "127.0.0.1", run.port
            )
            self._connections.append(connection)
        try:
            yield
        finally:
            for connection in self._connections:
                connection.close()
            self._connections.clear()


def _say(value: Said) -> None:
    os.write(1, encode(value))


async def main() -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await Generator().obey(lines)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
