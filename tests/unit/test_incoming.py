"""A body that nobody read is taken before the answer goes out, within bounds; who is kept waiting may leave."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from clarion.serve.incoming import DROPPED_BYTES_MAX, Held, Incoming

AN_HOUR_S = 3600.0  # no test waits for it


class Caller:
    """Sends `pieces`, each with more to come; then the last one or, if `silent`, nothing; then hangs up at `leave`."""

    def __init__(self, pieces: Sequence[bytes] = (), *, silent: bool = False) -> None:
        self.pieces = list(pieces)
        self.silent = silent
        self.asked = 0
        self.left = asyncio.Event()
        self._ended = False

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        if self.pieces:
            return {"type": "http.request", "body": self.pieces.pop(0), "more_body": True}
        if self.silent or self._ended:
            await self.left.wait()
            return {"type": "http.disconnect"}
        self._ended = True
        return {"type": "http.request", "body": b"", "more_body": False}


def incoming(caller: Caller, held: Held | None = None, /, **headers: str) -> Incoming:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Incoming({"headers": named}, caller.receive, held or Held(asyncio.Event()))


async def test_what_nobody_read_is_taken_to_its_end_and_what_was_read_is_not_read_again():
    """Without `drop` nothing is asked for: that is the broken pipe of tests/trust/test_refused_early.py."""
    unread, read = Caller([b"a", b"b"]), Caller()
    await incoming(unread, content_length="2").drop()
    assert unread.asked == 3
    body = incoming(read, content_length="1")
    await body.receive()
    await body.drop()
    assert read.asked == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": str(DROPPED_BYTES_MAX + 1)},
        {"content_length": "9" * 5_000},
        {"content_length": "60000", "expect": "100-continue"},
        {"transfer_encoding": "chunked", "expect": "100-Continue"},
    ],
)
async def test_a_body_that_is_far_too_long_or_waits_to_be_asked_for_is_left(headers):
    caller = Caller([b"a"])
    await incoming(caller, **headers).drop()
    assert caller.asked == 0


async def test_of_a_caller_who_was_invited_to_send_the_rest_is_taken():
    caller = Caller([b"a", b"b"])
    body = incoming(caller, content_length="2", expect="100-continue")
    await body.receive()
    await body.drop()
    assert caller.asked == 3


@pytest.mark.parametrize(
    ("piece", "pieces", "taken"),
    [(bytes(1024 * 1024), 40, 17), (b"a", 5_000, 1_001)],
    ids=["large pieces", "tiny pieces"],
)
async def test_chunks_without_an_end_are_left_at_a_bound(piece, pieces, taken):
    """Without it all that is sent would be taken."""
    caller = Caller([piece] * pieces)
    await incoming(caller, transfer_encoding="chunked").drop()
    assert caller.asked == taken


async def test_a_caller_who_stops_sending_is_left_when_the_time_is_over(monkeypatch):
    monkeypatch.setattr("clarion.serve.incoming.BODY_TIMEOUT_S", 0.01)
    caller = Caller([b"a"], silent=True)
    await incoming(caller, content_length="2").drop()
    assert caller.asked == 2


async def test_who_is_kept_waiting_and_leaves_is_gone_at_once():
    caller = Caller([b"a", b"b"])
    held = asyncio.create_task(incoming(caller, content_length="2").hold(AN_HOUR_S))
    caller.left.set()
    assert not await held


@pytest.mark.parametrize(
    "headers", [{"content_length": "2"}, {"content_length": "2", "expect": "100-continue"}]
)
async def test_who_is_kept_waiting_is_answered_when_the_server_stops(headers):
    stop = asyncio.Event()
    waiting = asyncio.create_task(incoming(Caller([b"a"]), Held(stop), **headers).hold(AN_HOUR_S))
    await _turns_of_the_loop()
    stop.set()
    assert await waiting
    assert await incoming(Caller(), Held(stop)).hold(AN_HOUR_S), "nor does anybody begin to wait"


async def test_more_than_may_wait_at_once_are_answered_at_once():
    """Without the bound the second one waits an hour."""
    held = Held(asyncio.Event(), held_max=1)
    first = Caller()
    waiting = asyncio.create_task(incoming(first, held).hold(AN_HOUR_S))
    await _turns_of_the_loop()
    assert await incoming(Caller(), held).hold(AN_HOUR_S)
    first.left.set()
    assert not await waiting
    last = Caller()
    last.left.set()
    assert not await incoming(last, held).hold(AN_HOUR_S), "his place is free again"


async def _turns_of_the_loop() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
