"""SMASHSEND's door under bodies that nobody sends on purpose: one bad event never fails its neighbours."""

import asyncio
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.dialects.smashsend import limits, routes
from clarion.dialects.smashsend.codes import Code
from clarion.dialects.smashsend.contacts import wire as contacts
from clarion.dialects.smashsend.emails import wire as emails
from clarion.dialects.smashsend.wire import Malformed

GOOD = b'{"event":"page.viewed","identify":{"email":"user@example.com"},"messageId":"%d"}'
BAD = b'{"event":"page.viewed","identify":{"email":"user@example.com"},"properties":{"given":%s}}'


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (rb'"a\u0000"', Code.INVALID_CHARACTER, '"properties.given" must not contain the character U+0000'),
        (
            rb'{"a\u0000":1}',
            Code.INVALID_CHARACTER,
            'The name of "properties.given.a\ufffd" must not contain the character U+0000',
        ),
        (rb'"cut \ud83d"', Code.INVALID_EVENT, "Invalid JSON: it holds text that is not valid UTF-8"),
        (
            rb'"\udc00 \ud83d\ude00"',
            Code.INVALID_EVENT,
            "Invalid JSON: it holds text that is not valid UTF-8",
        ),
        (b'"\xff"', Code.INVALID_EVENT, "Invalid JSON: it holds text that is not valid UTF-8"),
        (b"1e400", Code.INVALID_EVENT, '"properties[...]": number out of range'),
        (b"9" * 5_000, Code.INVALID_EVENT, '"properties[...]": integer value out of range'),
        (b"9" * 20, Code.NUMBER_OUT_OF_RANGE, '"properties.given" must be an integer of at most 64 bits'),
        (
            b"[" * 500 + b"]" * 500,
            Code.INVALID_ARRAY,
            '"properties.given" can only contain primitive values',
        ),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
async def test_one_of_200_events_fails_alone(open_desk: Any, value: bytes, code: Code, message: str) -> None:
    desk = open_desk("smashsend", routes)
    events = [GOOD % n for n in range(199)]
    events.insert(77, BAD % value)
    answer = await desk.post("/v1/events/batch", b'{"events":[' + b",".join(events) + b"]}")
    assert answer.status == 207
    assert (answer.json["accepted"], answer.json["failed"]) == (199, 1)
    assert answer.json["errors"] == [{"index": 77, "errors": [{"code": code, "message": message}]}]


async def test_escapes_that_only_look_like_half_an_emoji_stay_as_they_are(open_desk: Any) -> None:
    desk = open_desk("smashsend", routes)
    fine = rb'"\\ud83d \\\\ud83d \ud83d\ude00"'
    cut = rb'"\\ud83d\ude00 \\\ud83d"'
    body = b'{"events":[' + BAD % fine + b"," + BAD % cut + b"]}"
    answer = await desk.post("/v1/events/batch", body)
    assert [failed["index"] for failed in answer.json["errors"]] == [1]
    assert desk.journal.events[0].properties == {"given": "\\ud83d \\\\ud83d 😀"}


async def test_a_batch_of_a_million_items_costs_no_more_than_its_bytes(open_desk: Any) -> None:
    desk = open_desk("smashsend", routes)
    answer = await desk.post("/v1/events/batch", b'{"events":[' + b"{}," * 2_000_000 + b"{}]}")
    assert answer.json["message"] == "Batch cannot exceed 200 events"


async def test_answers_stay_short(open_desk: Any) -> None:
    """Twenty problems of an event are told, and places are cut."""
    desk = open_desk("smashsend", routes)
    worst = b"{" + b",".join(b'"%0300d":[[]]' % n for n in range(100)) + b"}"
    answer = await desk.post("/v1/events/batch", b'{"events":[' + b",".join([BAD % worst] * 200) + b"]}")
    assert answer.status == 400
    assert all(len(failed["errors"]) == 20 for failed in answer.json["errors"])
    assert len(answer.body) < 200 * 20 * 250


# ---- anything at all

