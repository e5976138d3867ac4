"""Yotpo's door as it is composed, and its caller."""

from typing import Any

import httpx2
import pytest

from clarion import accounts, profiles
from clarion.accounts import Credentials
from clarion.dialects.yotpo import auth
from tests.composed import at, credentials_of, door_of

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
    return credentials_of(database, now_us=clock)


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any, credentials: Credentials, clock: Any) -> Any:
    door = door_of(database, ingest, vaults, ids, credentials=credentials, now_us=clock)
    request = at(door, "yotpo")

    async def ask(key: str, method: str, path: str, body: Any = None, **wish: Any) -> httpx2.Response:
        return await request(method, path, json=body, headers={"x-yotpo-token": key}, **wish)

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
