"""How long the keys by which repeats are known are kept."""

import time
import uuid

import pytest

from clarion import events
from clarion.model import Source

DAY_US = 86_400_000_000
TODAY = int(time.time() // 86_400)
#: source, bucket, days since it was seen
KEYS = {
    "windowed, open": (Source.SMASHSEND, TODAY - 1, 1),
    "windowed, over two days ago": (Source.SMASHSEND, TODAY - 4, 4),
    "own day, recent": (Source.SMARTAPPPUSH, TODAY - 5, 5),
    "own day, old": (Source.SMARTAPPPUSH, TODAY - 40, 40),
    "own day old, seen now": (Source.SMARTAPPPUSH, TODAY - 400, 0),
    "for ever, recent": (Source.YOTPO, 0, 5),
    "for ever, old": (Source.YOTPO, 0, 40),
}


async def kept(database, workspace_id) -> set[str]:
    async with database.owner() as tx:
        rows = await tx.fetch("SELECT key_hash FROM event_key WHERE workspace_id = $1", workspace_id)
    return {list(KEYS)[row["key_hash"].int] for row in rows}


@pytest.mark.parametrize(
    ("keep_days", "gone"),
    [
        (0, {"windowed, over two days ago"}),
        (30, {"windowed, over two days ago", "own day, old", "for ever, old"}),
    ],
)
async def test_keys_go_when_they_may_and_no_others(database, tenant, monkeypatch, keep_days, gone):
    monkeypatch.setattr("clarion.events.tasks._KEYS_AT_ONCE", 1)  # many rounds
    async with database.owner_connection() as connection:
        for number, (source, bucket, age) in enumerate(KEYS.values()):
            await connection.execute(
                "INSERT INTO event_key (workspace_id, source, bucket, key_hash, event_id, seen_at)"
                " VALUES ($1, $2, $3, $4, $4, $5)",
                tenant.workspace_id,
                int(source),
                bucket,
                uuid.UUID(int=number),
                database.now_us() - age * DAY_US,
            )
        await events.drop_old_keys(connection, keep_days=keep_days)
    assert await kept(database, tenant.workspace_id) == set(KEYS) - gone
