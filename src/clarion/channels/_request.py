"""One HTTP request to somebody else's server, through the guard; no redirects, 10 seconds, 1 MB.

httpcore2 and not a client on top of it: nothing here may follow, decompress, keep cookies or read proxies from the
environment. The last byte of the body waits for `committing`: until then the other side has no whole request.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpcore2
from msgspec import Struct

from clarion.channels._outbound import CONNECT_TIMEOUT_S, HTTP_PORTS, Guard, Refused, canonical_host
from clarion.messaging.port import Committing

ANSWER_BYTES_MAX = 1_000_000
CONNECTIONS_MAX = 20
_IDLE_S = 5.0
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Request(Struct, frozen=True, kw_only=True):
    """What is asked; headers without Host, Content-Length and Content-Type of an empty body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


class Answer(Struct, frozen=True):
    """What was answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Failed(Exception):
    """No answer. `committed`: whether the other side may have the whole request."""

    def __init__(self, reason: str, *, committed: bool, refused: bool = False) -> None:
        super().__init__(reason)
        self.committed = committed
        self.refused = refused


class Target(Struct, frozen=True):
    """A URL, taken apart once: what was looked at is what is connected to."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Raises Refused for what is not a plain URL of a server."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise Refused("not a URL") from exc
    if parts.scheme not in _DEFAULT_PORTS:
        raise Refused("the URL should begin with https:// or http://")
    if "@" in parts.netloc or "\\" in url or not url.isprintable() or " " in url:
        raise Refused("the URL should hold no user, backslash or space")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Refused("the URL's path should be percent-encoded")
    return Target(parts.scheme, canonical_host(host), port or _DEFAULT_PORTS[parts.scheme], path)


class Web:
    """Asks; keeps connections open for a few seconds, each to an address that was looked at."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._pool = httpcore2.AsyncConnectionPool(
            network_backend=_Guarded(guard),
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=CONNECTIONS_MAX,
            keepalive_expiry=_IDLE_S,
        )

    async def check(self, url: str) -> None:
        """Raises Refused where the URL must not be asked."""
        where = target(url)
        await self._guard.check(where.host, where.port, HTTP_PORTS)

    async def ask(self, request: Request, *, timeout_s: float, committing: Committing) -> Answer:
        """The answer, whatever its status. Raises Failed."""
        committed = False

        async def body() -> AsyncIterator[bytes]:
            nonlocal committed
            if request.body[:-1]:
                yield request.body[:-1]
            await committing()
            committed = True
            yield request.body[-1:]

        try:
            where = target(request.url)
            if not request.body:  # its head is the whole request
                await committing()
                committed = True
            async with asyncio.timeout(timeout_s):
                return await self._ask(where, request, body() if request.body else None)
        except Refused as exc:
            raise Failed(str(exc), committed=False, refused=True) from exc
        except TimeoutError as exc:
            raise Failed(f"no answer in {timeout_s:g} s", committed=committed) from exc
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
            raise Failed(f"cannot connect: {exc}", committed=False) from exc
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as exc:
            raise Failed(f"{type(exc).__name__}: {exc}", committed=committed) from exc

    async def _ask(self, where: Target, request: Request, body: AsyncIterator[bytes] | None) -> Answer:
        headers = [("Host", where.authority), *request.headers.items(), ("Accept-Encoding", "identity")]
        if body is not None or request.method != "GET":
            headers.append(("Content-Length", str(len(request.body))))
        url = httpcore2.URL(
            scheme=where.scheme.encode(),
            host=where.host.encode(),
            port=where.port,
            target=where.path.encode(),
        )
        encoded = [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
        timeouts = {"timeout": {"connect": CONNECT_TIMEOUT_S, "pool": CONNECT_TIMEOUT_S}}
        async with self._pool.stream(
            request.method, url, headers=encoded, content=body, extensions=timeouts
        ) as answer:
            read = await _limited(answer)
            found = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
            }
            return Answer(answer.status, found, read)

    async def close(self) -> None:
        """End what is open."""
        await self._pool.aclose()


async def _limited(answer: httpcore2.Response) -> bytes:
    """The first megabyte; whoever says more is not listened to further, and has answered all the same."""
    read = bytearray()
    async for piece in answer.aiter_stream():
        read += piece[: ANSWER_BYTES_MAX - len(read)]
        if len(read) >= ANSWER_BYTES_MAX:
            break
    return bytes(read)


class _Guarded(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that the guard has looked at; TLS still asks for the name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            found = await self._guard.addresses(host, port, HTTP_PORTS)
        except OSError as exc:
            raise httpcore2.ConnectError(f"{host} cannot be resolved") from exc
        share = (timeout or CONNECT_TIMEOUT_S) / len(found)
        for number, address in enumerate(found, 1):
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout=share, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(found):
                    raise
        raise httpcore2.ConnectError("no address")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
