"""Every test of this folder that wants a database has two: the embedded one, and a PostgreSQL 15 where it is found."""

from typing import Any

import httpx2
import pytest

from tests import managed
from tests.composed import at, door_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "addresses" in metafunc.fixturenames:
        metafunc.parametrize("addresses", ["embedded", "postgresql-15"], indirect=True, scope="session")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    """Asks SMASHSEND's door, composed as the server composes it, for a tenant."""
    return knocking(database, ingest, vaults, ids)


def knocking(database: Any, ingest: Any, vaults: Any, ids: Any, outbox_max: int = 100_000) -> Any:
    """The same with these rooms."""
    request = at(door_of(database, ingest, vaults, ids, outbox_max=outbox_max), "smashsend")

    async def ask(tenant: Any, method: str, path: str, body: Any = None, secret: str = "") -> httpx2.Response:
        headers = managed.bearer(secret or tenant.secret)
        if isinstance(body, bytes):
            return await request(method, path, content=body, headers=headers)
        return await request(method, path, json=body, headers=headers)

    return ask
