"""What eSputnik's page states of keys, and what its clients expect of paths and errors; COVERAGE.csv names these."""

from base64 import b64encode
from typing import Any

import pytest

from clarion.dialects.esputnik import reply, routes
from tests.dialects.calls import SHOWN, basic
from tests.dialects.conftest import SECRET

EVENT = {"eventTypeKey": "testEvent", "keyValue": "ann@example.com", "params": []}
V1 = "/api/v1/event"


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("esputnik", routes)


@pytest.mark.parametrize("user", ["user", "api-user", "", "ann@example.com", "Имя", "x" * 200])
async def test_any_user_name_works_also_none(desk: Any, user: str) -> None:
    answer = await desk.post(V1, EVENT, authorization=basic(SECRET, user))
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + b64encode(SECRET.encode()).decode(),
        basic(""),
        basic("other"),
        basic(SECRET + "x"),
        basic("schlüssel"),
        f"Basic {SECRET}",
        f"Bearer {SECRET}",
        "Basic " + "QUFB" * 5_000,
    ],
)
async def test_a_wrong_key_is_401_in_json_with_its_status(desk: Any, shown: str) -> None:
    """The vendor's shop plugins read the body before the status, and look for `status` in it."""
    for method, path in (("POST", V1), ("GET", "/api/v1/account/info"), ("GET", "/api/v1/account/info/")):
        answer = await desk.send(method, path, authorization=shown)
        assert answer.status == 401
        assert answer.json == {"status": 401, "message": reply.VOICE.words.unauthorized}
        assert answer.headers["www-authenticate"] == 'Basic realm="API"'
    assert desk.journal.calls == 0


async def test_the_scheme_may_be_in_any_case(desk: Any) -> None:
    shown = SHOWN["esputnik"](SECRET).replace("Basic", "bASIC")
    assert (await desk.post(V1, EVENT, authorization=shown)).status == 200


async def test_200_requests_a_second_are_12000_a_minute(desk: Any) -> None:
    assert routes.BUCKETS == {"requests": 12_000}
    desk.credential.rates["requests"] = 1
    assert (await desk.post(V1, EVENT)).status == 200
    answer = await desk.post(V1, EVENT)
    assert answer.json == {"status": 429, "message": "Too many requests: more than 1 requests per minute"}


async def test_a_path_ends_with_a_slash_or_not_and_nobody_is_sent_elsewhere(desk: Any) -> None:
    for path in (V1, f"{V1}/", "/api/v2/event/", "/api/v3/event/"):
        assert (await desk.post(path, EVENT | {"keyValue": f"a{len(path)}@b.co"})).status == 200
    for path in (f"{V1}//", "/api//v1/event", "/api/", "/api/v1/", "/api/v1/emails/unsubscribe/add"):
        assert (await desk.post(path, EVENT)).status == 404


async def test_other_media_types_are_415(desk: Any) -> None:
    """What curl sends without being told otherwise is a form; the vendor refuses it as well."""
    for kind in ("application/xml", "application/x-www-form-urlencoded", "text/plain"):
        answer = await desk.post(V1, EVENT, content_type=kind)
        assert answer.json == {"status": 415, "message": reply.VOICE.words.not_json}
    for kind in ("application/json", "Application/JSON;charset=UTF-8", "text/json", ""):
        assert (await desk.post(V1, EVENT, content_type=kind)).status == 200


async def test_unknown_calls_are_told_in_the_vendors_shape(desk: Any) -> None:
    answer = await desk.send("POST", "/api/v1/nothing")
    assert answer.json == {
        "status": 404,
        "message": "Cannot POST /api/v1/nothing. What this server speaks is listed at /docs/esputnik.",
    }
    answer = await desk.send("PUT", f"{V1}/")
    assert answer.json == {"status": 405, "message": "Method PUT is not allowed for /api/v1/event"}
    assert answer.headers["allow"] == "POST"
    answer = await desk.send("DELETE", "/api/v1/account/info")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


async def test_a_viewers_key_writes_nothing(desk: Any) -> None:
    desk.credential = type(desk.credential)(
        credential_id=desk.credential.credential_id,
        workspace_id=desk.credential.workspace_id,
        dialect="esputnik",
        role="viewer",
    )
    answer = await desk.post(V1, EVENT)
    assert answer.json == {"status": 403, "message": "This API key can only read"}
