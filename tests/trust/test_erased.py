"""An erased person is in no table any more, and in no backup made afterwards.

Nothing is sealed here (unsealed.py), so that a search sees what is there; the tables are read as a dump reads them, for
what a table let go stays in its file until PostgreSQL writes there again, and is sealed in a real installation.
"""

import asyncio
from pathlib import Path

import pytest

from clarion import config
from clarion.app import rooms
from clarion.db import Tx
from clarion.db.engine import borrowed
from tests.e2e.conftest import Server
from tests.trust.canaries import OPEN, SEALED, Search
from tests.trust.planting import (
    erase,
    make_keys,
    managing,
    plant_at_the_second_door,
    plant_behind_the_door,
    plant_contacts,
    plant_erased,
    plant_written,
    selling,
)
from torture.served import Served

pytestmark = pytest.mark.timeout(180)

ERASED = {canary for canary in (*SEALED, *OPEN) if canary.startswith("an erased person's")}
EMAIL = SEALED["an erased person's email"]
_TABLES = (
    "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
    "AND NOT relispartition ORDER BY 1"
)


async def dumped(tx: Tx) -> dict[str, bytes]:
    """Every table's rows."""
    found: dict[str, bytes] = {}
    for (table,) in await tx.fetch(_TABLES):
        rows = bytearray()

        async def keep(part: bytes, rows: bytearray = rows) -> None:
            rows.extend(part)

        await tx.copy_from_query(f'SELECT * FROM "{table}"', output=keep, format="binary")
        found[table] = bytes(rows)
    return found


async def _found(data: Path, *, forget_journal: bool) -> dict[str, set[str]]:
    settings = config.load({"data": data}, environ={}).settings
    with borrowed(data, command="erased", user=settings.engine_user) as connection:
        async with (
            rooms(settings, connection.addresses(), owner=1) as opened,
            opened.database.owner_connection() as tx,
        ):
            if forget_journal:
                await tx.execute("TRUNCATE journal")  # as the week that a processed block is kept
            tables = await dumped(tx)
    search = Search({})
    where: dict[str, set[str]] = {}
    for table, rows in tables.items():
        for canary, _ in search.whole(rows):
            where.setdefault(canary, set()).add(table)
    return where


def found(data: Path, *, forget_journal: bool = False) -> dict[str, set[str]]:
    """By canary: the tables that it is in."""
    return asyncio.run(_found(data, forget_journal=forget_journal))


def test_an_erased_person_is_nowhere_but_in_the_journal_until_its_horizon(tmp_path: Path) -> None:
    """The control is the same search before the erasure, which finds them all, and others' canaries after it."""
    served = Served(tmp_path / "data", app="tests.trust.unsealed")
    served.start()
    try:
        keys = make_keys(served)
        with managing(served, keys) as manage:
            client = selling(served, keys)
            plant_written(served, manage)
            plant_contacts(client, manage)
            plant_at_the_second_door(served, manage)
            plant_erased(client, manage, note=OPEN["an erased person's note"])
            asyncio.run(plant_behind_the_door(served.data))
            served.until_drained(30)
            before = found(served.data)
            erase(manage, EMAIL)
        after = found(served.data)
        without_journal = found(served.data, forget_journal=True)
        Server(served.data).run("backup", "create", str(tmp_path / "after.tar"))
    finally:
        assert served.stop() == 0, served.log

    assert ERASED - before.keys() == set()
    assert before["an erased person's message before they were known"] == {"send", "mailbox"}
    assert before["an erased person's email"] >= {"send", "mailbox"}
    assert before["an erased person's trait"] >= {"profile", "profile_change", "journal"}
    assert {
        canary: where for canary, where in after.items() if canary in ERASED and where != {"journal"}
    } == {}
    assert ERASED & without_journal.keys() == set()
    assert "a contact's firstName" in without_journal

    key = str(served.data / "master.key")
    restored = Server(tmp_path / "restored")
    restored.run("backup", "restore", str(tmp_path / "after.tar"), "--master-key", key)
    again = found(restored.data)
    assert ERASED & again.keys() == set()
    assert "a contact's firstName" in again
