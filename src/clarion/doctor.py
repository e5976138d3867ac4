"""What may keep Clarion from running on this machine, each with what to do about it. Changes nothing.

`examine` is the way in; printing is the command line's. The checks read downwards: this Python and user, the
data folder, the embedded PostgreSQL or the one that a URL names, the port.
"""

import errno
import locale
import os
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import asyncpg
import psutil
from msgspec import Struct

from clarion import db, doctor_links
from clarion.db import Address, instance
from clarion.db.address import of_url
from clarion.db.engine import account, attach, binaries, lock, machine, process
from clarion.db.engine.layout import GB, MB, PORT, Places, socket_folders
from clarion.errors import EngineFailed

State = Literal["ok", "warn", "fail"]

_PYTHON_MIN, _PYTHON_END = (3, 11), (3, 15)
_POSTGRESQL_MIN = 15
_FREE_WARN, _FREE_FAIL = GB, 200 * MB
_NETWORK_FILE_SYSTEMS = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "ceph",
    "glusterfs",
    "lustre",
    "afs",
    "fuse.sshfs",
    "webdav",
)
_LOG_LINES = 5
#: How a repeat is found: accepting writes its key without asking first. Nothing is wrong, and nobody has to read it.
_REPEAT = 'unique constraint "event_key_pkey"'
_CONNECT_S = 10


class Finding(Struct, frozen=True, kw_only=True):
    """One thing looked at. `fail`: Clarion does not work so; `warn`: it does, with the risk that `detail`
    names.

    `advice` is empty where there is nothing to do.
    """

    name: str
    state: State
    detail: str
    advice: str = ""


class Subject(Struct, frozen=True, kw_only=True):
    """The settings that matter here. `served_at`: where a server of this folder listens now, if one does."""

    data: Path
    master_key_file: Path
    host: str
    port: int
    database_url: str | None = None
    engine_user: str | None = None
    served_at: str | None = None
    links_are_local: bool = False


async def examine(subject: Subject) -> list[Finding]:
    """Look at everything; never raises for what it finds. Takes a second, ten where a database does not
    answer.
    """
    findings = [*_python(), *_text(), *_home(), *_data(subject.data), *_master_key(subject)]
    if subject.database_url:
        findings += await _database(subject.database_url, subject)
    else:
        findings += [*_engine(subject), *await _embedded_sending(subject)]
    return [*findings, *_port(subject)]


def _ok(name: str, detail: str) -> Finding:
    return Finding(name=name, state="ok", detail=detail)


def _warn(name: str, detail: str, advice: str) -> Finding:
    return Finding(name=name, state="warn", detail=detail, advice=advice)


def _fail(name: str, detail: str, advice: str) -> Finding:
    return Finding(name=name, state="fail", detail=detail, advice=advice)


# This Python and user


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if _PYTHON_MIN <= sys.version_info[:2] < _PYTHON_END:
        yield _ok("python", f"Python {version}")
    else:
        yield _fail("python", f"Python {version}", "use Python 3.11, 3.12, 3.13 or 3.14")


def _text() -> Iterator[Finding]:
    """File names and the terminal: Clarion's data is Unicode, whatever the locale."""
    names, terminal = sys.getfilesystemencoding(), locale.getpreferredencoding(False)
    if names.lower() == "utf-8" and terminal.lower() == "utf-8":
        yield _ok("locale", "UTF-8")
    else:
        yield _warn("locale", f"file names are {names}, the terminal is {terminal}", "set LC_ALL=C.UTF-8")


def _home() -> Iterator[Finding]:
    home = os.environ.get("HOME", "")
    if home and os.access(home, os.W_OK):
        yield _ok("home", f"{home} is writable")
    else:
        yield _ok("home", f"{home or 'none'} is not writable, which Clarion does not need")


# The data folder


