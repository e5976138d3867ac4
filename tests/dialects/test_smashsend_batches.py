"""What SMASHSEND's page states of batches and of repeats; COVERAGE.csv names these tests."""

import json
from typing import Any

import pytest

from clarion.dialects.smashsend import routes
from clarion.model import Mode
from tests.dialects.smashsend.requests import BATCH, SINGLE, event, failure, numbered, padded


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smashsend", routes)


# ---- batches


async def test_a_batch_answers_for_each_event(desk: Any) -> None:
    answer = await desk.post(BATCH, {"events": [numbered(0), numbered(1), numbered(2)]})
    assert answer.status == 200
    assert answer.json == {
        "accepted": 3,
        "failed": 0,
        "duplicated": 0,
        "events": [{"index": n, "messageId": f"m{n}", "status": "accepted"} for n in range(3)],
        "errors": [],
    }


async def test_events_is_a_required_array(desk: Any) -> None:
    for body, message in (
        ({}, '"events" is required'),
        ({"events": None}, '"events" is required'),
        ({"events": {}}, '"events" must be an array'),
        ({"events": "all"}, '"events" must be an array'),
        ([event()], '"value" must be of type object'),
        (7, '"value" must be of type object'),
    ):
        answer = await desk.post(BATCH, body)
        assert answer.json == failure(400, "Bad Request", message)


async def test_no_events_are_no_failure(desk: Any) -> None:
    answer = await desk.post(BATCH, {"events": []})
    assert answer.status == 200
    assert answer.json == {"accepted": 0, "failed": 0, "duplicated": 0, "events": [], "errors": []}


async def test_events_of_a_batch_follow_the_schema_of_a_single_one(desk: Any) -> None:
    bad = [
        event(event="a b"),
        event(identify={}),
        event(properties={"a": {"b": {"c": {"d": 1}}}}),
        event(timestamp="soon"),
        event(messageId=7),
        "event",
    ]
    answer = await desk.post(BATCH, {"events": [*bad, event(timestamp=1_705_314_600, properties={"a": 1})]})
    assert answer.status == 207
    assert [failed["errors"][0]["code"] for failed in answer.json["errors"]] == [
        "INVALID_EVENT_NAME",
        "EMAIL_REQUIRED",
        "PROPERTIES_TOO_DEEP",
        "INVALID_TIMESTAMP",
        "INVALID_MESSAGE_ID",
        "INVALID_EVENT",
    ]
    assert desk.journal.events[0].properties == {"a": 1}


async def test_200_events_pass_and_201_do_not(desk: Any) -> None:
    events = [numbered(n) for n in range(201)]
    answer = await desk.post(BATCH, {"events": events})
    assert answer.json == failure(400, "Bad Request", "Batch cannot exceed 200 events")
    assert desk.journal.rejected == 1  # refused whole is one item
    assert not desk.journal.offers
    assert (await desk.post(BATCH, {"events": events[:200]})).json["accepted"] == 200


async def test_a_batch_has_up_to_6_4_mb(desk: Any) -> None:
    full = b'{"events":[' + b",".join([padded(32 * 1024)] * 200) + b"]}"
    longest = full + b" " * (6_710_886 - len(full))
    assert (await desk.post(BATCH, longest)).status == 200
    answer = await desk.post(BATCH, longest + b" ")
    assert answer.json == failure(413, "Payload Too Large", "Batch payload exceeds 6.4MB limit")


async def test_an_event_of_a_batch_has_up_to_32_kb(desk: Any) -> None:
    events = b'{"events":[' + padded(32 * 1024 + 1) + b"," + padded(32 * 1024) + b"]}"
    answer = await desk.post(BATCH, events)
    assert answer.status == 207
    told = [{"code": "PAYLOAD_TOO_LARGE", "message": "Event payload exceeds 32KB limit"}]
    assert answer.json["errors"] == [{"index": 0, "errors": told}]


async def test_failed_events_do_not_stop_the_others(desk: Any) -> None:
    answer = await desk.post(BATCH, {"events": [numbered(0), event(identify={"email": "no"}), numbered(2)]})
    assert answer.status == 207
    assert answer.json == {
        "accepted": 2,
        "failed": 1,
        "duplicated": 0,
        "events": [
            {"index": 0, "messageId": "m0", "status": "accepted"},
            {"index": 2, "messageId": "m2", "status": "accepted"},
        ],
        "errors": [{"index": 1, "errors": [{"code": "INVALID_EMAIL", "message": "Invalid email format"}]}],
    }
    assert len(desk.journal.offers) == 2
    assert desk.journal.rejected == 1


