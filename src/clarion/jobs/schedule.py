"""Tasks that run every so often, in one process of the installation."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from clarion import log
from clarion.db import Database, Tx, is_transient

_LOCK = 0x436C6173  # an arbitrary number of our own, beside that of migrations
_LOOK_EVERY_S = 30.0

_log = log.get(__name__)


class Task(Struct, frozen=True):
    """`run` is handed a connection of the owner, outside a transaction, every `every_s` seconds and at start."""

    name: str
    every_s: float
    run: Callable[[Tx], Awaitable[None]]


async def run_schedule(tasks: Sequence[Task], database: Database, stop: asyncio.Event) -> None:
    """Run what is due until `stop`; a task that fails is logged and due again next time."""
    clock = asyncio.get_running_loop().time
    due = {task.name: clock() for task in tasks}
    while not stop.is_set():
        for task in tasks:
            if due[task.name] <= clock() and await _run_alone(task, database):
                due[task.name] = clock() + task.every_s
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_EVERY_S)
        except TimeoutError:
            continue


async def _run_alone(task: Task, database: Database) -> bool:
    """Whether it was run, here or just now by another process that has the lock."""
    try:
        async with database.owner_connection() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                return False
            try:
                await task.run(connection)
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    except Exception as exc:
        if not is_transient(exc):
            _log.exception("a scheduled task failed", action="task_failed", task=task.name)
        return False
    return True
