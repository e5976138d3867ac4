"""How callers use their limits: requests and refusals by credential, bucket and minute, for an hour's look back."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from clarion import log
from clarion.accounts import store
from clarion.accounts.store import UseLine
from clarion.db import Database, Tx, is_transient

FLUSH_EVERY_S = 1.0
HOUR_US = 3_600_000_000
KEPT_US = 24 * HOUR_US
_MINUTE_US = 60_000_000

_log = log.get(__name__)


class BucketUse(Struct, frozen=True, kw_only=True):
    """One bucket's use in a period. `busiest_minute`: the most requests in one; refused ones are requests too."""

    credential_id: UUID
    bucket: str
    requests: int
    refused: int
    busiest_minute: int


class _Count:
    requests = 0
    refused = 0


class Use:
    """Counts in memory; `run()` beside it writes every second. A crash may lose a second of it."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._counts: dict[tuple[UUID, int, str], _Count] = {}
        self._last_us: dict[UUID, int] = {}

    def note(self, credential_id: UUID, bucket: str, refused: bool) -> None:
        """A request of the credential, let through or refused for its rate."""
        now_us = self._now_us()
        key = (credential_id, now_us // _MINUTE_US * _MINUTE_US, bucket)
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = _Count()
        count.requests += 1
        count.refused += refused
        self._last_us[credential_id] = now_us

    def saw(self, credential_id: UUID) -> None:
        """A request of a credential that has no limits."""
        self._last_us[credential_id] = self._now_us()

    async def run(self, database: Database, stop: asyncio.Event) -> None:
        """Write what was counted every second until `stop`, and then the rest."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), FLUSH_EVERY_S)
            except TimeoutError:
                pass
            try:
                await self.write(database)
            except Exception as exc:
                if not is_transient(exc):
                    _log.error("the use of limits could not be written", action="use_failed", exc_info=exc)

    async def write(self, database: Database) -> None:
        """Add it to the table. What a database that is away may or may not have taken is let go."""
        counts, self._counts = self._counts, {}
        last_us, self._last_us = self._last_us, {}
        if not last_us:
            return
        async with database.app() as tx:
            whose = await store.workspaces_of(tx, list(last_us))
        for workspace_id in sorted(set(whose.values())):
            lines = [
                UseLine(credential_id, minute_us, bucket, count.requests, count.refused)
                for (credential_id, minute_us, bucket), count in sorted(counts.items())
                if whose.get(credential_id) == workspace_id
            ]
            used = {one: _time(at) for one, at in last_us.items() if whose.get(one) == workspace_id}
            async with database.app(workspace_id) as tx:
                if lines:
                    await store.add_use(tx, workspace_id, lines)
                await store.set_last_used(tx, workspace_id, used)


async def use_of_limits(
    tx: Tx, workspace_id: UUID, *, since_us: int, credential_ids: Sequence[UUID] | None = None
) -> list[BucketUse]:
    """What was used since then, by credential and bucket; nothing where nobody came."""
    rows = await store.read_use(tx, workspace_id, since_us, credential_ids)
    return [BucketUse(**dict(row)) for row in rows]


async def drop_old_use(connection: Tx, now_us: Callable[[], int]) -> None:
    """Forget what is older than a day. As the owner."""
    for workspace in await store.list_workspaces(connection):
        await store.delete_old_use(connection, workspace.workspace_id, now_us() - KEPT_US)


def _time(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1_000_000, UTC)
