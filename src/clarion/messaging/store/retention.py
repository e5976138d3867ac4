"""Old messages go, a chunk at a time."""

from uuid import UUID

from clarion.db import Tx
from clarion.messaging.store._queries import Q


async def list_old(tx: Tx, workspace_id: UUID, after: UUID, before: UUID, limit: int) -> list[UUID]:
    """The next sends planned before an id, oldest first."""
    return [row["send_id"] for row in await tx.fetch(Q.list_old_sends, workspace_id, after, before, limit)]


async def delete_finished(tx: Tx, workspace_id: UUID, send_ids: list[UUID], before_us: int) -> int:
    """Of these what nothing has happened to since, with all that was noted of it; says how many.

    One that waits, or is in somebody's hands, is never among them.
    """
    rows = await tx.fetch(Q.lock_finished, workspace_id, send_ids, before_us)
    gone = [row["send_id"] for row in rows]
    for query in (
        Q.delete_decisions, Q.delete_attempts, Q.delete_reports, Q.delete_landed, Q.delete_sends
    ):  # fmt: skip
        await tx.execute(query, workspace_id, gone)
    return len(gone)


async def delete_old_landed(tx: Tx, workspace_id: UUID, before: UUID) -> None:
    """What lies in the mailbox for so long, also of tries that no send is behind."""
    await tx.execute(Q.delete_old_landed, workspace_id, before)
