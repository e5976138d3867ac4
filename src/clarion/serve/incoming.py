"""A request's body on its way in, and callers who are answered before it is here.

A server that answers and closes on a caller who still sends loses the answer: the caller hears of a broken pipe, and
whoever hears it has to connect anew. So what nobody asked for is taken and dropped before the answer goes out.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from clarion.serve.port import Message, Receive

#: From a request's head to the end of a body that nobody reads.
BODY_TIMEOUT_S = 30.0
#: Of such a body; beyond, nobody needs to hear why.
DROPPED_BYTES_MAX = 16 * 1024 * 1024
#: Callers who are kept waiting at once; more are answered at once.
HELD_MAX = 2_000
_PIECES_FREE = 1_000  # of any size; of a body in more of them
_PIECE_BYTES_MIN = 64  # the average has to be as long


class Held:
    """Who is kept waiting in this process; nobody any more once `stop` is set."""

    def __init__(self, stop: asyncio.Event, held_max: int = HELD_MAX) -> None:
        self.stop = stop
        self._held_max = held_max
        self._held = 0

    async def wait(self, gone: Callable[[], Any], for_s: float) -> bool:
        """For as long, or until the server stops. False: `gone` came first."""
        if self._held >= self._held_max or self.stop.is_set():
            return True
        leaving, stopping = asyncio.ensure_future(gone()), asyncio.ensure_future(self.stop.wait())
        self._held += 1
        try:
            done, _ = await asyncio.wait((leaving, stopping), timeout=for_s, return_when="FIRST_COMPLETED")
            return leaving not in done
        finally:
            self._held -= 1
            leaving.cancel()
            stopping.cancel()


class Incoming:
    """One request's body, as far as it is here."""

    def __init__(self, scope: Message, receive: Receive, held: Held) -> None:
        self._headers = scope["headers"]
        self._receive = receive
        self._held = held
        self._answer_by_s = asyncio.get_running_loop().time() + BODY_TIMEOUT_S
        self._open = True
        self._bytes = self._pieces = 0

    async def receive(self) -> Message:
        """What the application reads by."""
        self._pieces += 1
        message = await self._receive()
        self._open = bool(message.get("more_body"))
        self._bytes += len(message.get("body", b""))
        return message

    async def drop(self) -> None:
        """Take the rest of the body and keep nothing; leave one without an end, and one that waits to be asked for."""
        if not self._open or not self._is_worth_it():
            return
        left_s = self._answer_by_s - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left_s):
                while self._goes_on():
                    await self.receive()
        except TimeoutError:
            pass

    async def hold(self, for_s: float) -> bool:
        """Keep the caller waiting for his answer; False when he is gone."""
        await self.drop()
        return await self._held.wait(asyncio.Event().wait if self._open else self._receive, for_s)

    def _is_worth_it(self) -> bool:
        headers: Mapping[bytes, bytes] = dict(self._headers)
        if not self._pieces and headers.get(b"expect", b"").lower() == b"100-continue":
            return False  # to read is to invite him to send
        announced = headers.get(b"content-length", b"0")
        if b"transfer-encoding" in headers:
            return True
        return announced.isdigit() and len(announced) <= 18 and int(announced) <= DROPPED_BYTES_MAX

    def _goes_on(self) -> bool:
        if not self._open or self._bytes > DROPPED_BYTES_MAX:
            return False
        return self._pieces <= _PIECES_FREE or self._bytes >= self._pieces * _PIECE_BYTES_MIN
