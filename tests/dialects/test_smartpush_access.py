"""What SmartPush's door makes of tokens and of reports before any room is asked; COVERAGE.csv names these."""

import json
from typing import Any

import pytest

from clarion.dialects.smartpush import reply, routes
from tests.dialects.conftest import SECRET

REPORT = "/reportCustomEvent"
EVENT = {"eventCode": "offline_purchase", "email": "ann@example.com"}


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smartpush", routes)


async def refusal(desk: Any, body: Any) -> tuple[int, str, str]:
    answer = await desk.post(REPORT, body)
    assert answer.json["data"] is None
    return answer.status, answer.json["code"], answer.json["message"]


@pytest.mark.parametrize(
    "shown",
    [
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": f"bearer   {SECRET}"},
        {"authorization": SECRET},
        {"authorization": "", "token": SECRET},
    ],
)
async def test_a_token_is_shown_in_either_header(desk: Any, shown: Any) -> None:
    assert (await desk.post(REPORT, EVENT, **shown)).status == 200


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer ", SECRET + "x", f"Basic {SECRET}", "Bearer schlüssel"]
)
async def test_a_wrong_token_is_401(desk: Any, shown: str) -> None:
    for path in (REPORT, "/createContact", "/createCustomMetric", routes.METRICS):
        answer = await desk.post(path, EVENT, authorization=shown)
        assert answer.status == 401
        assert answer.json == {
            "code": "UNAUTHORIZED",
            "message": reply.VOICE.words.unauthorized,
            "data": None,
        }
    assert desk.journal.calls == 0


async def test_a_viewers_token_writes_nothing(desk: Any) -> None:
    held = desk.credential
    desk.credential = type(held)(
        credential_id=held.credential_id, workspace_id=held.workspace_id, dialect="smartpush", role="viewer"
    )
    assert await refusal(desk, EVENT) == (403, "READ_ONLY", reply.VOICE.words.read_only)


async def test_what_a_report_must_say_is_named(desk: Any) -> None:
    for wrong, message in (
        ({"email": "a@b.co"}, "eventCode is required"),
        ({"eventCode": " ", "email": "a@b.co"}, "eventCode is required"),
        ({"eventCode": "x"}, "email or phone is required"),
        ({"eventCode": "x", "email": "nobody"}, "email must be a valid e-mail address"),
        ({"eventCode": "x", "phone": "-"}, "phone must be a telephone number"),
        (EVENT | {"eventTime": "soon"}, "eventTime must be an ISO 8601 time or Unix time"),
        (EVENT | {"eventTime": 1e300}, "eventTime must lie within 30 years of now"),
        (EVENT | {"eventId": "x" * 201}, "eventId must have up to 200 characters"),
    ):
        assert await refusal(desk, wrong) == (400, "INVALID_PARAMETER", message)


async def test_an_event_says_20_attributes_and_not_21(desk: Any) -> None:
    attributes = {f"a{n}": n for n in range(21)}
    told = (400, "LIMIT_EXCEEDED", "An event has up to 20 attributes")
    assert await refusal(desk, EVENT | {"attributes": attributes}) == told
    del attributes["a0"]
    assert (await desk.post(REPORT, EVENT | {"attributes": attributes})).status == 200


async def test_200_events_at_once_and_not_201(desk: Any) -> None:
    assert (await refusal(desk, {"events": [EVENT] * 201}))[0] == 400
    answer = await desk.post(REPORT, {"events": [EVENT] * 200})
    assert answer.json["data"] == {"accepted": 200, "duplicates": 0}


async def test_what_was_refused_is_counted_and_kept_as_it_came(desk: Any) -> None:
    body = {"events": [EVENT, {"eventCode": "x"}]}
    assert (await refusal(desk, body))[2] == "events[1]: email or phone is required"
    assert desk.journal.offers == []
    assert desk.journal.rejected == 2
    (sample,) = desk.journal.samples
    assert json.loads(sample.body) == body
    assert (sample.code, sample.message) == ("INVALID_PARAMETER", "events[1]: email or phone is required")


async def test_without_an_id_and_a_time_every_report_is_a_new_event(desk: Any) -> None:
    for _ in range(2):
        await desk.post(REPORT, EVENT)
    assert len(desk.journal.offers) == 2
    for _ in range(2):
        await desk.post(REPORT, EVENT | {"eventTime": 1_768_473_000})
    assert len(desk.journal.offers) == 3
