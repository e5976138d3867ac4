"""What SMASHSEND's page states of its Events API, statement by statement; COVERAGE.csv names these tests."""

import asyncio
from typing import Any

import pytest

from clarion.dialects.smashsend import routes
from clarion.model import Identity, IdentityKind, Mode, Reach, Source

SINGLE = "/v1/events"
BATCH = "/v1/events/batch"
YEAR_US = 365 * 86_400_000_000


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smashsend", routes)


def event(**fields: Any) -> dict[str, Any]:
    return {"event": "user.signup", "identify": {"email": "user@example.com"}, **fields}


def numbered(n: int, **fields: Any) -> dict[str, Any]:
    return event(messageId=f"m{n}", **fields)


def failure(status: int, error: str, message: str) -> dict[str, Any]:
    return {"statusCode": status, "error": error, "message": message}


async def refusal(desk: Any, **fields: Any) -> str:
    """The message with which a single event is refused."""
    answer = await desk.post(SINGLE, event(**fields))
    assert answer.status == 400
    assert answer.json == failure(400, "Bad Request", answer.json["message"])
    assert not desk.journal.offers
    return answer.json["message"]


async def accepted(desk: Any, **fields: Any) -> Any:
    """The event that a single request left in the journal."""
    answer = await desk.post(SINGLE, event(**fields))
    assert answer.status == 200, answer.json
    return desk.journal.events[-1]


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


# ---- a single event


async def test_a_single_event_is_queued(desk: Any) -> None:
    answer = await desk.post(SINGLE, event(messageId="renewal_2024"))
    assert answer.status == 200
    assert answer.json == {
        "success": True,
        "messageId": "renewal_2024",
        "info": "Event queued for processing",
    }
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert desk.journal.sources == {Source.SMASHSEND}


async def test_the_answer_waits_for_the_disk_and_for_nothing_else(desk: Any) -> None:
    desk.journal.committed = asyncio.Event()
    request = asyncio.create_task(desk.post(SINGLE, event()))
    await asyncio.sleep(0.01)
    assert not request.done()
    desk.journal.committed.set()
    assert (await request).status == 200


async def test_event_is_required(desk: Any) -> None:
    assert await refusal(desk, event=None) == '"event" is required'
    assert await refusal(desk, event="") == '"event" is not allowed to be empty'
    assert await refusal(desk, event=7) == '"event" must be a string'


async def test_a_name_has_letters_digits_and_four_signs(desk: Any) -> None:
    assert (await accepted(desk, event="aZ09_-.:")).name == "aZ09_-.:"
    words = "Event name can only contain alphanumeric characters, underscores, hyphens, dots, and colons"
    for name in ("user signup", "naïve", "a/b", "a\n", " a", "a\u0000", "\u0661", "😀"):
        assert await _refused_name(desk, name) == words


async def _refused_name(desk: Any, name: str) -> str:
    answer = await desk.post(SINGLE, event(event=name))
    assert answer.status == 400
    return answer.json["message"]


async def test_a_name_has_up_to_60_characters(desk: Any) -> None:
    assert await refusal(desk, event="n" * 61) == "Event name cannot exceed 60 characters"
    assert (await accepted(desk, event="n" * 60)).name == "n" * 60


async def test_of_two_faults_of_a_name_the_characters_are_told_first(desk: Any) -> None:
    assert (await refusal(desk, event=" " * 61)).startswith("Event name can only contain")


async def test_identify_and_its_email_are_required(desk: Any) -> None:
    assert await refusal(desk, identify=None) == '"identify" is required'
    assert await refusal(desk, identify="user@example.com") == '"identify" must be of type object'
    assert await refusal(desk, identify={}) == '"identify.email" is required'


@pytest.mark.parametrize(
    "email", ["", "user", "user@example", '"u"@example.com', "u@[127.0.0.1]", 7, ["u@x.de"]]
)
async def test_an_invalid_email_is_refused_in_the_vendors_words(desk: Any, email: Any) -> None:
    assert await refusal(desk, identify={"email": email}) == '"identify.email" must be a valid email'


async def test_the_email_identifies_in_its_canonical_form(desk: Any) -> None:
    kept = await accepted(desk, identify={"email": " User+News@Example.COM "})
    assert kept.identities == (Identity(IdentityKind.EMAIL, "", "user+news@example.com"),)
    assert kept.reaches == ()


async def test_traits_are_optional(desk: Any) -> None:
    for n, traits in enumerate((None, {})):
        kept = await accepted(desk, identify={"email": f"u{n}@x.de", "traits": traits})
        assert kept.traits == {}


