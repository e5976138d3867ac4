"""eSputnik's door as it is composed, and its caller."""

import time
from typing import Any

import httpx2
import pytest

from clarion import accounts, events, jobs
from clarion.accounts import Credentials, Rates
from clarion.app.handlers import handlers
from clarion.dialects import DIALECTS, Door, Store, Table
from tests.dialects.calls import basic

OUTBOX_MAX = 2_000


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("esputnik")


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
        store=Store(database, vaults, ids, outbox_max=OUTBOX_MAX),
    )
    spoken = Table(DIALECTS["esputnik"].routes(door))
    unknown = DIALECTS["esputnik"].unknown(door)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await (spoken.find(scope["method"], scope["path"]) or unknown)(scope, receive, send)

    async def ask(tenant: Any, method: str, path: str, body: Any = None) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=application)
        headers = {"authorization": basic(tenant.secret, "")}
        async with httpx2.AsyncClient(transport=transport, base_url="http://clarion.test") as client:
            return await client.request(method, path, json=body, headers=headers)

    return ask


@pytest.fixture
def ask(knock: Any, tenant: Any) -> Any:
    """The answer's JSON; its text where it is none."""

    async def asking(method: str, path: str, body: Any = None) -> Any:
        answer = await knock(tenant, method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    return asking


@pytest.fixture
def refused(knock: Any, tenant: Any) -> Any:
    async def refusing(method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = await knock(tenant, method, path, body)
        told = answer.json()
        assert told.keys() == {"status", "message"}
        assert told["status"] == answer.status_code
        return answer.status_code, told["message"]

    return refusing


@pytest.fixture
def work_off(database: Any, vaults: Any, ids: Any, tenant: Any) -> Any:
    queue = jobs.Queue(database, handlers(vaults, ids), ids)

    async def run() -> None:
        await queue.work_off(tenant.workspace_id)

    return run


@pytest.fixture
def timeline(database: Any) -> Any:
    """A tenant's events, newest first."""

    async def read(tenant: Any) -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await events.list_events(
                tx,
                tenant.workspace_id,
                events.Which(),
                vault=tenant.vault,
                now_us=database.now_us(),
                limit=50,
            )

    return read
