"""What the database says while it works: how much waits, how much is on the timeline, how long its log grew."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from msgspec import Struct

from bench.generator import Generator
from bench.histogram import Histogram
from clarion import accounts, events
from clarion.db import Database

LOOK_EVERY_S = 0.1
_ASK_EVERY_S = 0.02  # when nothing else is going on

_WAL = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
_SIZES = """
SELECT coalesce(parent.relname, c.relname)::text AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class AS c
LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid LEFT JOIN pg_class AS parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
GROUP BY 1"""


class Tables(Struct, frozen=True):
    """`stored`: events on the timeline; `wal_bytes`: written to PostgreSQL's log so far."""

    at: float
    stored: int
    wal_bytes: int


class StillWaiting(Exception):
    """The backlog was not worked off in time."""


class Watch:
    """A connection of its own to the measured database."""

    def __init__(self, database: Database, workspace_id: UUID) -> None:
        self._database = database
        self.workspace_id = workspace_id

    @classmethod
    async def of(cls, database: Database, workspace: str) -> "Watch":
        async with database.owner() as tx:
            return cls(database, (await accounts.find_workspace(tx, workspace)).workspace_id)

    async def totals(self) -> events.LedgerLine:
        """The ledger's sums."""
        async with self._database.owner() as tx:
            return events.total(await events.read_ledger(tx, self.workspace_id))

    async def tables(self) -> Tables:
        async with self._database.owner() as tx:
            stored = events.total(await events.read_ledger(tx, self.workspace_id)).stored
            wal_bytes: int = await tx.fetchval(_WAL)
        return Tables(time.monotonic(), stored, wal_bytes)

    async def sizes(self) -> dict[str, int]:
        """Bytes on disk by table, with indexes; partitions under their parent's name."""
        async with self._database.owner() as tx:
            rows: list[Any] = await tx.fetch(_SIZES)
        return {row["name"]: row["bytes"] for row in rows}

    async def backlog(self) -> tuple[int, int]:
        """How many items wait, and since how many microseconds the oldest does."""
        async with self._database.owner() as tx:
            items, oldest_us = await events.backlog(tx)
        return items, max(0, self._database.now_us() - oldest_us) if oldest_us else 0

    async def until_done(self, timeout_s: float) -> None:
        """Until nothing waits. Raises StillWaiting."""
        give_up_at = time.monotonic() + timeout_s
        while (await self.backlog())[0]:
            if time.monotonic() > give_up_at:
                raise StillWaiting(f"{(await self.backlog())[0]} items still wait after {timeout_s:g} s")
            await asyncio.sleep(_ASK_EVERY_S)

    @asynccontextmanager
    async def gating(self, generator: Generator, items_max: int) -> AsyncIterator[Histogram]:
        """Hold the generator back while more than so many items wait, until the block ends.

        Gives how old the oldest waiting item was, look by look.
        """
        ages = Histogram()
        looking = asyncio.create_task(self._gate(generator, items_max, ages))
        try:
            yield ages
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _gate(self, generator: Generator, items_max: int, ages: Histogram) -> None:
        is_open = True
        while True:
            items, age_us = await self.backlog()
            ages.record(age_us)
            if is_open != (items < items_max):
                is_open = not is_open
                generator.gate(is_open)
            await asyncio.sleep(LOOK_EVERY_S)
