"""Granian inside our event loop, on a socket that the supervisor bound.

Why its embedded server: the loop, the drain and the signals stay ours, and there is one process less than
with its own supervisor. Measured on 2.8.7 with a trivial application: 31 MB resident, 4 threads, no CPU
when idle; on `stop` it closes the socket, lets requests finish, closes idle connections, and says when the
last one is done. HTTP/1.1 alone: every vendor's client speaks it, and it is the protocol whose header
timeout Granian has.
"""

import asyncio
import resource
import secrets
import sys
from collections.abc import Iterable
from typing import Any

import msgspec
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from clarion import log
from clarion.config import Settings
from clarion.serve.incoming import Held, Incoming
from clarion.serve.port import HOLD, ASGIApp, Listener, Message, Receive, Send

#: To send a request's head, and also how long an idle connection is kept.
HEAD_TIMEOUT_S = 10
#: A head beyond about this (Granian reads in growing steps) is answered with 431.
HEAD_BYTES_MAX = 65_536
#: How soon Python's loop lets Granian's thread in, which hands over each request and each body; Python's own 5 ms are
#: what a single event waits for several times beside a flood.
SWITCH_S = 0.0005
#: Files and database connections beside the HTTP connections.
_OTHER_FILES = 512
#: Said with every answer where it is served by TLS.
_BY_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_REFUSED_METHODS = frozenset({"TRACE", "TRACK", "CONNECT"})

_log = log.get(__name__)


async def serve_asgi(app: ASGIApp, listener: Listener, settings: Settings, stop: asyncio.Event) -> None:
    """Serve `app` until `stop` is set; return when every request that had begun is answered.

    How long that may take is the caller's business (child.py ends the process after its grace). Raises
    RuntimeError when the server ends by itself.
    """
    sys.setswitchinterval(SWITCH_S)
    connections = min(
        settings.connections_max, _open_files(settings.connections_max + _OTHER_FILES) - _OTHER_FILES
    )
    server = _Server(
        _guarded(app, Held(stop), tls=settings.tls_cert is not None),
        listener,
        interface=Interfaces.ASGINL,  # no lifespan: who opened the application closes it
        http=HTTPModes.http1,
        websockets=False,
        backlog=listener.backlog,
        backpressure=max(1, connections),  # Granian counts connections here
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_TIMEOUT_S * 1000, max_buffer_size=HEAD_BYTES_MAX
        ),
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        ssl_protocol_min=SSLProtocols.tls12,
        log_level=LogLevels.error,  # at `warning` it calls its embedded server experimental at every start
        log_dictconfig={"incremental": True, "handlers": {}, "loggers": {}},  # log.py has configured logging
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not stop.is_set():
        await serving
        raise RuntimeError("the HTTP server ended by itself")
    server.stop()  # type: ignore[no-untyped-call] # Granian's, partly typed
    await serving


class _Server(Server):
    """Granian's embedded server on a socket that it did not make. Its own would share its port
    (SO_REUSEPORT).
    """

    _shd: Any  # "socket holder": given to the worker

    def __init__(self, target: Any, listener: Listener, **options: Any) -> None:
        super().__init__(target, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # The place where Granian makes its socket; elsewhere than on Linux a holder knows no backlog.
        holder: Any = SocketHolder  # its type says nothing of how it is made
        more = (self._listener.backlog,) if sys.platform == "linux" else ()
        self._shd = holder(self._listener.descriptor, False, *more)


def _guarded(app: ASGIApp, held: Held, *, tls: bool = False) -> ASGIApp:
    """The last resort around every request: methods nobody needs are refused, a body that nobody read is taken before
    the answer goes out, a crash is logged under an id that the caller gets too. A dialect answers in its vendor's voice
    before this is reached.
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        said = _by_tls(send) if tls else send
        if scope["method"] in _REFUSED_METHODS:
            await _json(said, 405, {"error": "this method is not served"})
            return
        if _is_transfer_encoded(scope["headers"]):
            await _json(said, 400, {"error": "the only Transfer-Encoding that is read is chunked"})
            return
        started = False
        incoming = Incoming(scope, receive, held)
        scope[HOLD] = incoming.hold

        async def heard(message: Message) -> None:
            nonlocal started
            if not started:
                started = True
                await incoming.drop()
            await said(message)

        try:
            await app(scope, incoming.receive, heard)
            if (
                not started
            ):  # a body that broke off: the caller is gone, or its framing is wrong and it listens still
                await _json(heard, 400, {"error": "the body is cut short or its framing is broken"})
        except Exception:
            incident = secrets.token_hex(8)
            _log.exception(
                "a request crashed", action="request_crashed", incident=incident, method=scope["method"]
            )
            if not started:
                await _json(
                    heard, 500, {"error": "internal error; the log has more under this id", "id": incident}
                )

    return guarded


def _by_tls(send: Send) -> Send:
    """Says with each answer that it is to be asked for by TLS alone."""

    async def said(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [one for one in message["headers"] if one[0] != _BY_TLS_ONLY[0]]
            message = {**message, "headers": [*headers, _BY_TLS_ONLY]}
        await send(message)

    return said


def _is_transfer_encoded(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the body has a transfer encoding beside one plain `chunked`, which nobody here undoes.

    Of a request with a length as well Granian shows us the chunks alone; it ends the connection after its answer, so
    that nothing can be smuggled behind it.
    """
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    return codings not in ([], [b"chunked"])


async def _json(send: Send, status: int, value: dict[str, str]) -> None:
    body = msgspec.json.encode(value)
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _open_files(wanted: int) -> int:
    """Raise this process's limit of open files as far as the system lets us; returns what we may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft
