"""The same door with nothing behind it: authentication, rules, mapping and answer as ever, accept answered at once.

    python -m bench.null_door

Says its port on standard output and serves until its standard input ends. What a request costs here is what no
cheaper storing could save.
"""

import asyncio
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from clarion.accounts import Credential, Credentials, Rates
from clarion.app.routing import doors
from clarion.config import Settings
from clarion.dialects import DIALECTS, Door
from clarion.model import Accepted, Duplicate, Ids, Offer, Source
from clarion.serve import listen
from clarion.serve.http import serve_asgi
from clarion.serve.port import ASGIApp, Listener

DIALECT = "smashsend"


class NullIngest:
    """Accepts everything and keeps nothing."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    async def offer(
        self, credential: Credential, source: Source, offers: Sequence[Offer], *, rejected: int = 0
    ) -> list[Accepted | Duplicate]:
        return [Accepted(self._ids.next()) for _ in offers]


def application() -> ASGIApp:
    """Every door, knowing every key, without limits."""
    credential = Credential(
        credential_id=uuid.UUID(int=1),
        workspace_id=uuid.UUID(int=2),
        dialect=DIALECT,
        rates=dict.fromkeys(DIALECTS[DIALECT].buckets, 0),
    )

    async def load(_token_hash: bytes) -> Credential | None:
        return credential

    def now_us() -> int:
        return time.time_ns() // 1000

    outside = doors(
        Door(
            credentials=Credentials(load),
            rates=Rates(time.monotonic),
            ingest=NullIngest(Ids(now_us)),
            now_us=now_us,
        )
    )

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        handler = outside.find(scope["method"], scope["path"])
        assert handler is not None, "only calls that a door speaks are sent here"
        await handler(scope, receive, send)

    return answer


async def main() -> None:
    settings = Settings(data=Path(tempfile.gettempdir()), port=0)
    stop = asyncio.Event()
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    listening = listen.bind(settings)
    os.write(1, b"%d\n" % listening.getsockname()[1])
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    listener = Listener(descriptor=listening.detach(), backlog=listen.BACKLOG)  # Granian closes it
    serving = asyncio.create_task(serve_asgi(application(), listener, settings, stop))
    await lines.read()
    stop.set()
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
