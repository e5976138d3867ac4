"""eSputnik's calls that send, as the page shows them: read and answered."""

import tracemalloc
from typing import Any
from uuid import UUID

import msgspec
import pytest

from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.messages import mapping, wire
from clarion.dialects.esputnik.messages.mapping import Queued, Refused, Wanted
from clarion.dialects.esputnik.wire import Malformed
from clarion.messaging import Channel, State

REQUEST = UUID("3ff28330-f8ef-4636-92ac-86345c16995e")


def told(answer: Any) -> Any:
    return msgspec.json.decode(vendor.encode(answer))


def read(body: bytes, channel: Channel = "email") -> list[Wanted | Refused]:
    return mapping.recipients(vendor.read(body, wire.Smartsend), channel)


def test_the_pages_own_answer_for_one_recipient() -> None:
    assert told(mapping.answer([Queued("test@gmail.com", REQUEST)])) == {
        "id": "0",
        "results": {"id": "0", "locator": "test@gmail.com", "status": "OK", "requestId": str(REQUEST)},
    }


def test_several_results_are_an_array_with_numbers() -> None:
    refused = Refused("example@", "'example@' is not valid email")
    answer = told(mapping.answer([Queued("a@b.co", REQUEST), refused]))
    assert answer["id"] == 0
    assert [one["status"] for one in answer["results"]] == ["OK", "ERROR"]
    assert answer["results"][1] == {
        "id": 0, "locator": "example@", "status": "ERROR", "message": "'example@' is not valid email"
    }  # fmt: skip


def test_the_pages_own_status_of_one_message() -> None:
    assert told(mapping.statuses({REQUEST: State.DELIVERED})) == {
        "results": {
            "status": "DELIVERED", "requestId": str(REQUEST), "failed": "false", "delivered": "true"
        }
    }  # fmt: skip
    many = told(mapping.statuses({REQUEST: State.ACCEPTED, UUID(int=1): State.BOUNCED}))["results"]
    assert [(one["failed"], one["delivered"]) for one in many] == [("false", "false"), ("true", "false")]


def test_every_state_of_a_message_has_a_word_and_acceptance_is_no_delivery() -> None:
    assert mapping.STATUS.keys() == set(State)
    assert [state for state in State if mapping.STATUS[state] == "DELIVERED"] == ["delivered", "complained"]
    assert mapping.STATUS[State.ACCEPTED] == "SENT"


def test_recipients_are_told_apart_each_with_data_of_its_own() -> None:
    body = rb"""{"recipients": [
        {"locator": "Ann@Example.com", "jsonParam": "{\"field1\":\"value1\", \"items\":[{\"price\":5}]}"},
        {"contactId": "17", "languageCode": "uk"},
        {"locator": "bob@example.com", "jsonParam": {"as": "an object"}},
        {"locator": "bob@example.com", "jsonParam": "{broken"},
        {"locator": "bob@example.com", "jsonParam": "[1]"},
        {"locator": "bob@example.com", "jsonParam": 5},
        {"locator": "bob@"},
        {"locator": "bob@example.com", "email": false},
        {"locator": "447911123456"},
        {},
        7]}"""
    ann, by_id, plain, *refused = read(body)
    assert ann == Wanted(
        "Ann@Example.com", None, "ann@example.com", {"field1": "value1", "items": [{"price": 5}]}
    )
    assert by_id == Wanted("", 17, None, {}, "uk")
    assert plain == Wanted("bob@example.com", None, "bob@example.com", {"as": "an object"})
    assert [one.message for one in refused if isinstance(one, Refused)] == [
        "jsonParam is not a JSON object",
        "jsonParam is not a JSON object",
        "jsonParam must be a text or an object, not a whole number",
        "'bob@' is not valid email",
        "The message is for email; email: false says otherwise",
        "'447911123456' is not valid email",
        "Either contactId or locator is required",
        "A recipient must be an object",
    ]


@pytest.mark.parametrize("channel", ["sms", "viber"])
def test_a_phone_number_is_the_locator_of_sms_and_viber(channel: Channel) -> None:
    body = b"""{"recipients": [{"locator": "447911123456 "}, {"locator": 447911123456, "email": false},
        {"locator": "ann447911123456@example.com"}, {"locator": "12"}]}"""
    first, second, *refused = read(body, channel)
    assert first == second == Wanted("447911123456", None, "+447911123456", {})
    assert [one.message for one in refused if isinstance(one, Refused)] == [
        "'ann447911123456@example.com' is not valid phone",
        "'12' is not valid phone",
    ]


