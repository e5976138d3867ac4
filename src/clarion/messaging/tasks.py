"""What is done by the schedule."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from clarion import accounts, log
from clarion.db import Tx
from clarion.messaging import store
from clarion.model import first_id_at

_DAY_US = 86_400_000_000
_AT_ONCE = 1_000
#: In one go: what is left goes an hour later, and other tasks are not kept waiting.
_A_RUN = 500_000
#: Between two chunks, in which those who send have the database.
_BREATH_S = 0.02

_log = log.get(__name__)


async def drop_old_messages(
    connection: Tx, keep_days: int, *, now_us: Callable[[], int], stop: asyncio.Event
) -> None:
    """Delete messages to which nothing has happened for `keep_days` days, with their decisions, attempts, reports.

    One that is still to be sent stays however old it is. Each chunk is its own transaction, the last one before
    `stop`. As the owner.
    """
    before_us = now_us() - keep_days * _DAY_US
    left = _A_RUN
    for workspace in await accounts.list_workspaces(connection):
        gone = await _drop_of(connection, workspace.workspace_id, before_us, left, stop)
        left -= gone
        if gone:
            _log.info("old messages were deleted", action="messages_dropped", messages=gone)
        if left <= 0:
            return


async def _drop_of(connection: Tx, workspace_id: UUID, before_us: int, most: int, stop: asyncio.Event) -> int:
    """Of one workspace, oldest first; how many."""
    before, after, gone = first_id_at(before_us), UUID(int=0), 0
    await store.delete_old_landed(connection, workspace_id, before)
    while gone < most and not stop.is_set():
        planned = await store.list_old(connection, workspace_id, after, before, _AT_ONCE)
        if not planned:
            break
        async with connection.transaction():
            gone += await store.delete_finished(connection, workspace_id, planned, before_us)
        after = planned[-1]
        await asyncio.sleep(_BREATH_S)
    return gone
