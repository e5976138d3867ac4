"""The embedded PostgreSQL: who runs it, its programs, whether it runs, its last errors."""

import os
from collections.abc import Iterator
from pathlib import Path

from clarion.db.engine import account, attach, binaries, lock, machine, process
from clarion.db.engine.layout import MB, PORT, Places, socket_folders
from clarion.doctor.finding import Finding, Subject, fail, ok, warn
from clarion.doctor.folder import nearest
from clarion.errors import EngineFailed

_LOG_LINES = 5
#: How a repeat is found: accepting writes its key without asking first. Nothing is wrong, and nobody has to read it.
_REPEAT = 'unique constraint "event_key_pkey"'


def look(subject: Subject) -> Iterator[Finding]:
    """Whether it can run here, and how it fares."""
    places = Places(subject.data.expanduser().resolve())
    try:
        who = account.choose(places, subject.engine_user)
        yield ok("engine user", f"PostgreSQL runs as {who.name}")
        yield from _programs(places, who)
    except (OSError, EngineFailed) as exc:
        yield fail("engine user", str(exc), "do as it says, or use a PostgreSQL of your own")
        return
    folders = socket_folders(places, uid=os.geteuid(), runtime=os.environ.get("XDG_RUNTIME_DIR"))
    yield ok("engine socket", f"{folders[0]}/.s.PGSQL.{PORT}")
    shm = machine.shm_bytes()
    note = "" if shm > 64 * MB else ", so files in the data folder take its place"
    yield ok("shared memory", f"{shm // MB:,} MB{note}")
    yield from _running(places)
    yield from _last_errors(places.log)


def _programs(places: Places, who: account.Account) -> Iterator[Finding]:
    here = binaries.installed()
    done = process.run(who, Path("/"), [str(here / "postgres"), "--version"])
    if done.returncode == 0:
        yield ok("engine programs", done.stdout.strip())
    elif who.switch:
        where = f"{places.copies}, or {binaries.CACHE} where that is closed too"
        yield ok("engine programs", f"{who.name} cannot enter {here}: they are copied to {where}")
    else:
        yield fail("engine programs", done.stdout.strip(), "install Clarion anew, or use your own PostgreSQL")
    closed = account.closed_folder(nearest(places.data), who) if who.switch else None
    if closed:
        yield ok("engine folder", f"{who.name} cannot enter {closed}; it uses {places.engine} from within")


def _running(places: Places) -> Iterator[Finding]:
    try:
        held = lock.holder(places.lock)
        accepts = held is not None and attach(places.data).accepts()
    except (OSError, EngineFailed) as exc:
        yield warn(
            "engine", f"it cannot be seen whether PostgreSQL runs: {exc}", "run as the user who runs serve"
        )
        return
    if held is None:
        yield ok("engine", "PostgreSQL does not run")
    elif accepts:
        yield ok("engine", f"PostgreSQL runs, for `clarion {held[1]}` (process {held[0]})")
    else:
        yield warn("engine", f"PostgreSQL takes no connections yet (process {held[0]})", f"see {places.log}")


def _last_errors(log: Path) -> Iterator[Finding]:
    lines = [
        line
        for line in process.tail(log)
        if any(word in line for word in ("ERROR:", "FATAL:", "PANIC:")) and _REPEAT not in line
    ]
    grave = any("PANIC:" in line or "FATAL:" in line for line in lines)
    detail = "\n".join(lines[-_LOG_LINES:])
    if grave:
        yield warn("engine log", detail, f"these are the last errors in {log}")
    else:
        yield ok("engine log", detail or "no errors")