def _data(data: Path) -> Iterator[Finding]:
    there = _nearest(data)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        who = f"user id {os.geteuid()}"
        yield _fail("data folder", f"{who} may not write in {there}", "give a --data that this user owns")
        return
    if there == data:
        yield from _data_modes(data)
    else:
        yield _ok("data folder", f"{data} is made at the first start")
    free = machine.disk(there)[1]
    detail = f"{free // MB:,} MB free on the disk of {there}"
    if free < _FREE_FAIL:
        yield _fail("disk space", detail, "free some space: at least 200 MB, better 1 GB and more")
    elif free < _FREE_WARN:
        yield _warn("disk space", detail, "free some space, or give a --data on a larger disk")
    else:
        yield _ok("disk space", detail)
    yield from _file_system(there)


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(step for step in (folder, *folder.parents) if os.access(step, os.F_OK))


def _data_modes(data: Path) -> Iterator[Finding]:
    found = data.stat()
    mode = stat.S_IMODE(found.st_mode)
    detail = f"{data} has mode {mode:04o} and belongs to user id {found.st_uid}"
    if mode & 0o022:
        yield _warn("data folder", f"{detail}: others may write there", f"run chmod go-w {data}")
    else:
        yield _ok("data folder", detail)
    for name in ("engine.json", "engine.lock"):
        path = data / name
        if path.exists() and path.stat().st_mode & 0o077:
            yield _fail("data folder", f"{path} can be read by others", f"run chmod 600 {path}")


def _file_system(folder: Path) -> Iterator[Finding]:
    mounts = psutil.disk_partitions(all=True)
    below = [mount for mount in mounts if folder.resolve().is_relative_to(mount.mountpoint)]
    if not below:
        return
    kind = max(below, key=lambda mount: len(mount.mountpoint)).fstype
    if kind in ("tmpfs", "ramfs"):
        yield _warn(
            "file system", f"{folder} is in memory ({kind})", "give a --data on a disk: this one forgets"
        )
    elif kind.startswith(_NETWORK_FILE_SYSTEMS):
        yield _warn("file system", f"{folder} is on a network ({kind})", "give a --data on a local disk")
    else:
        yield _ok("file system", kind)


def _master_key(subject: Subject) -> Iterator[Finding]:
    path = subject.master_key_file
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        if Places(subject.data).connection.exists():
            yield _fail(
                "master key", f"{path} is missing: nobody can read the data", "put it back from its backup"
            )
        else:
            yield _ok("master key", f"{path} is made at the first start")
    except OSError as exc:
        yield _fail("master key", f"{path} cannot be read: {exc.strerror}", "run as the user who runs serve")
    else:
        if mode & 0o077:
            yield _fail("master key", f"{path} has mode {mode:04o}", f"run chmod 600 {path}")
        else:
            yield _ok("master key", str(path))


# The embedded PostgreSQL


def _engine(subject: Subject) -> Iterator[Finding]:
    places = Places(subject.data.expanduser().resolve())
    try:
        who = account.choose(places, subject.engine_user)
        yield _ok("engine user", f"PostgreSQL runs as {who.name}")
        yield from _programs(places, who)
    except (OSError, EngineFailed) as exc:
        yield _fail("engine user", str(exc), "do as it says, or use a PostgreSQL of your own")
        return
    folders = socket_folders(places, uid=os.geteuid(), runtime=os.environ.get("XDG_RUNTIME_DIR"))
    yield _ok("engine socket", f"{folders[0]}/.s.PGSQL.{PORT}")
    shm = machine.shm_bytes()
    note = "" if shm > 64 * MB else ", so files in the data folder take its place"
    yield _ok("shared memory", f"{shm // MB:,} MB{note}")
    yield from _running(places)
    yield from _last_errors(places.log)


