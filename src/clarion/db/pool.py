"""Pools and transactions of the two roles, and the database's clock."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from clarion import errors
from clarion.db import arrays
from clarion.db.address import Address, Addresses

Tx: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"  # one connection inside a transaction

STATEMENT_TIMEOUT_S = 30
CHECKOUT_TIMEOUT_S = 10.0
_NIL = UUID(int=0)

#: Plans that do not wait for statistics: on a table never analysed a fitted plan for `= ANY($1)` reads all of it.
_WORKERS = {"plan_cache_mode": "force_generic_plan"}

_SET_WORKSPACE = "SELECT set_config('clarion.workspace', $1, false)"
_NOW_US = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class _Connection(asyncpg.Connection):  # subscripts exist in the stubs only
    """Knows which workspace its session sees, so that it is told only when that changes."""

    _workspace_id: UUID | None = None

    async def enter(self, workspace_id: UUID) -> None:
        if self._workspace_id != workspace_id:
            self._workspace_id = None
            await self.execute(_SET_WORKSPACE, str(workspace_id))
            self._workspace_id = workspace_id


class Database:
    """One PostgreSQL, by its two roles. Open with `await Database.open(addresses)`, end with `close()`."""

    def __init__(
        self, app: "asyncpg.Pool[asyncpg.Record] | None", owner: "asyncpg.Pool[asyncpg.Record] | None"
    ):
        self._app = app
        self._owner = owner
        self._offset_us = 0

    @classmethod
    async def open(cls, addresses: Addresses, *, app: int = 0, owner: int = 0) -> "Database":
        """Pools of at most `app` and `owner` connections; 0 = none of that role. Raises Unavailable."""
        database = cls(None, None)
        try:
            if app:
                database._app = await _pool(addresses.app, app, "clarion app")
            if owner:
                database._owner = await _pool(addresses.owner, owner, "clarion owner", **_WORKERS)
            await database.measure_clock()
        except (OSError, asyncpg.PostgresError) as exc:
            await database.close()
            raise errors.Unavailable(f"the database cannot be reached: {exc}") from exc
        return database

    async def close(self) -> None:
        for pool in (self._app, self._owner):
            if pool is not None:
                try:
                    await asyncio.wait_for(pool.close(), 5)
                except TimeoutError:
                    pool.terminate()

    @asynccontextmanager
    async def connection(self, workspace_id: UUID) -> AsyncIterator[Tx]:
        """A connection that sees one workspace only; every statement is its own transaction."""
        assert self._app is not None, "opened without app connections"
        async with _reachable(self._app.acquire(timeout=CHECKOUT_TIMEOUT_S)) as connection:
            await connection.enter(workspace_id)  # type: ignore[attr-defined]  # the proxy hands on to _Connection
            yield connection

    @asynccontextmanager
    async def app(self, workspace_id: UUID = _NIL, *, snapshot: bool = False) -> AsyncIterator[Tx]:
        """A transaction that sees one workspace only (none by default: shared tables). Return commits.

        `snapshot`: its statements all see one moment, so that nobody is half gone between two of them.
        Raises Unavailable when the database goes away meanwhile; whether it was committed is then unknown.
        """
        with _away():
            async with (
                self.connection(workspace_id) as connection,
                connection.transaction(isolation="repeatable_read" if snapshot else None),
            ):
                yield connection

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Tx]:
        """The same for the workers' role; bound by no policy, so every query names its workspace."""
        with _away():
            async with self.owner_connection() as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def owner_statement(self) -> AsyncIterator[Tx]:
        """The same for one statement, which is its own transaction: one round trip instead of three."""
        with _away():
            async with self.owner_connection() as connection:
                yield connection

    @asynccontextmanager
    async def owner_connection(self) -> AsyncIterator[Tx]:
        """A connection of the workers' role outside a transaction: for upkeep, and for other isolation levels."""
        assert self._owner is not None, "opened without owner connections"
        async with _reachable(self._owner.acquire(timeout=CHECKOUT_TIMEOUT_S)) as connection:
            yield connection

    async def notify(self, channel: str) -> None:
        """Tell whoever listens, in a transaction of its own. Raises Unavailable."""
        assert self._app is not None, "opened without app connections"
        async with _reachable(self._app.acquire(timeout=CHECKOUT_TIMEOUT_S)) as connection:
            await connection.execute("SELECT pg_notify($1, '')", channel)

    async def measure_clock(self) -> int:
        """Learn how far this machine's clock is from the database's; returns the offset in microseconds.

        The database's time lies between the question and the answer: their middle is taken, the best of three.
        """
        pool = self._app or self._owner
        assert pool is not None
        best: tuple[int, int] | None = None
        async with _reachable(pool.acquire(timeout=CHECKOUT_TIMEOUT_S)) as connection:
            for _ in range(3):
                asked = time.time_ns() // 1000
                theirs: int = await connection.fetchval(_NOW_US)
                answered = time.time_ns() // 1000
                best = min(best or (1 << 62, 0), (answered - asked, theirs - (asked + answered) // 2))
        assert best is not None
        self._offset_us = best[1]
        return self._offset_us

    def now_us(self) -> int:
        """Microseconds since 1970 by the database's clock, as last measured."""
        return time.time_ns() // 1000 + self._offset_us


#: The connection is gone. InternalClientError: a query that was begun between a dying server's last word and its end.
GONE = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_transient(exc: BaseException) -> bool:
    """Whether the same statement may succeed later: the database is away, busy, full, or picked us in a deadlock."""
    if isinstance(exc, (errors.Unavailable, *GONE)):
        return True
    return isinstance(exc, asyncpg.PostgresError) and (exc.sqlstate or "")[:2] in (
        "08",
        "40",
        "53",
        "55",
        "57",
        "58",
    )


def is_lost_connection(exc: BaseException) -> bool:
    """Whether the connection went away, so that what it was asked may or may not have happened."""
    if isinstance(exc, GONE):
        return True
    if isinstance(exc, asyncpg.QueryCanceledError):  # too slow, and certainly rolled back
        return False
    return isinstance(exc, asyncpg.PostgresError) and (exc.sqlstate or "")[:2] in ("08", "57")


@contextmanager
def _away() -> Iterator[None]:
    """A connection that is lost in a transaction is a database that is away."""
    try:
        yield
    except Exception as exc:
        if is_lost_connection(exc):
            raise errors.Unavailable("the database is away for a moment", retry_after_s=2) from exc
        raise


@asynccontextmanager
async def _reachable(acquire: AbstractAsyncContextManager[Tx]) -> AsyncIterator[Tx]:
    """A pool's connection; where none is to be had, Unavailable."""
    try:
        connection = await acquire.__aenter__()
    except (*GONE, asyncpg.PostgresError) as exc:
        raise errors.Unavailable(f"the database cannot be reached: {str(exc) or type(exc).__name__}") from exc
    try:
        yield connection
    except asyncpg.InternalClientError:
        connection.terminate()  # it is of no use to anybody any more
        raise
    finally:
        await acquire.__aexit__(None, None, None)


async def _pool(address: Address, size: int, name: str, **settings: str) -> "asyncpg.Pool[asyncpg.Record]":
    arrays.know_by_type()
    args = address.connect_args()
    args["server_settings"] = args["server_settings"] | {
        "application_name": name,
        "timezone": "UTC",
        "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
        "idle_in_transaction_session_timeout": "60s",
        "synchronous_commit": "on",
        **settings,
    }
    pool = asyncpg.create_pool(
        **args,
        min_size=1,
        max_size=size,
        timeout=10,
        command_timeout=STATEMENT_TIMEOUT_S + 5,
        connection_class=_Connection,
        reset=_reset,
    )
    return await pool


async def _reset(connection: Any) -> None:
    """What asyncpg's own reset does would cost a round trip a request; we keep no session state but the workspace,
    which is checked at every checkout. A transaction cannot be left open: `transaction()` ends it.
    """
