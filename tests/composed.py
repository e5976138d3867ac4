"""Doors as the server composes them, asked without a network."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2

from clarion import accounts
from clarion.accounts import Credentials, Rates
from clarion.dialects import DIALECTS, Door, Store, Table

Request = Callable[..., Awaitable[httpx2.Response]]  # what httpx2.AsyncClient.request takes


def credentials_of(database: Any, *, now_us: Callable[[], int] | None = None) -> Credentials:
    async def load(token_hash: bytes) -> accounts.Credential | None:
        async with database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    return Credentials(load, now_us=now_us or database.now_us)


def door_of(
    database: Any,
    ingest: Any,
    vaults: Any,
    ids: Any,
    *,
    outbox_max: int = 100_000,
    credentials: Credentials | None = None,
    now_us: Callable[[], int] | None = None,
) -> Door:
    return Door(
        credentials=credentials or credentials_of(database),
        rates=Rates(time.monotonic),
        ingest=ingest,
        now_us=now_us or database.now_us,
        store=Store(database, vaults, ids, outbox_max=outbox_max),
    )


def at(door: Door, *dialects: str) -> Request:
    """Asks the calls of some dialects; what they do not speak is answered in the first one's voice."""
    spoken = [Table(DIALECTS[dialect].routes(door)) for dialect in dialects]
    unknown = DIALECTS[dialects[0]].unknown(door)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found = (table.find(scope["method"], scope["path"]) for table in spoken)
        await next(filter(None, found), unknown)(scope, receive, send)

    async def ask(method: str, path: str, **wish: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://clarion.test", timeout=60
        ) as client:
            return await client.request(method, path, **wish)

    return ask
