"""Every test of this folder that wants a database has two: the embedded one, and a PostgreSQL 15 where it is found."""

import time
from typing import Any

import httpx2
import pytest

from clarion import accounts
from clarion.accounts import Credentials, Rates
from clarion.dialects import DIALECTS, Door, Store, Table
from tests import managed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "addresses" in metafunc.fixturenames:
        metafunc.parametrize("addresses", ["embedded", "postgresql-15"], indirect=True, scope="session")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    """Asks SMASHSEND's door, composed as the server composes it, for a tenant."""
    return knocking(database, ingest, vaults, ids)


def knocking(database: Any, ingest: Any, vaults: Any, ids: Any, outbox_max: int = 100_000) -> Any:
    """The same with these rooms."""

    async def load(token_hash: bytes) -> accounts.Credential | None:
        async with database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    door = Door(
        credentials=Credentials(load, now_us=database.now_us),
        rates=Rates(time.monotonic),
        ingest=ingest,
        now_us=database.now_us,
        store=Store(database, vaults, ids, outbox_max=outbox_max),
    )
    spoken = Table(DIALECTS["smashsend"].routes(door))
    unknown = DIALECTS["smashsend"].unknown(door)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await (spoken.find(scope["method"], scope["path"]) or unknown)(scope, receive, send)

    async def ask(tenant: Any, method: str, path: str, body: Any = None, secret: str = "") -> httpx2.Response:
        transport = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://clarion.test") as client:
            headers = managed.bearer(secret or tenant.secret)
            if isinstance(body, bytes):
                return await client.request(method, path, content=body, headers=headers)
            return await client.request(method, path, json=body, headers=headers)

    return ask
