"""eSputnik's door as it is composed, and its caller."""

from typing import Any

import httpx2
import pytest

from clarion import events, jobs
from clarion.app.handlers import handlers
from tests.composed import at, door_of
from tests.dialects.calls import basic

OUTBOX_MAX = 2_000


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("esputnik")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    request = at(door_of(database, ingest, vaults, ids, outbox_max=OUTBOX_MAX), "esputnik")

    async def ask(tenant: Any, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await request(method, path, json=body, headers={"authorization": basic(tenant.secret, "")})

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
