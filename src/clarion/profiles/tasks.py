"""What is done by the schedule."""

from clarion import db, log
from clarion.db import Tx

_log = log.get(__name__)


async def drop_old_changes(connection: Tx, keep_months: int) -> None:
    """Drop the log of changes' months that ended `keep_months` months ago or earlier (0: none). As the owner.

    What profiles hold stays, and so do the stamps by which the newer value wins.
    """
    if not keep_months:
        return
    before = db.month_after((await db.utc_day(connection)).replace(day=1), -keep_months)
    async with connection.transaction():
        months = await db.lock_months(connection, "profile_change", before=before)
        await db.drop_months(connection, "profile_change", "change_id", months, before=before)
    for name in months:
        _log.info("an old part of the log of changes was dropped", action="changes_dropped", partition=name)