def _programs(places: Places, who: account.Account) -> Iterator[Finding]:
    here = binaries.installed()
    done = process.run(who, Path("/"), [str(here / "postgres"), "--version"])
    if done.returncode == 0:
        yield _ok("engine programs", done.stdout.strip())
    elif who.switch:
        where = f"{places.copies}, or {binaries.CACHE} where that is closed too"
        yield _ok("engine programs", f"{who.name} cannot enter {here}: they are copied to {where}")
    else:
        yield _fail(
            "engine programs", done.stdout.strip(), "install Clarion anew, or use your own PostgreSQL"
        )
    closed = account.closed_folder(_nearest(places.data), who) if who.switch else None
    if closed:
        yield _ok("engine folder", f"{who.name} cannot enter {closed}; it uses {places.engine} from within")


def _running(places: Places) -> Iterator[Finding]:
    try:
        held = lock.holder(places.lock)
        accepts = held is not None and attach(places.data).accepts()
    except (OSError, EngineFailed) as exc:
        yield _warn(
            "engine", f"it cannot be seen whether PostgreSQL runs: {exc}", "run as the user who runs serve"
        )
        return
    if held is None:
        yield _ok("engine", "PostgreSQL does not run")
    elif accepts:
        yield _ok("engine", f"PostgreSQL runs, for `clarion {held[1]}` (process {held[0]})")
    else:
        yield _warn("engine", f"PostgreSQL takes no connections yet (process {held[0]})", f"see {places.log}")


def _last_errors(log: Path) -> Iterator[Finding]:
    lines = [
        line
        for line in process.tail(log)
        if any(word in line for word in ("ERROR:", "FATAL:", "PANIC:")) and _REPEAT not in line
    ]
    grave = any("PANIC:" in line or "FATAL:" in line for line in lines)
    detail = "\n".join(lines[-_LOG_LINES:])
    if grave:
        yield _warn("engine log", detail, f"these are the last errors in {log}")
    else:
        yield _ok("engine log", detail or "no errors")


# A PostgreSQL of the operator's


async def _database(url: str, subject: Subject) -> list[Finding]:
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_S)
    except (*db.GONE, ValueError, asyncpg.PostgresError) as exc:
        return [
            _fail(
                "database", f"it cannot be reached: {str(exc) or 'no answer'}", "check CLARION_DATABASE_URL"
            )
        ]
    try:
        row = await connection.fetchrow(_FACTS)
    finally:
        await connection.close()
    assert row is not None
    return [*_server(dict(row)), *_roles(dict(row)), *await _sending(of_url(url).owner, subject)]


async def _embedded_sending(subject: Subject) -> list[Finding]:
    """Of an engine that runs."""
    try:
        connection = attach(subject.data)
        return await _sending(connection.addresses().owner, subject) if connection.accepts() else []
    except (OSError, EngineFailed):
        return []


async def _sending(owner: Address, subject: Subject) -> list[Finding]:
    """Whether anything is sent, and its links open; nothing where this cannot be told, for which the other findings
    have the reason.
    """
    try:
        connection = await asyncpg.connect(**owner.connect_args(), timeout=_CONNECT_S)
    except (*db.GONE, asyncpg.PostgresError):
        return []
    try:
        shared = subject.database_url is not None
        because = (await instance.foreseen(connection, subject.data, shared=shared)).because
        local = await doctor_links.because_local(connection) if subject.links_are_local else None
    except asyncpg.PostgresError:
        return []
    finally:
        await connection.close()
    found = [_ok("acting", "messages may be sent")]
    if because is not None:
        advice = "look, then: clarion acting resume"
        found = [_warn("acting", f"it is paused, nothing is sent: {because}", advice)]
    if local is not None:
        advice = "set public_url to where recipients reach this server; until then they cannot unsubscribe"
        found.append(_warn("links", local, advice))
    return found


