"""SmartPush's door as it is composed, and its caller."""

from typing import Any

import httpx2
import pytest

from tests.composed import at, door_of
from tests.dialects.calls import bearer


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("smartpush")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    request = at(door_of(database, ingest, vaults, ids), "smartpush")

    async def ask(tenant: Any, path: str, body: Any) -> httpx2.Response:
        return await request("POST", path, json=body, headers={"authorization": bearer(tenant.secret)})

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
