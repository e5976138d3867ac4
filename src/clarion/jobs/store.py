"""The room's SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from clarion import db, errors
from clarion.db import Tx
from clarion.model import Ids

Q = db.load("clarion.jobs")
ATTEMPTS_MAX = 5


class Job(Struct, frozen=True, kw_only=True):
    """A published fact in a worker's hands. `done`: where its next step begins."""

    workspace_id: UUID
    job_id: UUID
    kind: str
    payload: bytes
    attempts: int
    done: int = 0


class StoredJob(Struct, frozen=True, kw_only=True):
    """A job as it is listed. `done`: how far its steps are; `last_error`: the kind of failure."""

    job_id: UUID
    kind: str
    state: str
    run_at: datetime
    attempts: int
    done: int
    last_error: str | None


async def publish(tx: Tx, workspace_id: UUID, kind: str, payload: bytes, *, ids: Ids) -> UUID:
    """Have the handlers of `kind` run once this transaction is committed. `payload` names ids, nothing personal."""
    job_id = ids.next()
    await tx.execute(Q.insert_job, workspace_id, job_id, kind, payload)
    return job_id


async def due_workspaces(tx: Tx) -> list[UUID]:
    """Those that have work."""
    return [row["workspace_id"] for row in await tx.fetch(Q.find_due_workspaces)]


async def claim(tx: Tx, workspace_id: UUID, token: UUID, lease_s: int) -> Job | None:
    """The job of a workspace that waits longest, leased; None where nothing is due."""
    await tx.execute(Q.fail_lapsed, workspace_id, ATTEMPTS_MAX)
    row = await tx.fetchrow(Q.claim_job, workspace_id, token, lease_s, ATTEMPTS_MAX)
    return None if row is None else Job(**dict(row))


async def hold(tx: Tx, job: Job, token: UUID) -> bool:
    """Whether the lease is still ours; the row stays locked until the commit."""
    return await tx.fetchval(Q.hold_job, job.workspace_id, job.job_id, token) is not None


async def finish(tx: Tx, job: Job, token: UUID) -> None:
    await tx.execute(Q.finish_job, job.workspace_id, job.job_id, token)


async def step(tx: Tx, job: Job, token: UUID, done: int) -> None:
    """Leave it for its next step."""
    await tx.execute(Q.step_job, job.workspace_id, job.job_id, token, done)


async def postpone(tx: Tx, job: Job, token: UUID, reason: str, wait_s: float) -> None:
    """Again later, or `failed` after the last attempt."""
    await tx.execute(Q.postpone_job, job.workspace_id, job.job_id, token, reason, wait_s, ATTEMPTS_MAX)


async def list_jobs(tx: Tx, workspace_id: UUID, *, limit: int) -> Sequence[StoredJob]:
    """What waits or has failed, oldest first."""
    return [StoredJob(**dict(row)) for row in await tx.fetch(Q.list_jobs, workspace_id, limit)]


async def state_of(tx: Tx, workspace_id: UUID, job_id: UUID) -> str | None:
    """Whether a job is ready or has failed; None of one that is done, or never was."""
    state: str | None = await tx.fetchval(Q.read_state, workspace_id, job_id)
    return state


async def retry_job(tx: Tx, workspace_id: UUID, job_id: UUID) -> StoredJob:
    """Let a failed one run again. Raises NotFound."""
    row = await tx.fetchrow(Q.retry_job, workspace_id, job_id)
    if row is None:
        raise errors.NotFound("there is no such failed job in this workspace")
    return StoredJob(**dict(row))


async def ask_task(tx: Tx, name: str, every_s: float) -> tuple[datetime, float]:
    """The time, and in how many seconds a task of the schedule is due; 0 or less: now."""
    row = await tx.fetchrow(Q.ask_task, name, every_s)
    assert row is not None
    return row["now"], row["wait_s"]


async def note_task(tx: Tx, name: str, begun_at: datetime) -> None:
    """A task that was begun then came to its end."""
    await tx.execute(Q.note_task, name, begun_at)
