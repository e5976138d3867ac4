"""Samples of what was refused."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from clarion import model
from clarion.db import Tx
from clarion.events.store._queries import Q


async def insert_rejected(
    tx: Tx, workspace_id: UUID, credential_id: UUID, rows: Sequence[tuple[UUID, str, bytes]]
) -> None:
    """Rows are (id, code, sealed); one that is there already stays."""
    columns = [[row[place] for row in rows] for place in range(3)]
    await tx.execute(Q.insert_rejected, workspace_id, credential_id, *columns)


async def trim_rejected(tx: Tx, workspace_id: UUID, credential_id: UUID, kept: int) -> None:
    """The newest stay."""
    await tx.execute(Q.trim_rejected, workspace_id, credential_id, kept)


async def select_rejected(
    tx: Tx, workspace_id: UUID, credential_id: UUID, limit: int
) -> list[asyncpg.Record]:
    return await tx.fetch(Q.list_rejected, workspace_id, credential_id, limit)


async def erase_samples(tx: Tx, workspace_id: UUID, before_us: int) -> int:
    """The samples of refused bodies that are older; how many there were."""
    return len(await tx.fetch(Q.erase_samples, workspace_id, model.first_id_at(before_us)))
