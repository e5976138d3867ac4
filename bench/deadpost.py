"""A mail server that accepts connections and never says a word; and a port at which nobody listens."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Silent:
    """Connections that wait for a greeting. `hang_up` ends those that there are. At `refusing_port` nobody listens."""

    def __init__(self) -> None:
        self._held: set[asyncio.StreamWriter] = set()
        self.port = self.refusing_port = 0
        self.taken = 0

    async def hold(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        self._held.add(writer)

    def hang_up(self) -> None:
        for writer in self._held:
            writer.transport.abort()
        self._held.clear()


@asynccontextmanager
async def silent() -> AsyncIterator[Silent]:
    """Listening on loopback; closed with the block."""
    dead = Silent()
    refusing = socket.socket()
    refusing.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can have it
    dead.refusing_port = refusing.getsockname()[1]
    server = await asyncio.start_server(dead.hold, "127.0.0.1", 0)
    dead.port = server.sockets[0].getsockname()[1]
    try:
        yield dead
    finally:
        dead.hang_up()
        server.close()
        refusing.close()
