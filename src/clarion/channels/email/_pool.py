"""Connections to mail servers, kept between mails: few for each workspace's server, each for so many mails."""

import asyncio
import contextlib
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator
from uuid import UUID

import aiosmtplib
from aiosmtplib import SMTPException

from clarion.channels._outbound import SMTP_PORTS, Guard
from clarion.messaging import configs

IDLE_S = 10.0
POOLS_MAX = 1_000
_BYE_S = 5.0
_HELLO = "localhost"


class Connection:
    """An open one. `dirty`: a transaction began and did not end; `whole`: both sides know where they stand."""

    def __init__(self, smtp: aiosmtplib.SMTP, config: configs.Smtp) -> None:
        self.smtp = smtp
        self.config = config
        self.sent = 0
        self.dirty = False
        self.whole = True
        self.closing: asyncio.TimerHandle | None = None

    def drop(self) -> None:
        """Close without a word."""
        self.smtp.close()


class Pool:
    """Of one workspace and one provider's settings."""

    def __init__(self, guard: Guard, config: configs.Smtp) -> None:
        self._guard = guard
        self._config = config
        self._turns = asyncio.Semaphore(config.connections_max)
        self._idle: list[Connection] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator["Pool"]:
        """Wait until a connection may be used."""
        self.waiting += 1
        try:
            async with self._turns:
                yield self
        finally:
            self.waiting -= 1

    async def take(self, *, fresh: bool) -> Connection:
        """An idle one, or a new one; `fresh`: the idle ones are of no use. Raises Refused, SMTPException, OSError."""
        while self._idle:
            connection = self._idle.pop()
            if connection.closing:
                connection.closing.cancel()
            if not fresh and connection.smtp.is_connected and await _is_clean(connection):
                return connection
            connection.drop()
        return Connection(await self._open(), self._config)

    def put(self, connection: Connection) -> None:
        """Keep it for the next, or let it go."""
        if not connection.whole or not connection.smtp.is_connected:
            connection.drop()
        elif connection.sent >= self._config.messages_per_connection_max:
            self._say_goodbye(connection)
        else:
            loop = asyncio.get_running_loop()
            connection.closing = loop.call_later(IDLE_S, self._expire, connection)
            self._idle.append(connection)

    def _expire(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
            self._say_goodbye(connection)

    def _say_goodbye(self, connection: Connection) -> None:
        leaving = asyncio.create_task(_quit(connection))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Of those that wait for work, say goodbye."""
        for connection in self._idle:
            if connection.closing:
                connection.closing.cancel()
            self._say_goodbye(connection)
        self._idle.clear()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _open(self) -> aiosmtplib.SMTP:
        config = self._config
        found = await self._guard.connect(config.host, config.port, SMTP_PORTS, config.timeout_s)
        smtp = aiosmtplib.SMTP(
            hostname=config.host,
            sock=found,
            timeout=config.timeout_s,
            local_hostname=_hello(),
            username=config.user,
            password=config.password,
            use_tls=config.security == "tls",
            start_tls=config.security == "starttls",
            validate_certs=config.verify_certificate,
        )
        try:
            await smtp.connect()
        except ValueError as exc:  # certificates, settings: whatever ssl has no OSError for
            found.close()
            raise SMTPException(str(exc)) from exc
        except BaseException:
            found.close()
            raise
        return smtp


class Pools:
    """Each workspace and each settings their own, so that a dead server holds up nobody else."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._pools: OrderedDict[tuple[UUID, configs.Smtp], Pool] = OrderedDict()

    def of(self, workspace_id: UUID, config: configs.Smtp) -> Pool:
        key = (workspace_id, config)
        pool = self._pools.pop(key, None) or Pool(self._guard, config)
        self._pools[key] = pool
        if len(self._pools) > POOLS_MAX:
            old = next((key for key, one in self._pools.items() if not one.waiting), None)
            if old is not None:
                del self._pools[old]  # its idle connections end by their own timers
        return pool

    async def close(self) -> None:
        """End what is open."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        self._pools.clear()


async def _is_clean(connection: Connection) -> bool:
    """Whether the server has forgotten a transaction that did not end."""
    if connection.dirty:
        try:
            await connection.smtp.rset(timeout=_BYE_S)
        except (SMTPException, OSError):
            return False
        connection.dirty = False
    return True


async def _quit(connection: Connection) -> None:
    try:
        await connection.smtp.quit(timeout=_BYE_S)
    except (SMTPException, OSError):
        pass
    finally:
        connection.drop()


def _hello() -> str:
    """How we introduce ourselves."""
    name = socket.gethostname()
    return name if name and name.isascii() and not any(c.isspace() for c in name) else _HELLO