async def test_traits_take_primitives_and_arrays_of_them(desk: Any) -> None:
    traits = {
        "firstName": "John",
        "isCustomer": True,
        "lifetimeValue": 499.99,
        "visits": 7,
        "colours": ["red", "blue"],
        "nothing": None,
    }
    assert (await accepted(desk, identify={"email": "u@x.de", "traits": traits})).traits == traits
    desk.journal.offers.clear()
    deep = {"email": "u@x.de", "traits": {"address": {"city": "Kyiv"}}}
    words = "Traits can only contain primitive values and arrays of them"
    assert await refusal(desk, identify=deep) == words


async def test_a_phone_among_the_traits_reaches_and_does_not_identify(desk: Any) -> None:
    kept = await accepted(desk, identify={"email": "u@x.de", "traits": {"phone": "+1 234 567890"}})
    assert kept.reaches == (Reach("sms", "+1 234 567890"),)
    assert kept.traits == {"phone": "+1 234 567890"}
    assert [identity.kind for identity in kept.identities] == [IdentityKind.EMAIL]


async def test_properties_are_optional_and_free(desk: Any) -> None:
    assert (await accepted(desk)).properties == {}
    given = {"plan": "premium", "Größe": 4, "": None, "__proto__": True, "n": {"list": [1, "a", None, 1.5]}}
    assert (await accepted(desk, properties=given)).properties == given


async def test_properties_must_be_an_object(desk: Any) -> None:
    for given in ([], "a", 7, True):
        assert await refusal(desk, properties=given) == '"properties" must be of type object'


async def test_unknown_keys_are_ignored(desk: Any) -> None:
    kept = await accepted(desk, sentAt="now", identify={"email": "u@x.de", "userId": "42"})
    assert [identity.kind for identity in kept.identities] == [IdentityKind.EMAIL]


@pytest.mark.parametrize(
    ("given", "time_us"),
    [
        ("2024-01-15T10:30:00Z", 1_705_314_600_000_000),
        ("2024-01-15T10:30:00.123456Z", 1_705_314_600_123_456),
        ("2024-01-15T12:30:00+02:00", 1_705_314_600_000_000),
        ("2024-01-15T10:30:00", 1_705_314_600_000_000),
        ("2024-01-15 10:30", 1_705_314_600_000_000),
        ("2024-01-15", 1_705_276_800_000_000),
        ("20240115", 1_705_276_800_000_000),
    ],
)
async def test_a_timestamp_may_be_iso_8601(desk: Any, given: str, time_us: int) -> None:
    assert (await accepted(desk, timestamp=given)).occurred_at_us == time_us


@pytest.mark.parametrize(
    ("given", "time_us"),
    [
        (1_705_314_600, 1_705_314_600_000_000),
        (1_705_314_600.25, 1_705_314_600_250_000),
        (1_705_314_600_123, 1_705_314_600_123_000),
        (1_705_314_600_123.5, 1_705_314_600_123_500),
        ("1705314600", 1_705_314_600_000_000),
        ("1705314600123", 1_705_314_600_123_000),
    ],
)
async def test_a_timestamp_may_be_unix_time(desk: Any, given: Any, time_us: int) -> None:
    assert (await accepted(desk, timestamp=given)).occurred_at_us == time_us


async def test_without_a_timestamp_it_is_now(desk: Any) -> None:
    assert (await accepted(desk)).occurred_at_us == desk.now_us


async def test_a_timestamp_lies_within_30_years(desk: Any) -> None:
    words = '"timestamp" must be within ±30 years of the current time'
    for given in ("1995-12-31", "2056-02-01", 0, -1e18, 1e300, 10**4_000, "9999-12-31T23:59:59Z"):
        assert await refusal(desk, timestamp=given) == words
    for given in ("1996-01-15T10:30:00Z", "2056-01-15T10:30:00Z"):
        await accepted(desk, timestamp=given)


@pytest.mark.parametrize("given", ["", "soon", "2024-13-01", "9999-12-31T24:00:00Z", True, [], {}, "12:30"])
async def test_other_timestamps_are_refused(desk: Any, given: Any) -> None:
    words = '"timestamp" must be an ISO 8601 string or a Unix timestamp'
    assert await refusal(desk, timestamp=given) == words


async def test_a_message_id_is_optional_and_made_when_absent(desk: Any) -> None:
    made = (await desk.post(SINGLE, event())).json["messageId"]
    assert made.startswith("msg_")
    assert len(made) <= 128
    assert desk.journal.offers[-1].dedup.key == made


async def test_a_message_id_has_up_to_128_characters(desk: Any) -> None:
    assert await refusal(desk, messageId="m" * 129) == "Message ID cannot exceed 128 characters"
    assert await refusal(desk, messageId="") == '"messageId" is not allowed to be empty'
    assert await refusal(desk, messageId=7) == '"messageId" must be a string'
    assert (await desk.post(SINGLE, event(messageId="m" * 128))).status == 200


