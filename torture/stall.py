"""T8: a worker is stopped (SIGSTOP) while it holds a lane, longer than its lease; another takes over; it goes on."""

import asyncio
import random
import socket
from pathlib import Path
from uuid import UUID

import psutil

from clarion.db import Database
from torture import storage

TRIES = 400
OVERTAKEN_WITHIN_S = 15.0


def stall(data: Path, process: psutil.Process, chance: random.Random) -> bool:
    """Whether it held a lane, outside of a transaction, and another worker had the lane before it went on."""
    return asyncio.run(_stall(data, process, chance))


async def _stall(data: Path, process: psutil.Process, chance: random.Random) -> bool:
    async with storage.opened(data) as place:
        for _ in range(TRIES):
            await asyncio.sleep(chance.uniform(0, 0.02))
            process.suspend()
            try:
                lane = await _held(place.database, process.pid)
                if lane is not None:
                    return await _overtaken(place.database, *lane)
            finally:
                process.resume()
    return False


async def _held(database: Database, pid: int) -> tuple[UUID, UUID] | None:
    """The workspace and token of a lane that it has; a row it has locked is passed by: nobody could take over."""
    async with database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT workspace_id, token FROM lane WHERE worker = $1 AND token IS NOT NULL AND leased_until > now() "
            "LIMIT 1 FOR UPDATE SKIP LOCKED",
            f"{socket.gethostname()}:{pid}",
        )
    return (row["workspace_id"], row["token"]) if row else None


async def _overtaken(database: Database, workspace_id: UUID, token: UUID) -> bool:
    give_up_at = asyncio.get_running_loop().time() + OVERTAKEN_WITHIN_S
    while asyncio.get_running_loop().time() < give_up_at:
        async with database.owner() as tx:
            now = await tx.fetchval("SELECT token FROM lane WHERE workspace_id = $1", workspace_id)
        if now != token:
            return True
        await asyncio.sleep(0.01)
    return False
