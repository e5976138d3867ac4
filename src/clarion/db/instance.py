"""Is this the database that this data folder worked with, a moment ago? If not, nothing may be sent.

Database and data folder hold the same epoch. A restored backup, a copied folder or a database put back from a dump is
found at the start, and the installation starts with *acting paused*: it accepts and processes, and sends nothing until
a person has looked. The pause stands in the database; rooms that send ask `acting_paused`.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from clarion.db.address import Address

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

FILE = "instance.json"
SILENT = timedelta(hours=1)
_ALIVE = timedelta(minutes=3)  #: another process of this installation works right now

_READ = "SELECT epoch, heartbeat_at, acting_paused_because, now() AS now FROM instance"
_BEGIN = "INSERT INTO instance (epoch) VALUES ($1) ON CONFLICT DO NOTHING"
_RENEW = "UPDATE instance SET epoch = $1"
_BEAT = "UPDATE instance SET heartbeat_at = now()"
_SET = "UPDATE instance SET acting_paused_because = $1"
_NOTE = "INSERT INTO acting_change (actor, because) VALUES ($1, $2)"
_LOCK = "SELECT pg_advisory_xact_lock(1131176265)"  # "ClaI"


class Mark(Struct, frozen=True, kw_only=True):
    """What the data folder knows: the epoch, and the file's own inode, which a copy does not share."""

    epoch: UUID
    inode: int


class Acting(Struct, frozen=True, kw_only=True):
    """Whether anything is sent; `because` says why not. `alive_at` is the last sign of a worker."""

    paused: bool
    because: str | None
    alive_at: datetime


async def check(owner: Address, data: Path, *, shared: bool) -> str | None:
    """At start: compare the two, pause acting where they do not belong together; returns why it is paused.

    `shared`: several data folders may work with the database, so one without a mark joins while others work.
    """
    connection = await asyncpg.connect(**owner.connect_args(), timeout=30)
    try:
        async with connection.transaction():
            await connection.execute(_LOCK)
            row = await connection.fetchrow(_READ)
            if row is None:
                epoch = uuid4()
                write(data, epoch)
                await connection.execute(_BEGIN, epoch)
                return None
            silent = row["now"] - row["heartbeat_at"]
            strange = _strange(row["epoch"], read(data), silent, shared)
            if strange is not None:
                epoch = uuid4()
                write(
                    data, epoch
                )  # before the database: cut off between the two, the next start finds it too
                await connection.execute(_RENEW, epoch)
                await _set(connection, "serve", strange)
            elif read(data) is None:
                write(data, row["epoch"])
            await connection.execute(_BEAT)
            return strange or row["acting_paused_because"]
    finally:
        await connection.close()


async def acting(connection: Connection) -> Acting:
    """Is anything sent?"""
    row = await connection.fetchrow(_READ)
    assert row is not None, "prepare makes it"
    because = row["acting_paused_because"]
    return Acting(paused=because is not None, because=because, alive_at=row["heartbeat_at"])


async def foreseen(connection: Connection, data: Path, *, shared: bool) -> Acting:
    """The same, told before the start: where database and data folder do not belong together it will pause acting."""
    now = await acting(connection)
    row = await connection.fetchrow(_READ)
    assert row is not None, "as above"
    strange = _strange(row["epoch"], read(data), row["now"] - row["heartbeat_at"], shared)
    if now.paused or strange is None:
        return now
    return Acting(paused=True, because=f"{strange} (so the next start will find)", alive_at=now.alive_at)


async def acting_paused(connection: Connection) -> str | None:
    """Why nothing may be sent for now; None when it may. To be asked in the transaction that decides to send."""
    row = await connection.fetchrow(_READ)
    return row["acting_paused_because"] if row else None


async def pause(connection: Connection, *, actor: str, because: str) -> None:
    """Send nothing until `resume`; who did it is kept."""
    await _set(connection, actor, because)


async def resume(connection: Connection, *, actor: str) -> None:
    """Send again; who did it is kept."""
    await _set(connection, actor, None)


async def beat(connection: Connection) -> None:
    """Somebody works here."""
    await connection.execute(_BEAT)


def read(data: Path) -> Mark | None:
    """The data folder's mark; None where there is none, and where the file is a copy of it."""
    try:
        with (data / FILE).open("rb") as file:
            mark = msgspec.json.decode(file.read(), type=Mark)
            return mark if mark.inode == os.fstat(file.fileno()).st_ino else Mark(epoch=UUID(int=0), inode=0)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        return Mark(epoch=UUID(int=0), inode=0)


def write(data: Path, epoch: UUID) -> None:
    """Mark the data folder."""
    fresh = data / f".{FILE}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        inode = os.fstat(descriptor).st_ino
        file.write(msgspec.json.encode(Mark(epoch=epoch, inode=inode)) + b"\n")
        file.flush()
        os.fsync(descriptor)
    fresh.rename(data / FILE)


def _strange(epoch: UUID, mark: Mark | None, silent: timedelta, shared: bool) -> str | None:
    if mark is None:
        if shared and silent < _ALIVE:
            return None
        return "this data folder has not worked with this database before"
    if mark.epoch != epoch:
        return "database and data folder do not belong together: one of them was restored or copied"
    if silent > SILENT:
        return f"nobody worked here for {silent.total_seconds() / 3600:.1f} hours: it may be an old copy"
    return None


async def _set(connection: Connection, actor: str, because: str | None) -> None:
    await connection.execute(_SET, because)
    await connection.execute(_NOTE, actor, because)
