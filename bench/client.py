"""A small HTTP/1.1 client for speed: kept connections, one request at a time, answers read no further than needed."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_HEAD_BYTES_MAX = 16_384


class User(Protocol):
    """Who sends: gives the next request (None: not now), and hears of each answer."""

    def next_request(self) -> bytes | None: ...

    def answered(self, status: int, body: bytes, us: int) -> None: ...

    def lost(self, reason: str) -> None: ...


class Connection(asyncio.Protocol):
    """Sends as fast as it is answered. `resume` after `next_request` gave None."""

    def __init__(self, user: User, later: Callable[[float, Callable[[], None]], object]) -> None:
        self._user = user
        self._later = later
        self._received = b""
        self._sent_ns = 0
        self._waiting = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def resume(self) -> None:
        """Send the next request, unless one is on its way."""
        if self._waiting or self._transport.is_closing():
            return
        request = self._user.next_request()
        if request is not None:
            self._waiting = True
            self._sent_ns = time.perf_counter_ns()
            self._transport.write(request)

    def close(self) -> None:
        self._waiting = False
        self._transport.close()

    @property
    def waiting(self) -> bool:
        """Whether a request has no answer yet."""
        return self._waiting

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head_end = received.find(_HEAD_END)
        if head_end < 0:
            self._keep(received)
            return
        length = _content_length(received[:head_end])
        if length is None:
            self._fail("an answer without Content-Length")
            return
        body_at = head_end + len(_HEAD_END)
        if len(received) < body_at + length:
            self._received = received
            return
        us = (time.perf_counter_ns() - self._sent_ns) // 1000
        self._received = b""
        self._waiting = False
        status = int(received[9:12])
        self._user.answered(status, received[body_at : body_at + length], us)
        if status == 503:  # the server asks for patience; what it says of seconds would make a bench of sleep
            self._later(0.05, self.resume)
        else:
            self.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._fail(f"a connection was lost: {exc or 'closed by the server'}")

    def _keep(self, received: bytes) -> None:
        if len(received) > _HEAD_BYTES_MAX:
            self._fail("an answer without an end of its head")
        else:
            self._received = received

    def _fail(self, reason: str) -> None:
        self._waiting = False
        self._transport.close()
        self._user.lost(reason)


def _content_length(head: bytes) -> int | None:
    head = head.lower()
    at = head.find(_LENGTH)
    if at < 0:
        return None
    end = head.find(b"\r", at)
    return int(head[at + len(_LENGTH) : end if end > 0 else None])
