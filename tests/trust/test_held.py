"""Who is kept waiting for an answer, on a real connection: let go when he leaves, answered when the server stops."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clarion.config import Settings
from clarion.serve.http import serve_asgi
from clarion.serve.port import HOLD, Listener
from torture.client import HOST

pytestmark = pytest.mark.timeout(30)

AN_HOUR_S = 3600.0  # no test waits for it
BODY = bytes(60_000)
FRAMED = {
    "length": b"Content-Length: 60000\r\n\r\n" + BODY,
    "chunks": b"Transfer-Encoding: chunked\r\n\r\nea60\r\n" + BODY + b"\r\n0\r\n\r\n",
    "nothing": b"\r\n",
}


class Waiting:
    """A server whose every answer is an hour late, and what became of those who waited."""

    def __init__(self, port: int, stop: asyncio.Event) -> None:
        self.port = port
        self.stop = stop
        self.heard: asyncio.Queue[bool | None] = asyncio.Queue()

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        self.heard.put_nowait(None)
        here = await scope[HOLD](AN_HOUR_S)
        self.heard.put_nowait(here)
        if here:
            headers = [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 429, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

    async def ask(self, framed: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A request, of whose sender it is certain that he waits."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + framed)
        assert await self.heard.get() is None
        return reader, writer


@pytest.fixture
async def waiting() -> AsyncIterator[Waiting]:
    stop, switch_s = asyncio.Event(), sys.getswitchinterval()
    listening = socket.create_server((HOST, 0))
    served = Waiting(listening.getsockname()[1], stop)
    listener = Listener(descriptor=listening.detach(), backlog=16)  # who serves it closes it
    serving = asyncio.create_task(serve_asgi(served.application, listener, Settings(), stop))
    yield served
    stop.set()
    await serving
    sys.setswitchinterval(switch_s)


@pytest.mark.parametrize("framed", FRAMED.values(), ids=FRAMED)
async def test_a_caller_who_leaves_ends_his_wait(waiting: Waiting, framed: bytes):
    """Without `drop` in `hold` the first two would wait out their hour: nobody sees them leave."""
    _, writer = await waiting.ask(framed)
    writer.close()
    assert await waiting.heard.get() is False


@pytest.mark.parametrize("framed", FRAMED.values(), ids=FRAMED)
async def test_a_server_that_stops_answers_who_waits(waiting: Waiting, framed: bytes):
    reader, writer = await waiting.ask(framed)
    waiting.stop.set()
    assert await waiting.heard.get() is True
    assert await reader.read(12) == b"HTTP/1.1 429"
    writer.close()
