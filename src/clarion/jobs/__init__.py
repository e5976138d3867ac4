"""Jobs: what is done beside the way of an event. So far a schedule: tasks that one process at a time runs.

There is no leader but an advisory lock; whoever has it runs what is due, the others look again.
"""

from clarion.jobs.schedule import Task, run_schedule

__all__ = ["Task", "run_schedule"]
