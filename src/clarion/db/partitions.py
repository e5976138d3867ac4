"""Partitions by id, so by the time of accepting: the timeline and the change log by month, the journal by day.

Each table also has a default partition, which stays empty; rows in it mean that upkeep did not run (an alarm).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from clarion import log, model

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_log = log.get(__name__)

_MONTHLY = ("event", "profile_change")
_DAILY = ("journal",)
_MONTHS_AHEAD = 2
_DAYS_AHEAD = 7


async def ensure_partitions(connection: Connection) -> None:
    """Create what the coming weeks need; what is there stays. Run as the owner, outside a transaction."""
    today = await utc_day(connection)
    months = [month_after(today.replace(day=1), ahead) for ahead in range(_MONTHS_AHEAD + 1)]
    days = [today + timedelta(days=ahead) for ahead in range(-1, _DAYS_AHEAD + 1)]
    for table in _MONTHLY:
        await _create_default(connection, table)
        for month in months:
            await _create(connection, table, f"{table}_{month:%Y_%m}", month, month_after(month, 1))
    for table in _DAILY:
        await _create_default(connection, table)
        for day in days:
            await _create(connection, table, f"{table}_{day:%Y_%m_%d}", day, day + timedelta(days=1))


async def utc_day(connection: Connection) -> date:
    """Today in UTC, by the database's clock."""
    today: date = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
    return today


async def drop_partitions(connection: Connection, table: str, *, before: date, unless: str) -> list[str]:
    """Drop a daily table's partitions of days before `before`, whole, but none in which a row meets `unless` (SQL).

    Returns the names of what was dropped.
    """
    dropped = []
    names = await connection.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass", table
    )
    for name in sorted(row["name"] for row in names):
        day = name.removeprefix(f"{table}_")
        if not day[:1].isdigit() or date.fromisoformat(day.replace("_", "-")) >= before:
            continue
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
            if not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name} WHERE {unless})"):  # noqa: S608
                await connection.execute(f"DROP TABLE {name}")
                dropped.append(name)
    return dropped


async def lock_months(tx: Connection, table: str, *, before: date) -> list[str]:
    """Hold writers off a monthly table's partitions of months before `before`, and off its default partition.

    Returns the months' names. What follows in this transaction may take long; what it waits for may not: it then
    fails as what may be tried again.
    """
    await tx.execute("SET LOCAL statement_timeout = '1h'")
    await tx.execute("SET LOCAL lock_timeout = '5s'")
    names = await tx.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass", table
    )
    first_kept = f"{table}_{before:%Y_%m}"
    months = sorted(row["name"] for row in names if row["name"] < first_kept)
    for name in (*months, f"{table}_default"):
        await tx.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
    return months


async def drop_months(tx: Connection, table: str, key: str, months: Sequence[str], *, before: date) -> None:
    """Drop what `lock_months` named, whole, and what of those months had strayed into the default partition."""
    for name in months:
        await tx.execute(f"DROP TABLE {name}")
    await tx.execute(f"DELETE FROM {table}_default WHERE {key} < $1", first_id_of(before))  # noqa: S608


async def keep_partitions(connection: Connection) -> None:
    """`ensure_partitions`, and an alarm in the log where it came too late."""
    await ensure_partitions(connection)
    if found := await strays(connection):
        _log.error(
            "rows stand in default partitions: upkeep did not run in time", action="stray_rows", tables=found
        )


async def strays(connection: Connection) -> int:
    """How many of the default partitions hold rows; more than 0 is an alarm."""
    found = 0
    for table in (*_MONTHLY, *_DAILY):
        found += await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table}_default)::int")  # noqa: S608
    return found


async def _create_default(connection: Connection, table: str) -> None:
    await connection.execute(f"CREATE TABLE IF NOT EXISTS {table}_default PARTITION OF {table} DEFAULT")


async def _create(connection: Connection, table: str, name: str, start: date, end: date) -> None:
    if await connection.fetchval("SELECT to_regclass($1) IS NULL", name):
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} "
            f"FOR VALUES FROM ('{first_id_of(start)}') TO ('{first_id_of(end)}')"
        )


def first_id_of(day: date) -> UUID:
    """The lowest id of a day that starts in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return model.first_id_at(int(start.timestamp()) * 1_000_000)


def month_after(month: date, months: int) -> date:
    """The first day of the month so many months later, or earlier where it is negative."""
    year, number = divmod(month.year * 12 + month.month - 1 + months, 12)
    return date(year, number + 1, 1)
