"""What is done by the schedule."""

from datetime import timedelta

from clarion import db, log
from clarion.db import Tx

_log = log.get(__name__)


async def drop_old_blocks(connection: Tx, keep_days: int) -> None:
    """Drop the journal's days whose blocks were all processed `keep_days` days ago or earlier. As the owner."""
    before = await db.utc_day(connection) - timedelta(days=keep_days)
    unless = f"processed_at IS NULL OR processed_at > now() - make_interval(days => {keep_days:d})"
    for name in await db.drop_partitions(connection, "journal", before=before, unless=unless):
        _log.info("an old part of the journal was dropped", action="journal_dropped", partition=name)
