"""What is done by the schedule."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID

from clarion import accounts, db, log, metrics
from clarion.db import Tx
from clarion.events import store
from clarion.model import Source

#: Sources that know their keys for a window (a day at most); it is over with the day after the bucket's.
WINDOWED = (Source.SMASHSEND, Source.ESPUTNIK)
_WINDOWED_DAYS = 3  # the bucket's day, the day on which its windows end, and two whole days after them
_KEYS_AT_ONCE = 10_000

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


async def drop_old_keys(connection: Tx, keep_days: int) -> None:
    """Forget windowed keys two days after their window, and the others after `keep_days` days (0: never).

    Each statement deletes a bounded number and is its own transaction. As the owner.
    """
    today = (await db.utc_day(connection) - date(1970, 1, 1)).days
    sources = [int(source) for source in WINDOWED]
    for workspace in await accounts.list_workspaces(connection):

        async def windowed(workspace_id: UUID = workspace.workspace_id) -> int:
            before = today - _WINDOWED_DAYS
            return await store.delete_old_windowed_keys(
                connection, workspace_id, sources, before, _KEYS_AT_ONCE
            )

        async def others(workspace_id: UUID = workspace.workspace_id) -> int:
            return await store.delete_old_keys(
                connection, workspace_id, sources, today - keep_days, _KEYS_AT_ONCE
            )

        await _until_done(windowed)
        if keep_days:
            await _until_done(others)


async def _until_done(delete: Callable[[], Awaitable[int]]) -> None:
    while await delete() == _KEYS_AT_ONCE:
        pass
