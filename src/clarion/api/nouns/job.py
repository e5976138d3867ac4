"""Jobs: what is done in the background; those that failed wait for somebody to look."""

from msgspec import Struct

from clarion import accounts, jobs
from clarion.api import views
from clarion.api.nouns._fields import Limit
from clarion.api.ports import Call, id_of


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The oldest jobs."""

    limit: Limit = 50


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One job by its id."""

    job_id: str


async def list_all(call: Call, wish: List) -> list[views.WaitingJob]:
    """What waits, runs or has failed, oldest first. A job that is done leaves nothing."""
    async with call.app() as tx:
        found = await jobs.list_jobs(tx, call.workspace_id, limit=wish.limit)
    return [views.waiting_job(one) for one in found]


async def retry(call: Call, wish: One) -> views.WaitingJob:
    """Let a failed job run again, from its first attempt."""
    job_id = id_of(views.JOB, wish.job_id, "job")
    async with call.app() as tx:
        retried = await jobs.retry_job(tx, call.workspace_id, job_id)
        await accounts.audit(
            tx,
            call.workspace_id,
            ids=call.ports.ids,
            actor=call.actor,
            action="job_retried",
            job_id=wish.job_id,
        )
    await call.ports.database.notify(jobs.WORK)
    return views.waiting_job(retried)
