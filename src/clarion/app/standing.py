"""How this installation stands: is the database up, how much waits, is there room. For readiness and back-pressure."""

import asyncio
import time
from pathlib import Path

import psutil

from clarion import db, errors, events, log
from clarion.app.meters import Meters
from clarion.config import Settings
from clarion.db import Database, Tx, instance, is_transient
from clarion.public import Disk, Readiness

LOOK_EVERY_S = 1.0
CLOCK_OFF_WARN_S = 5.0

_log = log.get(__name__)


class Standing:
    """Looks every second; `why_refuse` is asked at every request and must be quick."""

    def __init__(self, database: Database, settings: Settings, meters: Meters) -> None:
        self._database = database
        self._settings = settings
        self._meters = meters
        self._reason: str | None = None

    def why_refuse(self) -> str | None:
        """Why ingest must answer 503 for now, as a sentence's end; None when it need not."""
        return self._reason

    async def watch(self, stop: asyncio.Event) -> None:
        """Keep looking until `stop`."""
        warned = False
        while not stop.is_set():
            self._reason = await self._look()
            if (self._reason is not None) != warned:
                warned = self._reason is not None
                _log.warning(self._reason or "ingest is open again", action="backpressure")
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def readiness(self) -> Readiness:
        """Ask the database now."""
        disk = disk_use(self._settings.data)
        try:
            async with self._database.app() as tx:
                backlog, oldest_us = await events.backlog(tx)
                pending = await _pending(tx)
                paused = None if pending else await instance.acting_paused(tx)
        except Exception as exc:
            if not is_transient(exc):
                raise
            return Readiness(ready=False, database="down", disk=disk)
        now_us = self._database.now_us()
        clock_off_s = (now_us - time.time_ns() // 1000) / 1e6
        return Readiness(
            ready=not pending and disk.used_percent < self._settings.disk_stop_percent,
            database="up",
            migrations="pending" if pending else "done",
            backlog=backlog,
            oldest_s=None if oldest_us is None else round(max(0, now_us - oldest_us) / 1e6, 3),
            disk=disk,
            clock_off_s=round(clock_off_s, 3),
            warnings=self._warnings(disk, clock_off_s, paused),
        )

    def _warnings(self, disk: Disk, clock_off_s: float, paused: str | None) -> list[str]:
        found = []
        if paused is not None:
            found.append(f"acting is paused, nothing is sent: {paused}; `clarion acting resume` ends it")
        if disk.used_percent >= self._settings.disk_warn_percent:
            found.append(f"the disk is {disk.used_percent:.0f} % full")
        if abs(clock_off_s) > CLOCK_OFF_WARN_S:
            found.append(f"this machine's clock is {clock_off_s:+.1f} s off the database's")
        if self._reason:
            found.append(self._reason)
        return found

    async def _look(self) -> str | None:
        used = disk_use(self._settings.data).used_percent
        if used >= self._settings.disk_stop_percent:
            return f"the data's disk is {used:.0f} % full"
        try:
            async with self._database.app() as tx:
                backlog, _ = await events.backlog(tx)
        except Exception as exc:
            if not is_transient(exc):
                _log.exception("the backlog could not be asked", action="standing_failed")
            return self._reason  # each request finds out for itself
        full = backlog > self._settings.backlog_max
        self._meters.stands(backlog, refusing=full)
        if full:
            return f"{backlog} accepted items wait to be processed"
        return None


def disk_use(data: Path) -> Disk:
    """Of the file system that the data folder is on (of its nearest parent while there is none)."""
    place = data
    while not place.exists():
        place = place.parent
    use = psutil.disk_usage(str(place))
    return Disk(used_percent=use.percent, free_bytes=use.free)


async def _pending(tx: Tx) -> bool:
    try:
        return bool(await db.pending(tx))
    except errors.Misconfigured:
        return True
