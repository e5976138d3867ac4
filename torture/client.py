"""One HTTP/1.1 connection that knows exactly how far a request got."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

HOST = "127.0.0.1"
_HEAD_BYTES_MAX = 65_536


class Broken(Exception):
    """The connection ended, or nothing came in time. `whole`: the whole request had been handed to the system."""

    def __init__(self, reason: str, *, whole: bool) -> None:
        super().__init__(reason)
        self.whole = whole


class Refused(Exception):
    """Nobody listens: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """Opens itself at the first request, and again after it broke. `port` is asked at each opening."""

    def __init__(self, port: Callable[[], int], timeout_s: float) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """The answer. Raises Refused, Broken."""
        reader, writer = self._streams or await self._open()
        whole = False
        try:
            async with asyncio.timeout(self._timeout_s):
                writer.write(request)
                await writer.drain()
                whole = True
                answer = await read_answer(reader)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as exc:
            self.close()
            raise Broken(type(exc).__name__, whole=whole) from exc
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._timeout_s):
                self._streams = await asyncio.open_connection(HOST, self._port(), limit=_HEAD_BYTES_MAX)
        except (OSError, TimeoutError) as exc:
            raise Refused from exc
        return self._streams


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(lines[0].split(" ")[1]), headers, body)
