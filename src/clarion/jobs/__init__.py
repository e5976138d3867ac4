"""Jobs: what is done beside the way of an event. A queue of facts, and a schedule.

`publish` writes a fact in the caller's transaction; the handlers of its kind (a table in `clarion.app`) run later, in
one transaction of the workers' role that also ends the job: what they do and that they did it are one. A worker
leases a job with a fencing token; what fails is tried again with jittered pauses, five times, then it stands as
`failed` with its reason. A job that is done leaves nothing. A long one is done in steps, each in a transaction of
its own, with other jobs of its workspace between them.

The schedule has no leader but an advisory lock; whoever has it runs what is due and notes when, so that the others find
nothing to do.
"""

from clarion.jobs.queue import WORK, Handler, Queue
from clarion.jobs.schedule import Task, run_schedule
from clarion.jobs.store import ATTEMPTS_MAX, Job, StoredJob, list_jobs, publish, retry_job, state_of

__all__ = [
    "ATTEMPTS_MAX",
    "WORK",
    "Handler",
    "Job",
    "Queue",
    "StoredJob",
    "Task",
    "list_jobs",
    "publish",
    "retry_job",
    "run_schedule",
    "state_of",
]
