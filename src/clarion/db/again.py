"""Transactions that are tried again."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

import asyncpg

from clarion.db.pool import Database, Tx

TRIES = 4  # the first, and three more

T = TypeVar("T")


async def transact(
    database: Database,
    workspace_id: UUID,
    work: Callable[[Tx], Awaitable[T]],
    *,
    owner: bool = False,
    snapshot: bool = False,
) -> T:
    """What `work` returns from a transaction of its own, tried again when the database ends it for another's sake.

    `owner`: by the workers' role, which is bound by no policy. `snapshot`: all statements see one moment, as what is
    read by several must; what they write may then have been written by another first, and the next try does without.

    A synchronous call and a worker may hold rows in different orders; the one that is ended has changed nothing.
    """
    for number in range(1, TRIES + 1):
        first, last = number == 1, number == TRIES
        try:
            by_app = partial(database.app, workspace_id, snapshot=snapshot and first)
            async with database.owner() if owner else by_app() as tx:
                return await work(tx)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            if last:
                raise
    raise AssertionError("the last try returns or raises")
