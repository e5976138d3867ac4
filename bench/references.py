"""What the same machine and the same PostgreSQL do without Clarion, to be divided by."""

import asyncio
import io
import os
import random
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct

from bench import workload
from bench.generator import end
from bench.usage import Processes, Share, share
from clarion.config import Settings
from clarion.db import Address, Addresses
from clarion.events import timeline
from clarion.model import Source
from clarion.serve import listen
from clarion.serve.port import Listener, Orders, encode

ROWS_A_COMMIT = 2_000
_BUFFERS = 16
_SYNCS = 200
_TABLE = "clarion_bench.bare"  # a schema of its own: nothing of Clarion's counts it
_PEOPLE = 20_000
_METRICS = 8


class Copied(Struct, frozen=True):
    """How many rows a plain COPY stored, and what it used."""

    rows: int
    seconds: float
    share: Share


class CopyReference:
    """Binary COPY of the same events, encoded beforehand, into one bare table: no index, logged, a commit each
    2,000 rows, one connection.
    """

    def __init__(self, owner: Address, seed: int) -> None:
        self._owner = owner
        chance = random.Random(seed)
        self._buffers = [_encoded(chance) for _ in range(_BUFFERS)]

    async def run(self, seconds: float, processes: Processes) -> Copied:
        connection = await asyncpg.connect(**self._owner.connect_args())
        try:
            await connection.execute(
                f"CREATE SCHEMA clarion_bench; CREATE TABLE {_TABLE} (LIKE public.event)"
            )
            try:
                return await self._copy(connection, seconds, processes)
            finally:
                await connection.execute("DROP SCHEMA clarion_bench CASCADE")
        finally:
            await connection.close()

    async def _copy(
        self, connection: "asyncpg.Connection[asyncpg.Record]", seconds: float, processes: Processes
    ) -> Copied:
        schema, table = _TABLE.split(".")
        before = processes.read()  # read while the connection's process lives
        rows, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            data = self._buffers[rows // ROWS_A_COMMIT % _BUFFERS]
            await connection.copy_to_table(
                table, schema_name=schema, source=io.BytesIO(data), columns=timeline.COLUMNS, format="binary"
            )
            rows += ROWS_A_COMMIT
        return Copied(rows, took, share(before, processes.read()))


def _encoded(chance: random.Random) -> bytes:
    """One commit's rows in PostgreSQL's binary format."""
    now_us = time.time_ns() // 1000
    people = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(_PEOPLE)]
    rows = [
        timeline.Row(
            profile_id=chance.choice(people),
            occurred_at_us=now_us - chance.randrange(3_600_000_000),
            event_id=uuid.UUID(int=chance.getrandbits(128)),
            metric_id=chance.randrange(_METRICS),
            revision=0,
            source=Source.SMASHSEND,
            history=False,
            session=None,
            properties=msgspec.json.encode(workload.properties(chance)),
            sealed=None,
            brought_by=None,
        )
        for _ in range(ROWS_A_COMMIT)
    ]
    return timeline.COPY_HEADER + timeline.copy_rows(uuid.UUID(int=1), rows) + timeline.COPY_TRAILER


class NullDoor(Struct, frozen=True):
    """The same door with nothing behind it, running."""

    port: int
    pid: int


@asynccontextmanager
async def null_door(folder: Path, addresses: Addresses) -> AsyncIterator[NullDoor]:
    """Served by the very process that serves the real one; ended with the block."""
    settings = Settings(data=folder, port=0)
    with listen.bind(settings) as listening:
        port, descriptor = listening.getsockname()[1], listening.fileno()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "clarion.serve.child", "http", "bench.null_door"),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(descriptor,),
            start_new_session=True,
        )
    assert process.stdin
    try:
        listener = Listener(descriptor=descriptor, backlog=listen.BACKLOG)
        process.stdin.write(
            encode(Orders(name="null-door", settings=settings, addresses=addresses, listener=listener))
        )
        yield NullDoor(port, process.pid)
    finally:
        await end(process)


def sync_ms(folder: Path) -> float:
    """How long the folder's disk takes to keep 8 kB (the median of 200 tries): what every commit waits for."""
    sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
    page = os.urandom(8192)
    took = []
    place = folder / "sync.probe"
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.pwrite(descriptor, page * 8, 0)
        os.fsync(descriptor)
        for n in range(_SYNCS):
            os.pwrite(descriptor, page, n % 8 * 8192)
            began = time.perf_counter()
            sync(descriptor)
            took.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        place.unlink()
    return statistics.median(took) * 1000
