"""Yotpo's door as it is composed, and its caller."""

import time
from typing import Any

import httpx2
import pytest

from clarion import accounts, profiles
from clarion.accounts import Credentials, Rates
from clarion.dialects import DIALECTS, Door, Store, Table
from clarion.dialects.yotpo import auth

STORE = "/core/v3/stores/self"


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("yotpo")


@pytest.fixture
def clock(database: Any) -> Any:
    """`ahead_us` may be set."""

    class Clock:
        ahead_us = 0

        def __call__(self) -> int:
            return int(database.now_us()) + self.ahead_us

    return Clock()


@pytest.fixture
def credentials(database: Any, clock: Any) -> Credentials:
    async def load(token_hash: bytes) -> accounts.Credential | None:
        async with database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    return Credentials(load, now_us=clock)


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any, credentials: Credentials, clock: Any) -> Any:
    door = Door(
        credentials=credentials,
        rates=Rates(time.monotonic),
        ingest=ingest,
        now_us=clock,
        store=Store(database, vaults, ids),
    )
    spoken = Table(DIALECTS["yotpo"].routes(door))
    unknown = DIALECTS["yotpo"].unknown(door)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await (spoken.find(scope["method"], scope["path"]) or unknown)(scope, receive, send)

    async def ask(key: str, method: str, path: str, body: Any = None, **wish: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=application)
        headers = {"x-yotpo-token": key}
        async with httpx2.AsyncClient(transport=transport, base_url="http://clarion.test") as client:
            return await client.request(method, path, json=body, headers=headers, **wish)

    return ask


@pytest.fixture
def ask(knock: Any, tenant: Any) -> Any:
    """The answer's JSON; the path begins behind the store."""

    async def asking(method: str, path: str, body: Any = None) -> Any:
        answer = await knock(tenant.secret, method, STORE + path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asking


@pytest.fixture
def refused(knock: Any, tenant: Any) -> Any:
    async def refusing(method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = await knock(tenant.secret, method, STORE + path, body)
        (told,) = answer.json()["errors"]
        return answer.status_code, told["message"]

    return refusing


@pytest.fixture
async def issued(database: Any, tenant: Any, ids: Any) -> Any:
    """A credential as the server makes it."""
    async with database.app(tenant.workspace_id) as tx:
        return await accounts.create_credential(
            tx, tenant.workspace_id, "yotpo", auth.FORM, ids=ids, vault=tenant.vault
        )


@pytest.fixture
def person(database: Any, tenant: Any) -> Any:
    """Whom an identity finds."""

    async def find(identity: Any) -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.find_by_identity(tx, tenant.workspace_id, identity, vault=tenant.vault)

    return find
