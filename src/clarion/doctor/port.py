"""The port: free, ours, or somebody else's."""

import errno
import socket
from collections.abc import Iterator

import psutil

from clarion.db.engine import lock
from clarion.doctor.finding import Finding, Subject, fail, ok


def look(subject: Subject) -> Iterator[Finding]:
    """Whether a server could listen there."""
    if subject.served_at is not None:
        yield ok("port", f"Clarion serves {subject.data} at {subject.served_at}")
        return
    if subject.port == 0:
        yield ok("port", "any free one")
        return
    where = f"{subject.host}:{subject.port}"
    try:
        _try_to_listen(subject.host, subject.port)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            yield _taken(subject, where)
        elif exc.errno == errno.EACCES:
            yield fail("port", f"this user may not listen on {where}", "choose a --port of 1024 or more")
        else:
            yield fail("port", f"{where} cannot be listened on: {exc.strerror or exc}", "check --host")
    else:
        yield ok("port", f"{where} is free")


def _try_to_listen(host: str, port: int) -> None:
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen()


def _taken(subject: Subject, where: str) -> Finding:
    pid = _listening_pid(subject.port)
    if pid is None:
        return fail("port", f"{where} is taken", "choose another --port, or stop who listens there")
    try:
        ours = lock.holder(subject.data / "engine.lock")
        family = [pid, *(parent.pid for parent in psutil.Process(pid).parents())]
        name = psutil.Process(pid).name()
    except (OSError, psutil.Error):
        return fail("port", f"{where} is taken by process {pid}", "choose another --port")
    if ours and ours[0] in family:
        return ok("port", f"{where} is served by Clarion (process {ours[0]})")
    return fail("port", f"{where} is taken by {name} (process {pid})", "choose another --port, or stop it")


def _listening_pid(port: int) -> int | None:
    """Only root is told other users' processes."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN
        if listens and connection.laddr and connection.laddr.port == port and connection.pid:
            return connection.pid
    return None
