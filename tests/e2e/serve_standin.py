"""A tiny application in the place of `clarion.app`, for the tests of `clarion serve` (`--app serve_standin`).

Files in the data folder tell it to misbehave: `refuse` and `crash` in prepare, `http-ends` and
`worker-ends` at once.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from clarion import log
from clarion.config import Settings
from clarion.db.address import Addresses
from clarion.errors import Misconfigured
from clarion.serve.port import ASGIApp, Example, Prepared

_log = log.get(__name__)


async def prepare(settings: Settings, addresses: Addresses) -> Prepared:
    if (settings.data / "refuse").exists():
        raise Misconfigured("the data is from tomorrow: install a newer Clarion")
    if (settings.data / "crash").exists():
        raise KeyError("unforeseen")
    curl = f"curl {settings.base_url}/hello"
    return Prepared(examples=(Example(dialect="standin", curl=curl, key="clarion credential list"),))


@asynccontextmanager
async def http(settings: Settings, addresses: Addresses) -> AsyncIterator[ASGIApp]:
    if (settings.data / "http-ends").exists():
        raise Misconfigured("HTTP has no mind to start")
    yield _answer
    _log.info("http has closed", action="standin_http_closed")


async def worker(settings: Settings, addresses: Addresses, stop: asyncio.Event) -> None:
    if (settings.data / "worker-ends").exists():
        return
    await stop.wait()
    _log.info("worker has finished", action="standin_worker_finished")


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    path = scope["path"]
    if path.startswith("/slow/"):
        await asyncio.sleep(float(path.removeprefix("/slow/")))
    if path == "/crash":
        raise ValueError("a bug")
    if path == "/headers":
        body = b"\n".join(name + b": " + value for name, value in scope["headers"])
    else:
        body = str(os.getpid()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})
