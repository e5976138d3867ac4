"""Transactions that are tried again."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg

from clarion.db.pool import Database, Tx

TRIES = 4  # the first, and three more

T = TypeVar("T")


async def transact(
    database: Database, workspace_id: UUID, work: Callable[[Tx], Awaitable[T]], *, owner: bool = False
) -> T:
    """What `work` returns from a transaction of its own, tried again when the database ends it for a deadlock.

    `owner`: by the workers' role, which is bound by no policy.

    A synchronous call and a worker may hold rows in different orders; the one that is ended has changed nothing.
    """
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            async with database.owner() if owner else database.app(workspace_id) as tx:
                return await work(tx)
        except asyncpg.DeadlockDetectedError:
            if last:
                raise
    raise AssertionError("the last try returns or raises")
