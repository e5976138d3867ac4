"""What SmartAppPush's page states of keys, and of who is refused; COVERAGE.csv names these tests."""

from typing import Any

import pytest

from clarion.dialects.smartapppush import reply, routes
from clarion.errors import Unavailable
from tests.dialects.conftest import SECRET
from tests.dialects.test_smartapppush_events import event


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smartapppush", routes)


async def test_the_key_stands_in_the_body_and_no_header_is_needed(desk: Any) -> None:
    assert (await desk.post("/events", event(), authorization="")).status == 200


async def test_a_key_in_a_header_opens_nothing(desk: Any) -> None:
    answer = await desk.post("/events", event(api_key=None), authorization=SECRET)
    assert (answer.status, answer.json) == (400, {"error": "api_key is required"})


@pytest.mark.parametrize("key", ["nobodys", SECRET + "x", "x" * 9_000, "schlüssel", "\ud7ff"])
async def test_an_unknown_key_is_400(desk: Any, key: str) -> None:
    answer = await desk.post("/events", event(api_key=key))
    assert (answer.status, answer.json) == (400, {"error": reply.UNKNOWN_KEY})
    assert desk.journal.calls == 0


@pytest.mark.parametrize(
    ("tenant_id", "status"), [(f"{2:032x}", 200), ("self", 200), (f"{3:032x}", 400), ("%00", 400)]
)
async def test_the_account_is_the_keys(desk: Any, tenant_id: str, status: int) -> None:
    assert (await desk.post("/events", event(tenant_id=tenant_id))).status == status


async def test_overloaded_it_says_when_to_come_back(desk: Any) -> None:
    desk.journal.error = Unavailable("the backlog is full", retry_after_s=3)
    answer = await desk.post("/events", event())
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")
    desk.journal.error = None
    assert (await desk.post("/events", event())).status == 200, "the same may be sent again"


async def test_an_app_is_not_limited_unless_its_owner_says_so(desk: Any) -> None:
    for number in range(300):
        assert (await desk.post("/events", event(session_id=str(number)))).status == 200
    desk.credential.rates["requests"] = 300
    assert (await desk.post("/events", event())).status == 200
    desk.credential.rates["requests"] = 1
    assert (await desk.post("/events", event())).status == 429


async def test_other_media_types_are_415(desk: Any) -> None:
    for kind in ("application/xml", "application/x-www-form-urlencoded", "text/plain"):
        assert (await desk.post("/events", event(), content_type=kind)).status == 415


async def test_a_viewers_key_writes_nothing(desk: Any) -> None:
    held = desk.credential
    desk.credential = type(held)(
        credential_id=held.credential_id,
        workspace_id=held.workspace_id,
        dialect="smartapppush",
        role="viewer",
    )
    answer = await desk.post("/events", event())
    assert (answer.status, answer.json) == (403, {"error": reply.VOICE.words.read_only})


async def test_a_body_is_compressed_or_not(desk: Any) -> None:
    answer = await desk.post("/events", b"\x1f\x8b", content_encoding="gzip")
    assert answer.status == 400
