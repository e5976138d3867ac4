"""Callers who are slow, broken or malicious: raw bytes on a socket, and what became of the connection."""

import asyncio
import contextlib
import gzip
import socket
import time
from dataclasses import dataclass

import psutil

from torture.client import HOST

WAIT_S = 50.0
BOMB_BYTES = 1 << 30
_EVENT = b'{"event":"a.b","identify":{"email":"ann@example.com"}}'
_PAGE = b"GET /docs/ HTTP/1.1\r\nHost: x\r\n\r\n"
_CHUNKED = "Transfer-Encoding: chunked\r\n"


@dataclass(frozen=True, slots=True)
class Met:
    """How a connection went: the first answer's status (0: none), when it came, and when the server closed."""

    status: int
    answered_s: float
    closed_s: float | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Says `first`, then `more` every `every_s` until the connection is closed."""

    first: bytes
    more: bytes = b""
    every_s: float = 1.0


def post(body: bytes, headers: str, key: str, path: str = "/v1/events") -> bytes:
    """A request with these framing headers."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n{headers}\r\n"
    return head.encode() + body


def slow(key: str) -> dict[str, Caller]:
    """Those who hold a connection for as long as they may."""
    return {
        "silent": Caller(b""),
        "trickled head": Caller(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-A: ", b"a"),
        "idle after an answer": Caller(post(_EVENT, f"Content-Length: {len(_EVENT)}\r\n", key)),
        "trickled body": Caller(post(b"{", "Content-Length: 2000\r\n", key), b" "),
        "trickled chunks": Caller(post(b"1\r\n{\r\n", _CHUNKED, key), b"1\r\n \r\n"),
        "trickled size of a chunk": Caller(post(b"", _CHUNKED, key), b"0"),
        "trickled chunk extension": Caller(post(b"1;", _CHUNKED, key), b"a"),
        "trickled body without a key": Caller(
            b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{", b" "
        ),
    }


def broken(key: str) -> dict[str, Caller]:
    """Those whose framing could be read in two ways, or never ends: none of them is served."""
    length = f"Content-Length: {len(_EVENT)}\r\n"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_EVENT), _EVENT)
    extended = chunked.replace(b"\r\n", b";" + b"a" * 1_000_000 + b"\r\n", 1)
    once = {
        "length and chunks": post(chunked, length + _CHUNKED, key),
        "chunks and length": post(chunked, _CHUNKED + length, key),
        "two lengths": post(_EVENT, length + "Content-Length: 3\r\n", key),
        "a list of lengths": post(_EVENT, f"Content-Length: {len(_EVENT)}, {len(_EVENT)}\r\n", key),
        "chunked twice": post(chunked, _CHUNKED * 2, key),
        "gzip, chunked": post(chunked, "Transfer-Encoding: gzip, chunked\r\n", key),
        "xchunked": post(chunked, "Transfer-Encoding: xchunked\r\n", key),
        "a bare line feed": post(chunked.replace(b"\r\n", b"\n", 1), _CHUNKED, key),
        "space before a colon": post(_EVENT, length + "X-A : b\r\n", key),
        "a head of 1 MB": post(_EVENT, length + f"X-A: {'a' * 1_000_000}\r\n", key),
        "10,000 headers": post(_EVENT, length + "".join(f"X-{n}: b\r\n" for n in range(10_000)), key),
        "a chunk extension of 1 MB": post(extended, _CHUNKED, key),
        "300,000 chunks of a byte": post(b"1\r\n \r\n" * 300_000, _CHUNKED, key, "/v1/events/batch"),
    }
    return {name: Caller(said) for name, said in once.items()}


def bomb() -> bytes:
    """1 MB that is 1 GB."""
    return gzip.compress(bytes(BOMB_BYTES), 9)


def gzipped(body: bytes, key: str) -> bytes:
    """A batch of these bytes, which are gzip already."""
    return post(body, f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n", key, "/v1/events/batch")


async def meet(port: int, caller: Caller, wait_s: float = WAIT_S) -> Met:
    """Be that caller until the server closes the connection, or for `wait_s`."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection(HOST, port)
    speaking = asyncio.create_task(_speak(writer, caller))
    head = b""
    answered_s = 0.0
    closed_s = None
    try:
        async with asyncio.timeout(wait_s):
            while piece := await reader.read(65_536):
                answered_s = answered_s or time.monotonic() - began
                head = (head + piece)[:12]
        closed_s = time.monotonic() - began
    except TimeoutError:
        pass
    except OSError:
        closed_s = time.monotonic() - began
    finally:
        speaking.cancel()
        writer.close()
    return Met(int(head[9:12] or 0), answered_s, closed_s)


async def read_nothing(port: int, server: psutil.Process, wait_s: float = WAIT_S) -> float | None:
    """Ask for pages and take no byte of them; when the server let go, by its own open connections."""
    began = time.monotonic()
    with socket.create_connection((HOST, port)) as caller:
        caller.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                caller.send(_PAGE * 100)
        here = caller.getsockname()[1]
        while time.monotonic() - began < wait_s:
            if all(one.raddr[1:] != (here,) for one in server.net_connections("tcp")):
                return time.monotonic() - began
            await asyncio.sleep(1.0)
    return None


async def _speak(writer: asyncio.StreamWriter, caller: Caller) -> None:
    writer.write(caller.first)
    try:
        await writer.drain()
        while caller.more:
            await asyncio.sleep(caller.every_s)
            writer.write(caller.more)
            await writer.drain()
    except OSError:
        return
