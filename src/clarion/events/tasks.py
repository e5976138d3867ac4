"""What is done by the schedule."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from clarion import accounts, db, log, metrics
from clarion.db import Tx
from clarion.events import store
from clarion.model import Source

#: Sources that know their keys for a window, a day at most.
WINDOWED = (Source.SMASHSEND, Source.SMARTPUSH, Source.ESPUTNIK)
_WINDOWED_DAYS = 3  # a window, and two days after it
_PAGES_AT_ONCE = 100  # some 8,000 keys
_DAY_US = 86_400_000_000

_log = log.get(__name__)


async def drop_old_blocks(connection: Tx, keep_days: int) -> None:
    """Drop the journal's days whose blocks were all processed `keep_days` days ago or earlier. As the owner."""
    before = await db.utc_day(connection) - timedelta(days=keep_days)
    unless = f"processed_at IS NULL OR processed_at > now() - make_interval(days => {keep_days:d})"
    for name in await db.drop_partitions(connection, "journal", before=before, unless=unless):
        _log.info("an old part of the journal was dropped", action="journal_dropped", partition=name)


async def drop_old_events(connection: Tx, keep_months: int) -> None:
    """Drop the timeline's months that ended `keep_months` months ago or earlier (0: none). As the owner.

    In the same transaction the ledger counts their events as expired and the metrics' days forget them, so that
    counts and timeline say the same at every moment.
    """
    if not keep_months:
        return
    this_month = (await db.utc_day(connection)).replace(day=1)
    before = db.month_after(this_month, -keep_months)
    first_kept = db.first_id_of(before)
    async with connection.transaction():
        months = await db.lock_months(connection, "event", before=before)
        for workspace in await accounts.list_workspaces(connection):
            await _expire(connection, workspace.workspace_id, first_kept)
        await db.drop_months(connection, "event", "event_id", months, before=before)
    for name in months:
        _log.info("an old part of the timeline was dropped", action="timeline_dropped", partition=name)


async def _expire(tx: Tx, workspace_id: UUID, before: UUID) -> None:
    counts = await store.count_expiring(tx, workspace_id, before)
    await metrics.count_days(tx, workspace_id, {key: -count for key, count in counts.items()})
    await store.expire_minutes(tx, workspace_id, before)


async def drop_old_keys(
    connection: Tx, keep_days: int, *, now_us: Callable[[], int], stop: asyncio.Event
) -> None:
    """Forget windowed keys two days after their window, and the others after `keep_days` days (0: never). As the owner.

    The table is read once, as it lies on disk, or until `stop`; each statement sees some of its pages and is its own
    transaction.
    """
    windowed = [int(source) for source in WINDOWED]
    now, pages = now_us(), await store.count_key_pages(connection)
    for first in range(0, pages, _PAGES_AT_ONCE):
        if stop.is_set():
            return
        await store.delete_old_keys(
            connection,
            range(first, first + _PAGES_AT_ONCE),
            windowed,
            windowed_before_us=now - _WINDOWED_DAYS * _DAY_US,
            before_us=now - keep_days * _DAY_US if keep_days else 0,
        )