async def test_when_every_event_failed_it_is_400_in_the_shape_of_a_batch(desk: Any) -> None:
    answer = await desk.post(BATCH, {"events": [event(event="a b"), 7]})
    assert answer.status == 400
    assert (answer.json["accepted"], answer.json["failed"], answer.json["events"]) == (0, 2, [])
    assert [failed["index"] for failed in answer.json["errors"]] == [0, 1]
    assert desk.journal.rejected == 2


async def test_a_failed_event_hears_all_that_is_wrong(desk: Any) -> None:
    bad = event(event="a b" * 30, identify={"email": "no"}, properties={"a": "s" * 1_001}, timestamp="soon")
    answer = await desk.post(BATCH, {"events": [bad]})
    assert [error["code"] for error in answer.json["errors"][0]["errors"]] == [
        "INVALID_EVENT_NAME",
        "EVENT_NAME_TOO_LONG",
        "INVALID_EMAIL",
        "STRING_TOO_LONG",
        "INVALID_TIMESTAMP",
    ]


# ---- duplicates


async def test_a_made_message_id_comes_from_the_content(desk: Any) -> None:
    given = event(properties={"a": 1, "b": {"c": 2, "d": [1, 2]}})
    made = (await desk.post(SINGLE, given)).json["messageId"]
    desk.now_us += 1_000_000
    again = {
        "identify": given["identify"],
        "properties": {"b": {"d": [1, 2], "c": 2}, "a": 1},
        "event": given["event"],
    }
    assert (await desk.post(SINGLE, again)).json["messageId"] == made
    assert len(desk.journal.offers) == 1
    others = [
        given | {"event": "user.Signup"},
        given | {"identify": {"email": "other@example.com"}},
        given | {"identify": {"email": "user@example.com", "traits": {"a": 1}}},
        given | {"properties": {"a": 1, "b": {"c": 2, "d": [2, 1]}}},
        given | {"timestamp": 1_705_314_600},
    ]
    ids = {(await desk.post(SINGLE, other)).json["messageId"] for other in others}
    assert len(ids | {made}) == 6


async def test_a_given_message_id_is_the_key(desk: Any) -> None:
    await desk.post(SINGLE, event(messageId="order_1", properties={"amount": 1}))
    answer = await desk.post(SINGLE, event(messageId="order_1", properties={"amount": 2}))
    assert answer.status == 200
    assert [kept.properties for kept in desk.journal.events] == [{"amount": 1}]


async def test_ids_given_or_made_are_known_for_24_hours(desk: Any) -> None:
    await desk.post(BATCH, {"events": [event(), event(messageId="order_1")]})
    assert {(offer.dedup.mode, offer.dedup.window_s) for offer in desk.journal.offers} == {
        (Mode.ONCE, 86_400)
    }


async def test_duplicates_are_marked_and_counted_and_succeed(desk: Any) -> None:
    await desk.post(SINGLE, numbered(1))
    answer = await desk.post(BATCH, {"events": [numbered(0), numbered(1), numbered(0)]})
    assert answer.status == 200
    assert [told["status"] for told in answer.json["events"]] == ["accepted", "duplicate", "duplicate"]
    assert (answer.json["accepted"], answer.json["duplicated"], answer.json["failed"]) == (1, 2, 0)


async def test_a_retry_succeeds_and_changes_nothing(desk: Any) -> None:
    first = await desk.post(SINGLE, event())
    again = await desk.post(SINGLE, event())
    assert (again.status, again.json) == (200, first.json)
    events = {"events": [numbered(n) for n in range(3)]}
    await desk.post(BATCH, events)
    again = await desk.post(BATCH, events)
    assert (again.status, again.json["accepted"], again.json["duplicated"]) == (200, 0, 3)
    assert len(desk.journal.offers) == 4


async def test_what_is_refused_is_handed_on_as_it_came_with_its_first_problem(desk: Any) -> None:
    bad = {"event": "", "identify": {"email": "nobody"}}
    await desk.post(BATCH, {"events": [event(), bad]})
    (sample,) = desk.journal.samples
    assert (sample.code, json.loads(sample.body)) == ("EVENT_NAME_REQUIRED", bad)
    await desk.post(SINGLE, bad)
    await desk.post(BATCH, b"{")
    assert [one.code for one in desk.journal.samples[1:]] == ["EVENT_NAME_REQUIRED", "INVALID_EVENT"]
    assert desk.journal.rejected == 3
