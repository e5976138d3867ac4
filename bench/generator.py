"""This process's hold on the load generator."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from bench.orders import Begin, Counted, Counting, Gate, Ran, Ready, Run, Said, Told, decode_said, encode
from bench.workload import Workload

_START_S = 30.0
_OVER_S = 90.0  # beyond the seconds of a run: its connections, and the answers still outstanding
_LINE_BYTES_MAX = 1 << 20

_Line = TypeVar("_Line", Ready, Counting, Counted, Ran)


async def _nothing() -> None:
    pass


class GeneratorFailed(Exception):
    """It ended, or said something else than was its turn to say."""


class Generator:
    """The process, started. One run at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.event_bytes = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    async def run(self, run: Run, *, edge: Callable[[], Awaitable[None]] = _nothing) -> tuple[Counted, Ran]:
        """Send; `edge` is called where the counted seconds begin and where they end. Raises GeneratorFailed."""
        self._tell(run)
        patience_s = run.warm_s + run.seconds + _OVER_S
        await self._hear(Counting, patience_s)
        await edge()
        what = await self._hear(Counted, patience_s)
        await edge()
        ran = await self._hear(Ran, patience_s)
        if ran.failures:
            raise GeneratorFailed(f"answers nobody expected: {'; '.join(ran.failures)}")
        return what, ran

    def gate(self, is_open: bool) -> None:
        """Hold new requests back, or let them go."""
        self._tell(Gate(is_open))

    async def begin(self, key: str, workload: Workload, others: dict[str, str]) -> None:
        self._tell(Begin(key, workload, others))
        self.event_bytes = (await self._hear(Ready, _START_S)).event_bytes

    def _tell(self, value: Told) -> None:
        assert self._process.stdin
        self._process.stdin.write(encode(value))

    async def _hear(self, kind: type[_Line], timeout_s: float) -> _Line:
        assert self._process.stdout
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        except TimeoutError:
            raise GeneratorFailed(f"the load generator said nothing for {timeout_s:g} s") from None
        if not line:
            raise GeneratorFailed("the load generator ended; the lines above say why")
        said: Said = decode_said(line)
        if not isinstance(said, kind):
            raise GeneratorFailed(f"the load generator said {said} where {kind.__name__} was expected")
        return said


@asynccontextmanager
async def generator(
    key: str, workload: Workload, others: dict[str, str] | None = None
) -> AsyncIterator[Generator]:
    """Started, its requests encoded, also those of other doors; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES_MAX,
        start_new_session=True,
    )
    try:
        started = Generator(process)
        await started.begin(key, workload, others or {})
        yield started
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Close its standard input, which ends it; where it does not, end it."""
    assert process.stdin
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