_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS major,
       current_setting('server_encoding') AS encoding,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_user::text AS who,
       current_database()::text AS database,
       (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS makes_roles,
       (SELECT array_agg(rolname::text) FROM pg_roles WHERE rolname IN ('clarion_owner', 'clarion_app')
           AND pg_has_role(current_user, oid, 'MEMBER')) AS taken_on,
       (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'clarion_app') AS app_unbound,
       (SELECT has_schema_privilege(oid, 'public', 'CREATE') FROM pg_roles
         WHERE rolname = 'clarion_owner') AS owner_creates
"""


def _server(facts: dict[str, Any]) -> Iterator[Finding]:
    if facts["major"] < _POSTGRESQL_MIN:
        yield _fail("database", f"PostgreSQL {facts['major']}", f"use PostgreSQL {_POSTGRESQL_MIN} or newer")
    else:
        yield _ok("database", f"PostgreSQL {facts['major']}")
    if facts["encoding"] != "UTF8":
        advice = (
            f"make a database with: CREATE DATABASE {facts['database']} ENCODING 'UTF8' TEMPLATE template0"
        )
        yield _fail("database encoding", facts["encoding"], advice)
    for name in ("fsync", "full_page_writes"):
        if facts[name] != "on":
            advice = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"
            yield _fail("database durability", f"{name} is {facts[name]}: a power cut loses events", advice)
    if facts["synchronous_commit"] == "off":
        advice = "ALTER SYSTEM RESET synchronous_commit; SELECT pg_reload_conf();"
        yield _warn("database durability", "synchronous_commit is off; Clarion's sessions set it on", advice)


def _roles(facts: dict[str, Any]) -> Iterator[Finding]:
    missing = sorted({"clarion_owner", "clarion_app"} - set(facts["taken_on"] or ()))
    if facts["app_unbound"]:
        yield _fail(
            "database roles",
            "clarion_app is a superuser or bypasses row-level security",
            "ALTER ROLE clarion_app NOSUPERUSER NOBYPASSRLS;",
        )
    elif missing and facts["makes_roles"]:
        yield _ok("database roles", f"{facts['who']} may make the roles")
    elif missing:
        detail = f"{facts['who']} may neither take on {' and '.join(missing)} nor make them"
        yield _fail("database roles", detail, "let an administrator run:\n" + db.roles_sql(facts["who"]))
    elif not facts["owner_creates"]:
        advice = "GRANT USAGE, CREATE ON SCHEMA public TO clarion_owner;"
        yield _fail("database roles", "clarion_owner may make no tables", advice)
    else:
        yield _ok("database roles", "clarion_owner and clarion_app are there")


# The port


def _port(subject: Subject) -> Iterator[Finding]:
    if subject.served_at is not None:
        yield _ok("port", f"Clarion serves {subject.data} at {subject.served_at}")
        return
    if subject.port == 0:
        yield _ok("port", "any free one")
        return
    where = f"{subject.host}:{subject.port}"
    try:
        _try_to_listen(subject.host, subject.port)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            yield _taken(subject, where)
        elif exc.errno == errno.EACCES:
            yield _fail("port", f"this user may not listen on {where}", "choose a --port of 1024 or more")
        else:
            yield _fail("port", f"{where} cannot be listened on: {exc.strerror or exc}", "check --host")
    else:
        yield _ok("port", f"{where} is free")


def _try_to_listen(host: str, port: int) -> None:
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen()


def _taken(subject: Subject, where: str) -> Finding:
    pid = _listening_pid(subject.port)
    if pid is None:
        return _fail("port", f"{where} is taken", "choose another --port, or stop who listens there")
    try:
        ours = lock.holder(subject.data / "engine.lock")
        family = [pid, *(parent.pid for parent in psutil.Process(pid).parents())]
        name = psutil.Process(pid).name()
    except (OSError, psutil.Error):
        return _fail("port", f"{where} is taken by process {pid}", "choose another --port")
    if ours and ours[0] in family:
        return _ok("port", f"{where} is served by Clarion (process {ours[0]})")
    return _fail("port", f"{where} is taken by {name} (process {pid})", "choose another --port, or stop it")


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
