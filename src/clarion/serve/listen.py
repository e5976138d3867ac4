"""The listening socket. The supervisor binds it, before anything slow, and its children inherit it.

So a taken port is noticed at once (Granian's own sockets are SO_REUSEPORT: two servers could share a port
without knowing), `--port 0` is settled in one place, and connections wait in the socket's queue while the
HTTP child is restarted.
"""

import errno
import socket
import ssl
import sys
import time
from typing import Any

import psutil

from clarion.config import Settings
from clarion.errors import Misconfigured

#: Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn).
BACKLOG = 1024
#: A caller that takes nothing for so long (reads nothing, or is gone without a word) loses its connection; what is
#: accepted inherits it. Granian times a request's head, and a dialect its body, but nobody times the answer.
STALLED_ANSWER_S = 30
#: A supervisor that was killed a moment ago: its HTTP child closes the socket within this time.
_RETRY_S = 1.0


def bind(settings: Settings) -> socket.socket:
    """Listen as the settings say. Raises Misconfigured, naming who has the port and what to do."""
    _check_certificate(settings)
    family, address = _resolved(settings.host, settings.port)
    until = time.monotonic() + _RETRY_S
    while True:
        try:
            return _listening(family, address)
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE and time.monotonic() < until:
                time.sleep(0.05)
                continue
            raise Misconfigured(_sentence(exc, settings)) from exc


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    host = str(listening.getsockname()[0])
    return host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1")


def _resolved(host: str, port: int) -> tuple[int, tuple[Any, ...]]:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
    except (OSError, UnicodeError) as exc:
        raise Misconfigured(
            f"host {host} is not an address or name of this machine; choose one with --host"
        ) from exc
    return family, address


def _listening(family: int, address: tuple[Any, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Only past connections in TIME_WAIT are excused by it, not a socket that listens.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_ANSWER_S * 1000)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(address)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _sentence(exc: OSError, settings: Settings) -> str:
    host, port = settings.host, settings.port
    other = "choose another with --port, CLARION_PORT or port in clarion.toml (--port 0 takes any free one)"
    match exc.errno:
        case errno.EADDRINUSE:
            return f"port {port} is taken{_holder(port)}; end that, or {other}"
        case errno.EACCES:
            return f"port {port} is for the administrator only; {other}"
        case errno.EADDRNOTAVAIL:
            return f"host {host} is not an address of this machine; choose one with --host"
        case _:
            return f"cannot listen on {host} port {port}: {exc.strerror}; {other}"


def _holder(port: int) -> str:
    """` by PROGRAM (process PID)` where the system tells us: other users' processes only root may see."""
    try:
        for connection in psutil.net_connections("tcp"):
            there = getattr(connection.laddr, "port", None) == port
            if there and connection.status == psutil.CONN_LISTEN and connection.pid:
                process = psutil.Process(connection.pid)
                program = "clarion serve" if "clarion.serve.child" in process.cmdline() else process.name()
                return f" by {program} (process {process.pid})"
    except psutil.Error:
        pass
    return ""


def _check_certificate(settings: Settings) -> None:
    """Load what HTTPS will load, so that a wrong file is told here and not by a child that keeps dying."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    for file in (settings.tls_cert, settings.tls_key):
        if not file.is_file():
            raise Misconfigured(f"{file}: there is no such file; see tls_cert and tls_key")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_cert, settings.tls_key, password=""
        )
    except (OSError, ValueError) as exc:
        raise Misconfigured(
            f"{settings.tls_cert} and {settings.tls_key} are not a certificate and its key in PEM, without a "
            f"passphrase: {exc}"
        ) from exc
