"""Facts that were published, and the handlers that hear of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

from clarion import log
from clarion.db import Database, Tx, is_transient
from clarion.jobs import store
from clarion.jobs.store import Job
from clarion.model import Ids

WORK = "clarion_jobs"  #: the channel on which workers hear that there are jobs
LEASE_S = 60
LOOK_EVERY_S = 1.0
_WAIT_FIRST_S = 2.0
_WAIT_MAX_S = 300.0

#: Does its work in the transaction that also ends the job; run twice, it changes nothing the second time. What is too
#: much for one transaction is done in steps: the handler (the only one of its kind) tells how far it is, is run again
#: later, and finds that in `Job.done`.
Handler: TypeAlias = Callable[[Tx, Job], Awaitable[int | None]]

_log = log.get(__name__)


class LeaseLost(Exception):
    """Another worker may have the job; nothing of this transaction is written."""


class Queue:
    """Runs due jobs. Any number of these, on any number of machines."""

    def __init__(self, database: Database, handlers: Mapping[str, Sequence[Handler]], ids: Ids) -> None:
        self._database = database
        self._handlers = handlers
        self._ids = ids

    async def work(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Until `stop`; the job at hand is finished first. `woken`: there may be one (else a look every second)."""
        while not stop.is_set():
            woken.clear()
            try:
                done = await self.work_once()
            except Exception as exc:
                if not is_transient(exc):
                    _log.exception("the queue failed in a way we did not foresee", action="queue_failed")
                done = 0
            if not done:
                await _wait(woken, stop)

    async def work_once(self) -> int:
        """Everything that is due now, workspace by workspace; how many jobs were tried."""
        async with self._database.owner() as tx:
            workspaces = await store.due_workspaces(tx)
        random.shuffle(workspaces)
        return sum([await self._turn(workspace_id) for workspace_id in workspaces])

    async def work_off(self, workspace_id: UUID) -> None:
        """What is due in one workspace, what follows from it included."""
        while await self._turn(workspace_id):
            continue

    async def _turn(self, workspace_id: UUID) -> int:
        """One job; 0 where none is due."""
        token = self._ids.next()
        async with self._database.owner() as tx:
            job = await store.claim(tx, workspace_id, token, LEASE_S)
        if job is None:
            return 0
        try:
            await self._run(job, token)
        except LeaseLost:
            _log.warning(
                "a job's lease was lost", action="job_lease_lost", job=str(job.job_id), kind=job.kind
            )
        except Exception as exc:
            reason = _reason_of(exc)
            _log.warning("a job failed", action="job_failed", kind=job.kind, error=reason)
            async with self._database.owner() as tx:
                await store.postpone(tx, job, token, reason, _wait_s(job.attempts))
        return 1

    async def _run(self, job: Job, token: UUID) -> None:
        async with self._database.owner() as tx:
            if not await store.hold(tx, job, token):
                raise LeaseLost
            done = None
            for handler in self._handlers[job.kind]:
                done = await handler(tx, job)
            if done is None:
                await store.finish(tx, job, token)
            else:
                await store.step(tx, job, token, done)


def _wait_s(attempts: int) -> float:
    """Full jitter: anywhere up to twice as long each time."""
    return random.uniform(0, min(_WAIT_MAX_S, _WAIT_FIRST_S * 2**attempts))  # noqa: S311  # no secret


def _reason_of(exc: Exception) -> str:
    """The kind of failure and the database's code; never a value."""
    sqlstate = getattr(exc, "sqlstate", None)
    return type(exc).__name__ if sqlstate is None else f"{type(exc).__name__} ({sqlstate})"


async def _wait(woken: asyncio.Event, stop: asyncio.Event) -> None:
    """Until there may be work."""
    waits = [asyncio.create_task(woken.wait()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