_TEXT = st.text(max_size=20)
_KEYS = st.sampled_from(
    ["event", "identify", "email", "traits", "phone", "properties", "timestamp", "messageId"]
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
    | st.sampled_from(["user@example.com", "2026-01-01", "user.signup", "\0", "+1234567890"])
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEYS | _TEXT, inner, max_size=8),
    max_leaves=30,
)
_EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "event": st.just("user.signup") | _JSON,
        "identify": st.fixed_dictionaries({"email": st.just("u@x.de") | _JSON, "traits": _JSON}) | _JSON,
        "properties": st.dictionaries(_TEXT, _JSON, max_size=8) | _JSON,
        "timestamp": st.floats(-1e13, 1e13)
        | st.integers(-(10**13), 10**13)
        | st.datetimes().map(str)
        | _JSON,
        "messageId": _TEXT | _JSON,
    },
)
_QUICK = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@_QUICK
@given(body=_EVENTS | _JSON)
def test_no_event_is_ever_a_failure_of_ours(open_desk: Any, body: Any) -> None:
    answer, desk = asyncio.run(_post(open_desk, "/v1/events", body))
    assert answer.status in (200, 400)
    assert answer.json.keys() in ({"success", "messageId", "info"}, {"statusCode", "error", "message"})
    assert len(desk.journal.offers) == (answer.status == 200)


@_QUICK
@given(body=st.fixed_dictionaries({"events": st.lists(_EVENTS | _JSON, max_size=6)}) | _JSON)
def test_every_event_of_a_batch_is_answered_for_once(open_desk: Any, body: Any) -> None:
    answer, desk = asyncio.run(_post(open_desk, "/v1/events/batch", body))
    assert answer.status in (200, 207, 400)
    if "accepted" not in answer.json:
        assert answer.json.keys() == {"statusCode", "error", "message"}
        return
    told = answer.json
    assert told["accepted"] + told["failed"] + told["duplicated"] == len(body["events"])
    assert told["accepted"] == len(desk.journal.offers)
    assert told["failed"] == desk.journal.rejected == len(told["errors"])
    indexes = [item["index"] for item in told["events"]] + [item["index"] for item in told["errors"]]
    assert sorted(indexes) == list(range(len(body["events"])))


@_QUICK
@given(
    body=st.binary(max_size=200) | _EVENTS.map(lambda body: json.dumps(body).encode()[:-3]),
    cut=st.integers(0, 99),
)
def test_no_bytes_are_ever_a_failure_of_ours(open_desk: Any, body: bytes, cut: int) -> None:
    for path in ("/v1/events", "/v1/events/batch"):
        answer, _ = asyncio.run(_post(open_desk, path, body[cut:]))
        assert answer.status in (200, 400)


async def _post(open_desk: Any, path: str, body: Any) -> Any:
    desk = open_desk("smashsend", routes)
    return await desk.post(path, body), desk


@_QUICK
@given(properties=st.dictionaries(_TEXT, _JSON, max_size=12))
def test_the_walk_agrees_with_the_limits_said_in_words(properties: dict[str, Any]) -> None:
    problems: list[Any] = []
    limits.check_object(properties, limits.PROPERTIES, problems)
    found = {problem.code for problem in problems}
    assert (Code.PROPERTIES_TOO_DEEP in found) == (_levels(properties) > 3) or len(problems) == 20
    if not found:
        assert _leaves(properties) <= 100


def _levels(value: Any) -> int:
    return 1 + max(map(_levels, value.values()), default=0) if isinstance(value, dict) else 0


def _leaves(value: Any) -> int:
    return sum(map(_leaves, value.values())) if isinstance(value, dict) and value else 1


def test_values_by_the_million_are_refused_before_they_are_made() -> None:
    """6 MB of these take 200 MB and two seconds as Python values. Without the count, they are taken."""
    body = b'{"to": "a@example.com", "template": "x", "variables": {"a": [' + b"[]," * 2_200_000 + b"0]}}"
    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match="more than 1,000,000 values"):
            contacts.read(body, emails.Email)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
