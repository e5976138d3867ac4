"""How long the keys by which repeats are known are kept."""

import asyncio
import uuid
from pathlib import Path

import pytest

from clarion import dialects, events
from clarion.events import store, tasks
from clarion.model import Source

DAY_US = 86_400_000_000
#: source, days since it was seen
KEYS = {
    "windowed, open": (Source.SMASHSEND, 1),
    "windowed, over two days ago": (Source.SMASHSEND, 4),
    "windowed of another, over two days ago": (Source.SMARTPUSH, 4),
    "own day, recent": (Source.SMARTAPPPUSH, 5),
    "own day, old": (Source.SMARTAPPPUSH, 40),
    "own day, seen now": (Source.SMARTAPPPUSH, 0),
    "for ever, recent": (Source.YOTPO, 5),
    "for ever, old": (Source.YOTPO, 40),
}
WINDOWED = {"windowed, over two days ago", "windowed of another, over two days ago"}


async def kept(database, workspace_id) -> set[str]:
    async with database.owner() as tx:
        rows = await tx.fetch("SELECT key FROM event_key WHERE workspace_id = $1", workspace_id)
    return {list(KEYS)[row["key"].int] for row in rows}


@pytest.mark.parametrize(
    ("keep_days", "gone"),
    [
        (0, WINDOWED),
        (30, WINDOWED | {"own day, old", "for ever, old"}),
    ],
)
async def test_keys_go_when_they_may_and_no_others(database, tenant, monkeypatch, keep_days, gone):
    monkeypatch.setattr("clarion.events.tasks._PAGES_AT_ONCE", 1)  # many rounds
    async with database.owner_connection() as connection:
        for number, (source, age) in enumerate(KEYS.values()):
            await connection.execute(
                "INSERT INTO event_key (workspace_id, source, key, event_id, seen_at) VALUES ($1, $2, $3, $3, $4)",
                tenant.workspace_id,
                int(source),
                uuid.UUID(int=number),
                database.now_us() - age * DAY_US,
            )
        await events.drop_old_keys(
            connection, keep_days=keep_days, now_us=database.now_us, stop=asyncio.Event()
        )
    assert await kept(database, tenant.workspace_id) == set(KEYS) - gone


async def test_a_worker_that_drains_reads_no_further(database, tenant):
    stop = asyncio.Event()
    stop.set()
    async with database.owner_connection() as connection:
        await connection.execute(
            "INSERT INTO event_key (workspace_id, source, key, event_id, seen_at) VALUES ($1, $2, $3, $3, 0)",
            tenant.workspace_id,
            int(Source.SMASHSEND),
            uuid.UUID(int=0),
        )
        await events.drop_old_keys(connection, keep_days=0, now_us=database.now_us, stop=stop)
    assert len(await kept(database, tenant.workspace_id)) == 1


async def test_pages_are_read_as_they_lie(database):
    """Each statement can read its own pages and no others, planned as the worker's connections plan.

    This table is small, and reading all of it is cheaper.
    """
    async with database.owner() as tx:
        await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off")
        statement = store._queries.Q.delete_old_keys
        await tx.execute(f"PREPARE deleting (bigint, bigint, smallint[], bigint, bigint) AS {statement}")
        rows = await tx.fetch("EXPLAIN EXECUTE deleting (0, 100, '{1}', 5, 5)")
        await tx.execute("DEALLOCATE deleting")
    plan = "\n".join(row[0] for row in rows)
    assert "Tid Range Scan" in plan and "Tid Scan" in plan and "Seq Scan" not in plan, plan


def test_every_dialect_with_a_window_is_known_to_have_one():
    mappings = (Path(dialects.__file__).parent).glob("*/mapping.py")
    windows = {file.parent.name for file in mappings if "WINDOW_S" in file.read_text("utf-8")}
    assert windows == {source.dialect for source in tasks.WINDOWED}
