"""The process that reads large bodies, on a socket that is its standard input: `COMMAND`.

It says an empty frame when it is ready; then it is asked and answers in turn, each answer under its question's number.
A frame is its length and its number, four bytes each, and MessagePack. It keeps nothing, is given no key that opens
anything, and ends with the socket, however the other side went.
"""

import gc
import importlib
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from struct import Struct as Layout
from typing import Any

import msgspec
from msgspec import Raw, Struct

from clarion.dialects._reading import Judged
from clarion.errors import Declined
from clarion.events import Policy, pack
from clarion.model import Ids, Sample
from clarion.vault import Hashes

#: Not by `-m`: the package has imported this module already.
COMMAND = (sys.executable, "-P", "-c", "from clarion.dialects._reader import main; main()")
HEAD = Layout("!II")  # length of what follows, number
_FRAMES_TOLD = 8


class Asked(Struct, frozen=True, array_like=True):
    """`judge`: `module:function`. `dedup_key`: of the workspace's hashes under which repeats are known."""

    judge: str
    source: int
    dedup_key: bytes
    now_us: int
    body: bytes
    more: tuple[str, ...]


class Found(Struct, frozen=True, array_like=True, tag="found"):
    """`told` is the reading's; the rest is `events.Packed`, its ids and keys 16 bytes each, one behind the other."""

    told: Raw
    samples: list[Sample]
    policy: Policy | None  # None: nothing is offered
    item_ids: bytes
    keys: bytes
    record: bytes


class Refused(Struct, frozen=True, array_like=True, tag="refused"):
    """`kind`: the Declined's class, as `module:name`."""

    kind: str
    sentence: str


class Failed(Struct, frozen=True, array_like=True, tag="failed"):
    """A mistake of ours. `what`: the kind of error and where it was; its words may hold what was sent."""

    what: str


Answer = Found | Refused | Failed
decode_answer = msgspec.msgpack.Decoder(Answer).decode
_decode_asked = msgspec.msgpack.Decoder(Asked).decode
_encode = msgspec.msgpack.Encoder().encode


def name_of(what: Callable[..., Any]) -> str:
    """By which `named` finds it again."""
    return f"{what.__module__}:{what.__qualname__}"


def named(name: str) -> Any:
    """What has the name in one of its module's own."""
    module, _, what = name.partition(":")
    return getattr(importlib.import_module(module), what)


def frame(number: int, told: Asked | Answer) -> bytes:
    """Ready to be sent."""
    packed = _encode(told)
    return HEAD.pack(len(packed), number) + packed


class Reader:
    """Answers one question after the other."""

    def __init__(self) -> None:
        self._now_us = 0
        self._ids = Ids(lambda: self._now_us)
        self._key = b""
        self._dedup = Hashes(self._key)

    def answer(self, number: int, asked: bytes) -> bytes:
        """The frame."""
        try:
            return frame(number, self._answer(_decode_asked(asked)))
        except Exception as exc:
            return frame(number, Failed(_kind_and_place(exc)))

    def _answer(self, asked: Asked) -> Answer:
        try:
            return self._found(asked, named(asked.judge)(asked.body, asked.now_us, *asked.more))
        except Declined as exc:
            return Refused(name_of(type(exc)), str(exc))

    def _found(self, asked: Asked, judged: Judged) -> Found:
        told, offers, samples = judged
        if not offers:
            return Found(Raw(_encode(told)), samples, None, b"", b"", b"")
        if self._key != asked.dedup_key:
            self._key, self._dedup = asked.dedup_key, Hashes(asked.dedup_key)
        self._now_us = asked.now_us
        packed = pack(self._dedup, asked.source, self._ids.many(len(offers)), offers)
        item_ids = b"".join([one.bytes for one in packed.item_ids])
        return Found(
            Raw(_encode(told)), samples, packed.policy, item_ids, b"".join(packed.keys), packed.record
        )


def main() -> None:
    """Until the other side hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)  # as in the processes beside it: what is read is not cyclic
    reader, asking = Reader(), socket.socket(fileno=0)
    with suppress(ConnectionError):
        asking.sendall(HEAD.pack(0, 0))
        while True:
            length, number = HEAD.unpack(_exactly(asking, HEAD.size))
            asking.sendall(reader.answer(number, _exactly(asking, length)))


def _exactly(asking: socket.socket, count: int) -> bytes:
    """So many bytes. Raises ConnectionError where the other side has hung up."""
    received = asking.recv(count, socket.MSG_WAITALL)
    while len(received) < count:
        more = asking.recv(count - len(received))
        if not more:
            raise ConnectionError("the door has hung up")
        received += more
    return received


def _kind_and_place(exc: Exception) -> str:
    places = traceback.extract_tb(exc.__traceback__)[-_FRAMES_TOLD:]
    return " < ".join(
        [type(exc).__name__, *(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(places))]
    )
