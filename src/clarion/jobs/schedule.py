"""Tasks that run every so often, in one process of the installation."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from clarion import log
from clarion.db import Database, Tx, is_transient
from clarion.jobs import store

_LOCK = 0x436C6173  # an arbitrary number of our own, beside that of migrations
_LOOK_EVERY_S = 30.0

_log = log.get(__name__)


class Task(Struct, frozen=True):
    """`run` is handed a connection of the owner, outside a transaction, once in `every_s` seconds however many
    processes there are, and whenever they are started. What takes long ends early when `stop` is set.
    """

    name: str
    every_s: float
    run: Callable[[Tx], Awaitable[None]]


async def run_schedule(tasks: Sequence[Task], database: Database, stop: asyncio.Event) -> None:
    """Run what is due until `stop`; a task that fails, or that `stop` ends early, is due again at the next look."""
    clock = asyncio.get_running_loop().time
    due = {task.name: clock() for task in tasks}
    while not stop.is_set():
        for task in tasks:
            if due[task.name] <= clock() and not stop.is_set():
                due[task.name] = clock() + await _run_alone(task, database, stop)
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_EVERY_S)
        except TimeoutError:
            continue


async def _run_alone(task: Task, database: Database, stop: asyncio.Event) -> float:
    """Run it where it is due and no other process is at one; in how many seconds to ask again."""
    try:
        async with database.owner_connection() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                return 0
            try:
                return await _run_if_due(task, connection, stop)
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    except Exception as exc:
        if not is_transient(exc):
            _log.exception("a scheduled task failed", action="task_failed", task=task.name)
        return 0


async def _run_if_due(task: Task, connection: Tx, stop: asyncio.Event) -> float:
    """The same with the lock held: what another process has run is not run again."""
    now, wait_s = await store.ask_task(connection, task.name, task.every_s)
    if wait_s > 0:
        return wait_s
    await task.run(connection)
    if stop.is_set():
        return 0
    await store.note_task(connection, task.name, now)
    return task.every_s