@pytest.mark.parametrize(
    ("param", "wrong"),
    [
        ('{"a": ' * 33 + "1" + "}" * 33, "jsonParam is nested more than 32 deep"),
        ('{"a": ' * 100_000, "jsonParam is longer than 65536 characters"),
        ('{"a":' * 10_000, "jsonParam is not a JSON object"),
        ('{"a": "' + "x" * 65_536 + '"}', "jsonParam is longer than 65536 characters"),
        ('{"a": 18446744073709551616}', "jsonParam must be an integer of at most 64 bits"),
        ('{"a": "\\u0000"}', "jsonParam must not contain the character U+0000"),
    ],
    ids=["deep", "deep and long", "too deep to read", "long", "large", "nul"],
)
def test_the_limits_hold_once_more_for_the_json_in_the_text(param: str, wrong: str) -> None:
    (one,) = read(msgspec.json.encode({"recipients": [{"locator": "a@b.co", "jsonParam": param}]}))
    assert one == Refused("a@b.co", wrong)


def test_a_jsonparam_within_the_limits_is_taken_whole() -> None:
    """The control of the one before: as deep and as long as allowed."""
    deep = '{"a": ' * 32 + "1" + "}" * 32
    long = '{"a": "' + "x" * (65_536 - 9) + '"}'
    for param in (deep, long):
        (one,) = read(msgspec.json.encode({"recipients": [{"locator": "a@b.co", "jsonParam": param}]}))
        assert isinstance(one, Wanted)
        assert one.data == msgspec.json.decode(param)


def test_one_recipient_may_stand_alone_and_null_is_no_data() -> None:
    (one,) = read(b'{"recipients": {"locator": "a@b.co", "jsonParam": null}, "externalRequestId": "r1"}')
    assert one == Wanted("a@b.co", None, "a@b.co", {})


@pytest.mark.parametrize("count", [0, 1_001])
def test_1_to_1000_recipients(count: int) -> None:
    body = b'{"recipients": [' + b",".join([b'{"locator":"a@b.co"}'] * count) + b"]}"
    with pytest.raises(vendor.Malformed):
        read(body)


def test_messages_that_are_sent_as_they_stand_are_read() -> None:
    email = vendor.read(
        b'{"from": "Shop <s@b.co>", "subject": "Hi", "htmlText": "<p>", "emails": ["a@b.co", "x"]}',
        wire.Email,
    )
    assert (email.from_, email.html_text) == ("Shop <s@b.co>", "<p>")
    assert mapping.sender(email.from_, "email") == ("s@b.co", "Shop")
    first, second = mapping.addresses(email.emails, "email")
    assert first == Wanted("a@b.co", None, "a@b.co", {})
    assert second == Refused("x", "'x' is not valid email")
    sms = vendor.read(b'{"from": "Shop", "text": "Hi", "phoneNumbers": [447911123456]}', wire.Sms)
    assert mapping.sender(sms.from_, "sms") == ("Shop", None)
    assert mapping.addresses(sms.phone_numbers, "sms") == [Wanted("447911123456", None, "+447911123456", {})]
    viber = vendor.read(b'{"text": "Hi", "iosExpirityText": "late", "phoneNumbers": ["1"]}', wire.Viber)
    assert viber.ios_expirity_text == "late"


@pytest.mark.parametrize("text", ["Shop", "Shop <shop>", "a@b.co\nBcc: c@d.co", "\0 <a@b.co>"])
def test_a_mail_is_from_an_address(text: str) -> None:
    with pytest.raises(vendor.Malformed):
        mapping.sender(text, "email")


def test_request_ids_have_commas_between_them() -> None:
    assert mapping.request_ids(wire.Asked(f"{REQUEST}, {UUID(int=1)},")) == [REQUEST, UUID(int=1)]
    for wrong in ("1,2", "", ",", f"{REQUEST};{REQUEST}"):
        with pytest.raises(vendor.Malformed):
            mapping.request_ids(wire.Asked(wrong))
    many = [str(UUID(int=n)) for n in range(1_001)]
    assert len(mapping.request_ids(wire.Asked(",".join(many[:1_000])))) == 1_000
    with pytest.raises(vendor.Malformed):
        mapping.request_ids(wire.Asked(",".join(many)))


@pytest.mark.parametrize("many", [b"0,", b"[],", b'{"a":0},'])
def test_values_by_the_million_are_refused_before_they_are_made(many: bytes) -> None:
    """16 MB of these take 500 MB and three seconds as Python values. Without the count, they are taken."""
    count = 16 * 1024 * 1024 // len(many) - 100
    body = b'{"recipients": [{"locator": "a@example.com", "jsonParam": {"a": [' + many * count + b"0]}}]}"
    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match="more than 1,000,000 values: send fewer at once"):
            read(body)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_thousand_recipients_with_large_data_are_taken() -> None:
    items = [{"name": "Super Device, red", "price": 990, "url": "https://shop.example/1"}] * 150
    one = {"locator": "a@example.com", "jsonParam": msgspec.json.encode({"items": items}).decode()}
    body = msgspec.json.encode({"recipients": [one] * 1_000})
    assert 12_000_000 < len(body) < 16_000_000
    assert len(read(body)) == 1_000