async def test_a_message_id_comes_back_as_given(desk: Any) -> None:
    for given in ("renewal_2024_01_15_sub_xyz", " Ünï:/ 1 ", "msg_1"):
        assert (await desk.post(SINGLE, event(messageId=given))).json["messageId"] == given


# ---- limits


async def test_100_leaf_keys_pass_and_101_do_not(desk: Any) -> None:
    flat = {f"k{n}": n for n in range(101)}
    words = "Properties exceed maximum of 100 leaf keys"
    assert await refusal(desk, properties=flat) == words
    nested = {"a": {f"k{n}": n for n in range(50)}, "b": {"c": {f"k{n}": n for n in range(50)}}, "d": {}}
    assert await refusal(desk, properties=nested) == words
    del nested["d"]
    del flat["k0"]
    await accepted(desk, properties=nested)
    await accepted(desk, properties=flat)


async def test_three_levels_pass_and_four_do_not(desk: Any) -> None:
    words = "Properties exceed maximum depth of 3"
    assert await refusal(desk, properties={"a": {"b": {"c": {"d": 1}}}}) == words
    assert await refusal(desk, properties={"a": {"b": {"c": {}}}}) == words
    await accepted(desk, properties={"a": {"b": {"c": 1, "d": [1]}}})


async def test_a_string_has_up_to_1000_characters(desk: Any) -> None:
    words = '"properties.a.b" cannot exceed 1000 characters'
    assert await refusal(desk, properties={"a": {"b": "s" * 1_001}}) == words
    words = '"properties.a[1]" cannot exceed 1000 characters'
    assert await refusal(desk, properties={"a": ["", "s" * 1_001]}) == words
    await accepted(desk, properties={"a": "😀" * 1_000})


async def test_an_array_has_up_to_100_items(desk: Any) -> None:
    assert await refusal(desk, properties={"a": [0] * 101}) == '"properties.a" cannot exceed 100 items'
    await accepted(desk, properties={"a": [0] * 100})


async def test_arrays_hold_only_primitives(desk: Any) -> None:
    words = '"properties.a" can only contain primitive values'
    for item in ({}, {"b": 1}, [], [1]):
        assert await refusal(desk, properties={"a": [1, item]}) == words
    await accepted(desk, properties={"a": [1, 1.5, "a", True, None]})


async def test_an_event_has_up_to_32_kb(desk: Any) -> None:
    body = _padded(32 * 1024)
    answer = await desk.post(SINGLE, body + b" ")
    assert answer.status == 413
    assert answer.json == failure(413, "Payload Too Large", "Event payload exceeds 32KB limit")
    assert (await desk.post(SINGLE, body)).status == 200


def _padded(octets: int) -> bytes:
    """An event of so many bytes."""
    head = b'{"event":"user.signup","identify":{"email":"user@example.com"},"ignored":"'
    return head + b"." * (octets - len(head) - 2) + b'"}'


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
    assert not desk.journal.offers
    assert (await desk.post(BATCH, {"events": events[:200]})).json["accepted"] == 200


async def test_a_batch_has_up_to_6_4_mb(desk: Any) -> None:
    full = b'{"events":[' + b",".join([_padded(32 * 1024)] * 200) + b"]}"
    padded = full + b" " * (6_710_886 - len(full))
    assert (await desk.post(BATCH, padded)).status == 200
    answer = await desk.post(BATCH, padded + b" ")
    assert answer.json == failure(413, "Payload Too Large", "Batch payload exceeds 6.4MB limit")


async def test_an_event_of_a_batch_has_up_to_32_kb(desk: Any) -> None:
    events = b'{"events":[' + _padded(32 * 1024 + 1) + b"," + _padded(32 * 1024) + b"]}"
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


# ---- names


async def test_names_are_case_sensitive(desk: Any) -> None:
    await desk.post(SINGLE, event(event="User.Signup"))
    await desk.post(SINGLE, event(event="user.signup"))
    assert [kept.name for kept in desk.journal.events] == ["User.Signup", "user.signup"]


async def test_any_naming_convention_passes(desk: Any) -> None:
    for name in ("user.signup", "cart.checkout_started", "userSignup", "USER", "a:b-c", "purchase"):
        assert (await accepted(desk, event=name)).name == name


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


# ---- errors


async def test_every_error_has_the_same_shape(desk: Any) -> None:
    desk.credential.rates.update(batch=1)
    await desk.post(BATCH, {"events": []})
    answers = [
        await desk.post(SINGLE, event(event="a b")),
        await desk.post(SINGLE, event(), authorization="Bearer no"),
        await desk.send("GET", "/v1/contacts"),
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
    answer = await desk.send("POST", "/v1/contacts")
    spoken = "Cannot POST /v1/contacts. This server speaks POST /v1/events and POST /v1/events/batch."
    assert answer.json == failure(404, "Not Found", spoken)
    answer = await desk.send("PUT", SINGLE)
    assert answer.headers["allow"] == "POST"
