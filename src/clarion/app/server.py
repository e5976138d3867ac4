"""The HTTP side: doors, management API and pages, and what runs beside them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from clarion import accounts
from clarion.accounts import Credential, Credentials, Rates, Use
from clarion.app.beside import keep_clock, listen
from clarion.app.meters import Meters
from clarion.app.rooms import rooms
from clarion.app.routing import ASGIApp, asgi_app
from clarion.app.standing import Standing
from clarion.config import Settings
from clarion.db import Addresses, Database
from clarion.db.engine import machine
from clarion.dialects import Beside, Door, Store, Turns
from clarion.events import Ingest, Pace

CONNECTIONS = 12
OWNER_CONNECTIONS = 2  # the management API retries what stands in quarantine, and counts the ledger again


@asynccontextmanager
async def http(settings: Settings, addresses: Addresses) -> AsyncIterator[ASGIApp]:
    """The ASGI application, and beside it what it needs while it is served."""
    async with rooms(settings, addresses, app=CONNECTIONS, owner=OWNER_CONNECTIONS) as opened:
        meters = Meters()
        standing = Standing(opened.database, settings, meters)
        credentials = Credentials(_credential_loader(opened.database), now_us=opened.database.now_us)
        pace = Pace()
        ingest = Ingest(
            opened.database,
            opened.vaults,
            opened.ids,
            meters=meters,
            refuse_because=standing.why_refuse,
            pace=pace,
        )
        use = Use(opened.database.now_us)
        reads = Beside(opened.vaults, cores=machine.cpus())
        door = Door(
            credentials=credentials,
            rates=Rates(time.monotonic, use.note),
            ingest=ingest,
            now_us=opened.database.now_us,
            turns=Turns(pace),
            reads=reads,
            store=Store(opened.database, opened.vaults, opened.ids, settings.outbox_max),
        )
        stop = asyncio.Event()
        beside = [
            asyncio.create_task(ingest.run(stop)),
            asyncio.create_task(reads.run(stop)),
            asyncio.create_task(use.run(opened.database, stop)),
            asyncio.create_task(standing.watch(stop)),
            asyncio.create_task(listen(addresses.app, accounts.CHANGED, credentials.forget, stop)),
            asyncio.create_task(keep_clock(opened.database, stop)),
        ]
        try:
            yield asgi_app(opened, door, standing, meters.registry, use.saw)
        finally:
            stop.set()
            await asyncio.gather(*beside, return_exceptions=True)


def _credential_loader(database: Database) -> Callable[[bytes], Awaitable[Credential | None]]:
    async def load(token_hash: bytes) -> Credential | None:
        async with database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    return load
