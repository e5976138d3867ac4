"""SMASHSEND's rules and mapping as functions: what the limits count, which time is meant, what an id is made of."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.dialects.smashsend import limits, mapping, rules, wire
from clarion.dialects.smashsend.codes import PROBLEMS_MAX, Code, Problem
from clarion.dialects.smashsend.rules import Valid
from clarion.model import Offer

NOW_US = 1_768_473_000_000_000  # 2026-01-15T10:30:00Z
DAY_US = 86_400_000_000
IDENTIFY = {"email": "user@example.com"}
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "smashsend.md"


def check(**fields: Any) -> Valid | list[Problem]:
    fields = {"event": "user.signup", "identify": IDENTIFY} | fields
    return rules.check(wire.Track(**fields), NOW_US)


def codes(**fields: Any) -> list[str]:
    found = check(**fields)
    return [problem.code for problem in found] if isinstance(found, list) else []


def test_an_event_that_keeps_the_rules_says_what_it_says() -> None:
    found = check(properties={"a": 1}, timestamp=1_705_314_600, message_id="m1")
    assert found == Valid("user.signup", "user@example.com", {}, {"a": 1}, 1_705_314_600_000_000, "m1")


def test_problems_come_in_the_order_of_the_vendors_page() -> None:
    wrong = codes(
        event="a b",
        identify={"email": "no", "traits": []},
        properties=[],
        timestamp="soon",
        message_id=7,
    )
    assert wrong == [
        Code.INVALID_EVENT_NAME,
        Code.INVALID_EMAIL,
        Code.INVALID_TRAITS,
        Code.INVALID_PROPERTIES,
        Code.INVALID_TIMESTAMP,
        Code.INVALID_MESSAGE_ID,
    ]


def test_no_more_problems_are_told_than_can_be_read() -> None:
    many = {f"k{n}": "s" * 1_001 for n in range(50)}
    assert len(codes(properties=many, identify={"email": "no", "traits": many})) == PROBLEMS_MAX


def test_absent_and_null_are_the_same() -> None:
    assert check() == check(
        properties=None, timestamp=None, message_id=None, identify=IDENTIFY | {"traits": None}
    )
    assert codes(event=None, identify=None) == [Code.EVENT_NAME_REQUIRED, Code.IDENTIFY_REQUIRED]


# ---- limits


@pytest.mark.parametrize(
    ("properties", "leaves"),
    [
        ({}, 0),
        ({"a": 1, "b": None, "c": [1, 2, 3], "d": []}, 4),
        ({"a": {"b": 1, "c": 2}}, 2),
        ({"a": {}}, 1),
        ({"a": {"b": {"c": 1}, "d": {}}, "e": 1}, 3),
    ],
)
def test_a_leaf_key_is_one_whose_value_is_no_object_or_an_empty_one(properties: Any, leaves: int) -> None:
    filled = {f"more{n}": n for n in range(limits.LEAVES_MAX - leaves)}
    assert codes(properties=properties | filled) == []
    assert codes(properties=properties | filled | {"one": 1}) == [Code.TOO_MANY_PROPERTIES]


def test_depth_is_told_once() -> None:
    deep = {"a": {"b": {"c": {"d": 1}, "e": {"f": 1}}}}
    assert codes(properties=deep) == [Code.PROPERTIES_TOO_DEEP]


def test_traits_have_the_limits_of_properties_and_one_level() -> None:
    def told(traits: Any) -> list[str]:
        return codes(identify=IDENTIFY | {"traits": traits})

    assert told({f"t{n}": n for n in range(100)}) == []
    assert told({f"t{n}": n for n in range(101)}) == [Code.TOO_MANY_TRAITS]
    assert told({"a": {}}) == [Code.TRAITS_TOO_DEEP]
    assert told({"a": "s" * 1_001}) == [Code.STRING_TOO_LONG]
    assert told({"a": [0] * 101}) == [Code.ARRAY_TOO_LONG]
    assert told({"a": [{}]}) == [Code.INVALID_ARRAY]
    assert told({"a": 2**63}) == [Code.NUMBER_OUT_OF_RANGE]


def test_names_of_properties_and_traits_have_up_to_255_characters() -> None:
    assert codes(properties={"k" * 255: 1}) == []
    assert codes(properties={"a": {"k" * 256: 1}}) == [Code.KEY_TOO_LONG]
    assert codes(identify=IDENTIFY | {"traits": {"k" * 256: 1}}) == [Code.KEY_TOO_LONG]


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0, -0.0, 1.7e308, True, False])
def test_numbers_of_64_bits_pass(value: float) -> None:
    assert codes(properties={"a": value, "b": [value]}) == []


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**4_000])
def test_integers_beyond_64_bits_do_not(value: int) -> None:
    assert codes(properties={"a": value}) == [Code.NUMBER_OUT_OF_RANGE]
    assert codes(properties={"a": [value]}) == [Code.NUMBER_OUT_OF_RANGE]


def test_the_character_zero_is_refused_wherever_it_stands() -> None:
    for fields in (
        {"properties": {"a": "\0"}},
        {"properties": {"a": ["\0"]}},
        {"properties": {"\0": 1}},
        {"properties": {"a": {"\0": 1}}},
        {"identify": IDENTIFY | {"traits": {"a": "\0"}}},
        {"identify": IDENTIFY | {"traits": {"\0": 1}}},
        {"message_id": "\0"},
    ):
        assert codes(**fields) == [Code.INVALID_CHARACTER]
    assert codes(event="a\0") == [Code.INVALID_EVENT_NAME]
    assert codes(identify={"email": "a\0@example.com"}) == [Code.INVALID_EMAIL]


# ---- times


@given(st.datetimes(datetime(1996, 2, 1), datetime(2055, 12, 1), timezones=st.just(UTC)))
def test_any_time_within_the_range_is_understood_in_every_notation(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    time_us = round(moment.timestamp() * 1_000) * 1_000
    for given_time in (moment.isoformat(), moment.timestamp(), time_us // 1_000, str(time_us // 1_000)):
        found = check(timestamp=given_time)
        assert isinstance(found, Valid)
        assert found.timestamp_us is not None
        assert abs(found.timestamp_us - time_us) <= 1


@given(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.datetimes().map(str))
def test_no_time_is_a_failure_of_ours(value: Any) -> None:
    found = check(timestamp=value)
    if isinstance(found, Valid):
        assert found.timestamp_us is not None
        assert abs(found.timestamp_us - NOW_US) <= rules.TIMESTAMP_RANGE_US


def test_the_range_ends_with_the_day_of_30_years() -> None:
    for sign in (1, -1):
        at_the_end = (NOW_US + sign * 10_958 * DAY_US) // 1_000
        assert codes(timestamp=at_the_end) == []
        assert codes(timestamp=at_the_end + sign) == [Code.TIMESTAMP_OUT_OF_RANGE]


# ---- ids made of content


PROPERTIES = st.dictionaries(
    st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=5
)


def made(**fields: Any) -> str:
    given_event = {"name": "a", "email": "u@x.de", "traits": {}, "properties": {}, "timestamp_us": None}
    return mapping.made_message_id(Valid(**given_event | fields, message_id=None))


@given(PROPERTIES, PROPERTIES)
def test_the_order_of_keys_does_not_matter_and_their_values_do(one: Any, other: Any) -> None:
    assert made(properties=one) == made(properties=dict(reversed(one.items())))
    same = {key: (type(value), value) for key, value in one.items()} == {
        key: (type(value), value) for key, value in other.items()
    }
    assert (made(properties=one) == made(properties=other)) == same


def test_what_is_sent_counts_and_not_what_would_be_stored() -> None:
    assert made(properties={"a": 0.0}) != made(properties={"a": -0.0})
    assert made(properties={"a": 1}) != made(properties={"a": True})
    assert made(traits={"a": 1}) != made(properties={"a": 1})
    assert made(timestamp_us=1) != made()


# ---- the reference page


def test_the_reference_lists_every_code_and_no_other() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(Code)


@pytest.mark.parametrize(
    ("properties", "is_plain"),
    [
        ({}, True),
        ({"s": "😀" * 1_000, "n": 2**63 - 1, "f": -0.0, "l": [1, "a", None], "o": None, "": True}, True),
        ({"s": "😀" * 1_001}, False),
        ({"n": 2**63}, False),
        ({"n": -(2**63) - 1}, False),
        ({"l": ["a" * 1_001]}, False),
        ({"l": [1] * 101}, False),
        ({"l": [[1]]}, False),
        ({"s": "\0"}, False),
        ({"\0": 1}, False),
        ({"k" * 255: 1, "j" * 255: 1}, True),
        ({"k" * 256: 1}, False),
        ({f"k{n}": n for n in range(100)}, True),
        ({f"k{n}": n for n in range(101)}, False),
        ({"a": {"b": 1}}, False),
    ],
)
def test_properties_are_read_at_once_only_where_the_careful_way_finds_nothing(properties, is_plain):
    sent = msgspec.json.encode({"event": "a", "identify": {"email": "a@b.co"}, "properties": properties})
    read = wire.read_plain(sent)
    assert (read is not None) is is_plain
    assert (wire.read_plain_batch(b'{"events":[%b]}' % sent) is not None) is is_plain
    careful = rules.check(wire.read_track(sent), NOW_US)
    if read is not None:
        assert isinstance(careful, rules.Valid)
        assert rules.check_plain(read, NOW_US) == careful


@pytest.mark.parametrize(
    "strange",
    [
        {"event": ""},
        {"event": None},
        {"event": 1},
        {"event": "a b"},
        {"event": "a" * 61},
        {"identify": None},
        {"identify": "a@b.co"},
        {"identify": {}},
        {"identify": {"email": 1}},
        {"identify": {"email": "a@b"}},
        {"identify": {"email": "a@b.co", "traits": {"a": {"b": 1}}}},
        {"identify": {"email": "a@b.co", "traits": []}},
        {"identify": {"email": "a@b.co", "traits": {"t" * 256: 1}}},
        {"timestamp": True},
        {"timestamp": "soon"},
        {"timestamp": 1e300},
        {"timestamp": "1889-01-01T00:00:00Z"},
        {"messageId": ""},
        {"messageId": 1},
        {"messageId": "m" * 129},
        {"messageId": "\0"},
    ],
)
def test_what_the_careful_way_refuses_is_never_plain(strange):
    sent = msgspec.json.encode({"event": "a", "identify": {"email": "a@b.co"}} | strange)
    read = wire.read_plain(sent)
    assert read is None or rules.check_plain(read, NOW_US) is None
    assert isinstance(rules.check(wire.read_track(sent), NOW_US), list)
    judged, samples = mapping.judge_batch(
        b'{"events":[{"event":"a","identify":{"email":"a@b.co"}},%b]}' % sent, NOW_US
    )
    assert isinstance(judged[0], Offer), "its neighbour is as good as ever"
    assert isinstance(judged[1], list)
    assert samples[0].body == sent


def test_what_is_plain_means_what_the_careful_way_says():
    for fine in (
        {"timestamp": None, "messageId": None, "userId": {"any": ["thing"]}},
        {"timestamp": "2026-01-02T03:04:05.123456+02:00", "messageId": "m" * 128},
        {"timestamp": "1767326645", "identify": {"email": " A@B.co ", "traits": {"phone": "+1", "n": None}}},
        {"timestamp": 1767326645123, "properties": {"f": 1.0, "i": 1, "e": 1e2, "l": [], "t": "\n"}},
        {"timestamp": 1767326645.5, "event": "a.b:c_d-1" * 6},
    ):
        sent = msgspec.json.encode({"event": "a", "identify": {"email": "a@b.co"}} | fine)
        read = wire.read_plain(sent)
        assert read is not None
        assert rules.check_plain(read, NOW_US) == rules.check(wire.read_track(sent), NOW_US)
