"""What SMASHSEND's page states of one event; COVERAGE.csv names these tests."""

import asyncio
from typing import Any

import pytest

from clarion.dialects.smashsend import routes
from clarion.model import Identity, IdentityKind, Reach, Source
from tests.dialects.smashsend.requests import SINGLE, accepted, event, failure, padded, refusal


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smashsend", routes)


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


# ---- names


async def test_names_are_case_sensitive(desk: Any) -> None:
    await desk.post(SINGLE, event(event="User.Signup"))
    await desk.post(SINGLE, event(event="user.signup"))
    assert [kept.name for kept in desk.journal.events] == ["User.Signup", "user.signup"]


async def test_any_naming_convention_passes(desk: Any) -> None:
    for name in ("user.signup", "cart.checkout_started", "userSignup", "USER", "a:b-c", "purchase"):
        assert (await accepted(desk, event=name)).name == name


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
    body = padded(32 * 1024)
    answer = await desk.post(SINGLE, body + b" ")
    assert answer.status == 413
    assert answer.json == failure(413, "Payload Too Large", "Event payload exceeds 32KB limit")
    assert (await desk.post(SINGLE, body)).status == 200
