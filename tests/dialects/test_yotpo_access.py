"""What Yotpo's page states of stores and credentials; COVERAGE.csv names these tests. Tokens: tests/db/yotpo."""

from typing import Any

import pytest

from clarion.dialects.yotpo import reply, routes
from tests.dialects.conftest import SECRET

BODY = {"type": "a", "unique_id": "1", "customer": {"email": "ann@example.com"}}
EVENTS = "/core/v3/stores/{}/customer_events"
OWN = f"{2:032x}"


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("yotpo", routes)


async def test_the_token_stands_in_a_header(desk: Any) -> None:
    assert (await desk.post(EVENTS.format(OWN), BODY, authorization=SECRET)).status == 200
    desk.shown_in = "authorization"
    assert (await desk.post(EVENTS.format(OWN), BODY, authorization=f"Bearer {SECRET}")).status == 200
    assert (await desk.post(EVENTS.format(OWN), BODY, authorization=SECRET)).status == 401


@pytest.mark.parametrize("shown", ["", "nobodys", SECRET + "x", "x" * 9_000, "schl\xfcssel"])
async def test_a_missing_or_wrong_token_is_401(desk: Any, shown: str) -> None:
    answer = await desk.post(EVENTS.format(OWN), BODY, authorization=shown)
    assert answer.status == 401
    assert answer.json == {"errors": [{"message": reply.VOICE.words.unauthorized}]}
    assert desk.journal.calls == 0


@pytest.mark.parametrize(("store_id", "status"), [(OWN, 200), ("self", 200), ("another", 404), ("%00", 404)])
async def test_the_store_in_the_path_is_the_tokens(desk: Any, store_id: str, status: int) -> None:
    assert (await desk.post(EVENTS.format(store_id), BODY)).status == status


async def test_a_store_is_required(desk: Any) -> None:
    for path in ("/core/v3/stores/customer_events", "/core/v3/stores//customer_events"):
        assert (await desk.post(path, BODY)).status == 404


async def test_over_the_rate_the_vendors_headers_say_until_when(desk: Any) -> None:
    desk.credential.rates["requests"] = 1
    assert (await desk.post(EVENTS.format(OWN), BODY)).status == 200
    answer = await desk.post(EVENTS.format(OWN), BODY)
    assert (answer.status, answer.headers["ratelimit-remaining"]) == (429, "0")
    assert answer.headers["ratelimit-reset"] == answer.headers["retry-after"]


async def test_other_media_types_are_415(desk: Any) -> None:
    for kind in ("application/xml", "application/x-www-form-urlencoded", "text/plain"):
        answer = await desk.post(EVENTS.format(OWN), BODY, content_type=kind)
        assert answer.json == {"errors": [{"message": reply.VOICE.words.not_json}]}


async def test_a_viewers_key_writes_nothing(desk: Any) -> None:
    held = desk.credential
    desk.credential = type(held)(
        credential_id=held.credential_id, workspace_id=held.workspace_id, dialect="yotpo", role="viewer"
    )
    answer = await desk.post(EVENTS.format(OWN), BODY)
    assert (answer.status, answer.json["errors"]) == (403, [{"message": reply.VOICE.words.read_only}])
