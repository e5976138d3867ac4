"""What became of the items of each minute, and what retention takes away."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from clarion import model
from clarion.db import Tx
from clarion.events.ledger import TERMS, LedgerLine
from clarion.events.store._queries import LAST_ID, Q, count_of

LONG_S = 3_600.0  # a count of months of a timeline


async def add_to_ledger(tx: Tx, workspace_id: UUID, lines: Sequence[LedgerLine]) -> None:
    columns = [[getattr(line, term) for line in lines] for term in ("minute_us", *TERMS)]
    await tx.execute(Q.add_to_ledger, workspace_id, *columns)


async def read_ledger(
    tx: Tx, workspace_id: UUID, *, since_us: int = 0, until_us: int = 1 << 62
) -> list[LedgerLine]:
    """The ledger's minutes, open blocks included, oldest first."""
    rows = await tx.fetch(Q.read_ledger, workspace_id, since_us, until_us)
    return [LedgerLine(**dict(row)) for row in rows]


async def recount(
    tx: Tx, workspace_id: UUID, since_us: int, until_us: int
) -> tuple[dict[int, int], dict[int, int], dict[int, asyncpg.Record]]:
    """By minute: events on the timeline, items in quarantine, and the sums of the kept blocks."""
    first = model.first_id_at(since_us)
    last = LAST_ID if until_us >= 1 << 60 else model.first_id_at(until_us)
    timeline = await tx.fetch(Q.recount_timeline, workspace_id, first, last)
    quarantined = await tx.fetch(Q.recount_quarantine, workspace_id, since_us, until_us)
    journal = await tx.fetch(Q.recount_journal, workspace_id, since_us, until_us)
    return (
        {row["minute_us"]: row["events"] for row in timeline},
        {row["minute_us"]: row["items"] for row in quarantined},
        {row["minute_us"]: row for row in journal},
    )


async def count_key_pages(tx: Tx) -> int:
    """Of the table of keys, all workspaces."""
    pages: int = await tx.fetchval(Q.count_key_pages)
    return pages


async def delete_old_keys(
    tx: Tx, pages: range, windowed: Sequence[int], *, windowed_before_us: int, before_us: int
) -> int:
    """How many went from these pages: of the sources that know windows, and of the others."""
    bounds = (pages.start, pages.stop, windowed, windowed_before_us, before_us)
    return count_of(await tx.execute(Q.delete_old_keys, *bounds))


async def expire_minutes(tx: Tx, workspace_id: UUID, before: UUID) -> None:
    """The ledger counts events with ids below `before` as expired; the caller deletes them."""
    await tx.execute(Q.expire_minutes, workspace_id, before, timeout=LONG_S)


async def count_expiring(tx: Tx, workspace_id: UUID, before: UUID) -> dict[tuple[int, int], int]:
    """The same events by (metric, quarter of an hour)."""
    rows = await tx.fetch(Q.count_expiring, workspace_id, before, timeout=LONG_S)
    return {(row["metric_id"], row["quarter"]): row["events"] for row in rows}
