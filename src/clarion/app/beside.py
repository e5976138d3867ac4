"""What runs beside the work of a process: hearing notifications, keeping the clock."""

import asyncio
from collections.abc import Callable

import asyncpg

from clarion import log
from clarion.db import GONE, Address, Database, instance, is_transient

_log = log.get(__name__)


async def listen(address: Address, channel: str, heard: Callable[[], None], stop: asyncio.Event) -> None:
    """Call `heard` at every notification, and after every reconnection, for one may have been missed."""
    while not stop.is_set():
        try:
            connection = await asyncpg.connect(**address.connect_args(), timeout=10)
            try:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _connection, event=lost: event.set())
                await connection.add_listener(channel, lambda *_notification: heard())
                heard()
                await _first_of(lost, stop)
            finally:
                await connection.close(timeout=2)
        except (*GONE, asyncpg.PostgresError):
            _log.debug("not listening for a moment", action="listen_lost", channel=channel)
        await _pause(stop, 1.0)


async def keep_clock(database: Database, stop: asyncio.Event) -> None:
    """Measure the database's clock every minute: ids and stamps go by it."""
    while not await _pause(stop, 60.0):
        try:
            await database.measure_clock()
        except Exception as exc:
            if not is_transient(exc):
                _log.exception("the clock could not be measured", action="clock_failed")


async def keep_heartbeat(database: Database, stop: asyncio.Event) -> None:
    """Say every minute that somebody works here: a start after a long silence may be that of an old copy."""
    while not await _pause(stop, 60.0):
        try:
            async with database.owner() as tx:
                await instance.beat(tx)
        except Exception as exc:
            if not is_transient(exc):
                _log.exception("the heartbeat failed", action="heartbeat_failed")


async def _pause(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep; whether `stop` was set meanwhile."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _first_of(*waited: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in waited]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
