"""Migrations: numbered .sql files, forward only, each in a transaction, one migrator at a time."""

import hashlib
from importlib.resources import files

import asyncpg
from msgspec import Struct

from clarion import errors
from clarion.db.address import Address
from clarion.db.partitions import Connection, ensure_partitions

_LOCK = 0x436C6172  # "Clar"; an arbitrary number of our own
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON schema_migration TO clarion_app"""


class Migration(Struct, frozen=True):
    """One numbered file; `checksum` is the SHA-256 of its text, hex."""

    number: int
    name: str
    sql: str
    checksum: str


def migrations() -> list[Migration]:
    """All that this version has, in order."""
    found = []
    for file in files("clarion.db").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            sql = file.read_text("utf-8")
            checksum = hashlib.sha256(sql.encode()).hexdigest()
            found.append(Migration(int(file.name[:4]), file.name, sql, checksum))
    return sorted(found, key=lambda migration: migration.number)


async def pending(connection: Connection) -> list[Migration]:
    """What is still to be applied. Raises Misconfigured for a database that is newer than this version."""
    applied: dict[int, str] = {}
    if await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL"):
        rows = await connection.fetch("SELECT number, checksum FROM schema_migration")
        applied = {row["number"]: row["checksum"] for row in rows}
    known = {migration.number: migration for migration in migrations()}
    newer = sorted(set(applied) - set(known))
    if newer:
        raise errors.Misconfigured(
            f"this data was written by a newer Clarion (migration {newer[-1]}; this version knows up to "
            f"{max(known)}): start that version again, or restore a backup made by this one"
        )
    for number, checksum in applied.items():
        if known[number].checksum != checksum:
            raise errors.Misconfigured(
                f"migration {known[number].name} was applied with another text: this installation was changed by "
                "hand or mixes two versions; install it anew"
            )
    return [migration for migration in known.values() if migration.number not in applied]


async def migrate(owner: Address) -> list[str]:
    """Bring the database up to this version; returns the names of what was applied. Waits for another migrator."""
    connection = await asyncpg.connect(**owner.connect_args(), timeout=30)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        names = []
        for migration in await pending(connection):
            async with connection.transaction():
                await connection.execute(_TABLE)
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
            names.append(migration.name)
        await ensure_partitions(connection)
        return names
    finally:
        await connection.close()
