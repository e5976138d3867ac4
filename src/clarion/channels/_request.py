"""One HTTP request to somebody else's server, through the guard; no redirects, 10 seconds, 1 MB.

httpcore2 and not a client on top of it: nothing here may follow, decompress, keep cookies or read proxies from the
environment. The last byte of the body waits for `committing`: until then the other side has no whole request.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from weakref import WeakValueDictionary

import httpcore2
from msgspec import Struct

from clarion.channels._outbound import CONNECT_TIMEOUT_S, HTTP_PORTS, Guard, Refused, canonical_host
from clarion.messaging.port import Committing

ANSWER_BYTES_MAX = 1_000_000
#: To one server for one workspace; who is slow holds up nobody else.
AT_ONCE_MAX = 10
_KEPT_MAX = 100
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
    if port == 0:  # httpcore2 would take it for none
        raise Refused("there is no port 0")
    if "@" in parts.netloc or "\\" in url or not url.isprintable() or " " in url:
        raise Refused("the URL should hold no user, backslash or space")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Refused("the URL's path should be percent-encoded")
    return Target(
        parts.scheme, canonical_host(host), _DEFAULT_PORTS[parts.scheme] if port is None else port, path
    )


class Web:
    """Asks; keeps connections open for a few seconds, each to an address that was looked at."""

    def __init__(self, guard: Guard, ports: frozenset[int] = HTTP_PORTS) -> None:
        self._guard = guard
        self._ports = ports
        self._turns: WeakValueDictionary[tuple[UUID, str], asyncio.Semaphore] = WeakValueDictionary()
        self._pool = httpcore2.AsyncConnectionPool(
            network_backend=_Guarded(guard, ports),
            max_connections=None,
            max_keepalive_connections=_KEPT_MAX,
            keepalive_expiry=_IDLE_S,
        )

    async def check(self, url: str) -> None:
        """Raises Refused where the URL must not be asked."""
        where = target(url)
        await self._guard.check(where.host, where.port, self._ports)

    async def ask(
        self, request: Request, *, workspace_id: UUID, timeout_s: float, committing: Committing
    ) -> Answer:
        """The answer, whatever its status. Raises Failed."""
        committed = False

        async def mark() -> None:
            nonlocal committed
            await committing()
            committed = True

        try:
            where = target(request.url)
            async with self._turn(workspace_id, where), asyncio.timeout(timeout_s):
                return await self._ask(where, request, mark)
        except Refused as exc:
            raise Failed(str(exc), committed=False, refused=True) from exc
        except TimeoutError as exc:
            raise Failed(f"no answer in {timeout_s:g} s", committed=committed) from exc
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
            raise Failed(f"cannot connect: {exc}", committed=False) from exc
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as exc:
            raise Failed(f"{type(exc).__name__}: {exc}", committed=committed) from exc

    def _turn(self, workspace_id: UUID, where: Target) -> asyncio.Semaphore:
        """Kept as long as somebody waits for it or has it."""
        key = (workspace_id, where.authority)
        return self._turns.get(key) or self._turns.setdefault(key, asyncio.Semaphore(AT_ONCE_MAX))

    async def _ask(self, where: Target, request: Request, mark: Committing) -> Answer:
        headers = [("Host", where.authority), *request.headers.items(), ("Accept-Encoding", "identity")]
        extensions: dict[str, Any] = {"timeout": {"connect": CONNECT_TIMEOUT_S, "pool": CONNECT_TIMEOUT_S}}
        if request.body or request.method != "GET":
            headers.append(("Content-Length", str(len(request.body))))
        if not request.body:  # the head is the whole request
            extensions["trace"] = _before_head(mark)
        url = httpcore2.URL(
            scheme=where.scheme.encode(),
            host=where.host.encode(),
            port=where.port,
            target=where.path.encode(),
        )
        async with self._pool.stream(
            request.method,
            url,
            headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in headers],
            content=_marked(request.body, mark) if request.body else None,
            extensions=extensions,
        ) as answer:
            read = await _limited(answer)
            found = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
            }
            return Answer(answer.status, found, read)

    async def close(self) -> None:
        """End what is open."""
        await self._pool.aclose()


async def _marked(body: bytes, mark: Committing) -> AsyncIterator[bytes]:
    """The body, its last byte after the mark."""
    if body[:-1]:
        yield body[:-1]
    await mark()
    yield body[-1:]


def _before_head(mark: Committing) -> Callable[[str, Any], Awaitable[None]]:
    """httpcore2 tells of each step before it does it."""

    async def trace(step: str, info: Any) -> None:
        if step == "http11.send_request_headers.started":
            await mark()

    return trace


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

    def __init__(self, guard: Guard, ports: frozenset[int]) -> None:
        self._guard = guard
        self._ports = ports
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
            found = await self._guard.addresses(host, port, self._ports)
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
