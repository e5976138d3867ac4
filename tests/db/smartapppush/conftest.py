"""SmartAppPush's door as it is composed, and its caller."""

from typing import Any

import httpx2
import pytest

from clarion import profiles
from clarion.dialects.smartapppush import mapping
from clarion.model import Identity, IdentityKind
from tests.composed import at, door_of

PAGE = {
    "event_name": "purchase_completed",
    "device_token": "fcm_or_onesignal_device_token",
    "platform": "android",
    "push_permission_granted": True,
    "timezone": "Europe/Istanbul",
    "language": "tr",
    "country": "TR",
    "session_id": "sess_abc123",
}


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("smartapppush")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    request = at(door_of(database, ingest, vaults, ids), "smartapppush")

    async def ask(path: str, told: Any) -> httpx2.Response:
        return await request("POST", path, json=told)

    return ask


@pytest.fixture
def post(knock: Any, tenant: Any) -> Any:
    async def posting(path: str, **told: Any) -> httpx2.Response:
        body = {"tenant_id": "self", "api_key": tenant.secret} | told
        answer: httpx2.Response = await knock(path, body)
        return answer

    return posting


@pytest.fixture
def tell(post: Any) -> Any:
    """An event of the page's, of a day of 2026 and with other fields; None takes one away. Its fingerprint."""
    days = iter(range(1, 29))

    async def telling(**fields: Any) -> str:
        told = PAGE | {"event_time": f"2026-02-{next(days):02d}T12:00:00Z"} | fields
        answer = await post("/events", **{name: one for name, one in told.items() if one is not None})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["fingerprint"])

    return telling


@pytest.fixture
def person(database: Any, tenant: Any) -> Any:
    """Whom an app_user_id finds, or a device."""

    async def find(user_id: str = "", *, token: str = "") -> Any:
        who = Identity(IdentityKind.EXTERNAL_ID, "smartapppush", user_id)
        who = mapping.anonymous(token) if token else who
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.find_by_identity(tx, tenant.workspace_id, who, vault=tenant.vault)

    return find
