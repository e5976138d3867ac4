"""What SMASHSEND's page states of keys, rates and errors; COVERAGE.csv names these tests."""

from typing import Any

import pytest

from clarion.dialects.smashsend import routes
from tests.dialects.smashsend.requests import BATCH, SINGLE, event, failure, numbered


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smashsend", routes)


# ---- access


async def test_the_key_is_a_bearer_token(desk: Any) -> None:
    for shown in ("Bearer sk_live_the_callers_own", "bearer  sk_live_the_callers_own"):
        assert (await desk.post(SINGLE, event(), authorization=shown)).status == 200
    for shown in ("sk_live_the_callers_own", "Basic sk_live_the_callers_own", "Bearer", "Bearer ", ""):
        assert (await desk.post(SINGLE, event(), authorization=shown)).status == 401


@pytest.mark.parametrize("shown", ["", "Bearer sk_live_other", "Bearer schlüssel", "Bearer " + "x" * 5_000])
async def test_a_missing_or_unknown_key_is_refused_in_the_vendors_words(desk: Any, shown: str) -> None:
    for path in (SINGLE, BATCH):
        answer = await desk.post(path, event(), authorization=shown)
        assert answer.status == 401
        assert answer.json == failure(401, "Unauthorized", "Invalid API key")
    assert desk.journal.calls == 0


async def test_a_thousand_single_requests_a_minute(desk: Any) -> None:
    for n in range(1_000):
        assert (await desk.post(SINGLE, numbered(n))).status == 200
    assert (await desk.post(SINGLE, numbered(1_000))).status == 429
    desk.now_us += 60_000_000
    assert (await desk.post(SINGLE, numbered(1_000))).status == 200


async def test_fifty_batches_a_minute_in_a_bucket_of_their_own(desk: Any) -> None:
    for n in range(50):
        assert (await desk.post(BATCH, {"events": [numbered(n)]})).status == 200
    assert (await desk.post(BATCH, {"events": []})).status == 429
    assert (await desk.post(SINGLE, event())).status == 200


async def test_rates_can_be_changed_and_taken_away(open_desk: Any) -> None:
    desk = open_desk("smashsend", routes)
    desk.credential.rates.update(single=2, batch=0)
    assert [(await desk.post(SINGLE, event())).status for _ in range(3)] == [200, 200, 429]
    assert {(await desk.post(BATCH, {"events": []})).status for _ in range(60)} == {200}


async def test_over_the_rate_is_told_to_the_letter(desk: Any) -> None:
    desk.credential.rates.update(single=1)
    await desk.post(SINGLE, event())
    desk.now_us += 12_000_000
    answer = await desk.post(SINGLE, event())
    message = "Rate limit exceeded. Please retry after 60 seconds."
    assert answer.json == failure(429, "Too Many Requests", message)
    assert answer.headers["retry-after"] == "48"


async def test_ten_thousand_events_a_minute_through_batches(desk: Any) -> None:
    for n in range(50):
        events = [numbered(n * 200 + k) for k in range(200)]
        assert (await desk.post(BATCH, {"events": events})).json["accepted"] == 200
    assert len(desk.journal.offers) == 10_000


# ---- errors


async def test_every_error_has_the_same_shape(desk: Any) -> None:
    desk.credential.rates.update(batch=1)
    await desk.post(BATCH, {"events": []})
    answers = [
        await desk.post(SINGLE, event(event="a b")),
        await desk.post(SINGLE, event(), authorization="Bearer no"),
        await desk.send("GET", "/v1/webhooks"),
        await desk.send("GET", SINGLE),
        await desk.post(SINGLE, b" " * 40_000),
        await desk.post(SINGLE, event(), content_encoding="br"),
        await desk.post(BATCH, {"events": []}),
    ]
    assert [(answer.status, answer.json["error"]) for answer in answers] == [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (413, "Payload Too Large"),
        (415, "Unsupported Media Type"),
        (429, "Too Many Requests"),
    ]
    for answer in answers:
        assert list(answer.json) == ["statusCode", "error", "message"]
        assert answer.json["statusCode"] == answer.status


async def test_a_path_that_is_not_spoken_says_what_is(desk: Any) -> None:
    answer = await desk.send("POST", "/v1/campaigns")
    spoken = "Cannot POST /v1/campaigns. What this server speaks is listed at /docs/smashsend."
    assert answer.json == failure(404, "Not Found", spoken)
    answer = await desk.send("PUT", SINGLE)
    assert answer.headers["allow"] == "POST"
