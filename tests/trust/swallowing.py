"""A proxy in front of PostgreSQL that lets a commit happen, swallows its reply and cuts the connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from msgspec.structs import replace

from clarion.db import Addresses

COMMIT = b"COMMIT;"  # as asyncpg ends a transaction
_IDLE = b"Z\x00\x00\x00\x05I"  # PostgreSQL: ready again, outside of a transaction
_PIECE = 1 << 20


class Swallower:
    """`swallow(after)`: on the first connection on which `after` is said, the reply to the next `sign` is lost, once.

    `swallowed`: how often that happened.
    """

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._after: bytes | None = None
        self._sign = COMMIT
        self.swallowed = 0

    def swallow(self, after: bytes, sign: bytes = COMMIT) -> None:
        self._after, self._sign = after, sign

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one of its sides ends it."""
        host, port = self._place
        if host.startswith("/"):
            theirs = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            theirs = await asyncio.open_connection(host, port)
        cut = asyncio.Event()
        ways = [
            asyncio.create_task(self._ask(reader, theirs[1], cut)),
            asyncio.create_task(self._answer(theirs[0], writer, cut)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for side in (writer, theirs[1]):
            side.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        armed = False
        with suppress(OSError):
            while asked := await reader.read(_PIECE):
                if self._after is not None and self._after in asked:
                    armed, self._after = True, None
                if armed and self._sign in asked:
                    cut.set()
                writer.write(asked)
                await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while said := await reader.read(_PIECE):
                if not cut.is_set():
                    writer.write(said)
                    await writer.drain()
                elif said.endswith(_IDLE):  # it is done, and nobody hears of it
                    self.swallowed += 1
                    return


@asynccontextmanager
async def swallower(addresses: Addresses) -> AsyncIterator[tuple[Swallower, Addresses]]:
    """The proxy, and the ways into the database that lead through it."""
    swallowing = Swallower(addresses.app.host, addresses.app.port)
    server = await asyncio.start_server(swallowing.relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = Addresses(
        owner=replace(addresses.owner, host="127.0.0.1", port=port),
        app=replace(addresses.app, host="127.0.0.1", port=port),
    )
    try:
        yield swallowing, through
    finally:
        server.close()
