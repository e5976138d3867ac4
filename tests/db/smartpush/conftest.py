"""SmartPush's door as it is composed, and its caller."""

import time
from typing import Any

import httpx2
import pytest

from clarion import accounts
from clarion.accounts import Credentials, Rates
from clarion.dialects import DIALECTS, Door, Store, Table
from tests.dialects.calls import bearer


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("smartpush")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    async def load(token_hash: bytes) -> accounts.Credential | None:
        async with database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    door = Door(
        credentials=Credentials(load, now_us=database.now_us),
        rates=Rates(time.monotonic),
        ingest=ingest,
        now_us=database.now_us,
        store=Store(database, vaults, ids),
    )
    spoken = Table(DIALECTS["smartpush"].routes(door))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        handler = spoken.find(scope["method"], scope["path"])
        assert handler is not None
        await handler(scope, receive, send)

    async def ask(tenant: Any, path: str, body: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=application)
        headers = {"authorization": bearer(tenant.secret)}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://clarion.test", timeout=60
        ) as client:
            return await client.post(path, json=body, headers=headers)

    return ask


@pytest.fixture
def ask(knock: Any, tenant: Any) -> Any:
    """The answer's data."""

    async def asking(path: str, body: Any) -> Any:
        answer = await knock(tenant, path, body)
        assert answer.status_code in (200, 202), answer.text
        told = answer.json()
        assert (told["code"], told["message"]) == ("SUCCESS", "success")
        return told["data"]

    return asking


@pytest.fixture
def refused(knock: Any, tenant: Any) -> Any:
    async def refusing(path: str, body: Any) -> tuple[int, str, str]:
        answer = await knock(tenant, path, body)
        told = answer.json()
        assert told.keys() == {"code", "message", "data"}
        assert told["data"] is None
        return answer.status_code, told["code"], told["message"]

    return refusing
