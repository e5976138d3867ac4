"""eSputnik's calls that send, as the page shows them: read and answered; their routes wait for what sends."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.messages import mapping, wire
from clarion.dialects.esputnik.messages.mapping import Queued, Refused, Wanted

REQUEST = UUID("3ff28330-f8ef-4636-92ac-86345c16995e")


def told(answer: Any) -> Any:
    return msgspec.json.decode(vendor.encode(answer))


def read(body: bytes) -> list[Wanted | Refused]:
    return mapping.recipients(vendor.read(body, wire.Smartsend))


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
    assert told(mapping.statuses({REQUEST: "DELIVERED"})) == {
        "results": {
            "status": "DELIVERED", "requestId": str(REQUEST), "failed": "false", "delivered": "true"
        }
    }  # fmt: skip
    many = told(mapping.statuses({REQUEST: "SENT", UUID(int=1): "UNDELIVERED"}))["results"]
    assert [(one["failed"], one["delivered"]) for one in many] == [("false", "false"), ("true", "false")]


def test_recipients_are_told_apart_each_with_data_of_its_own() -> None:
    body = rb"""{"recipients": [
        {"locator": "Ann@Example.com", "jsonParam": "{\"field1\":\"value1\", \"items\":[{\"price\":5}]}"},
        {"contactId": "17", "languageCode": "uk"},
        {"locator": "447911123456 ", "email": false},
        {"locator": "bob@example.com", "jsonParam": "{broken"},
        {"locator": "bob@example.com", "jsonParam": "[1]"},
        {"locator": "bob@"},
        {}]}"""
    ann, by_id, phone, *refused = read(body)
    assert ann == Wanted(None, "ann@example.com", True, {"field1": "value1", "items": [{"price": 5}]})
    assert by_id == Wanted(17, None, True, {}, "uk")
    assert phone == Wanted(None, "+447911123456", False, {})
    assert [one.message for one in refused if isinstance(one, Refused)] == [
        "jsonParam is not a JSON object",
        "jsonParam is not a JSON object",
        "'bob@' is not valid email",
        "Either contactId or locator is required",
    ]


def test_one_recipient_may_stand_alone_and_null_is_no_data() -> None:
    (one,) = read(b'{"recipients": {"locator": "a@b.co", "jsonParam": null}, "externalRequestId": "r1"}')
    assert one == Wanted(None, "a@b.co", True, {}, None, "r1")


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
    first, second = mapping.addresses(email.emails, email=True)
    assert first == Wanted(None, "a@b.co", True, {})
    assert second == Refused("x", "'x' is not valid email")
    sms = vendor.read(b'{"from": "Shop", "text": "Hi", "phoneNumbers": [447911123456]}', wire.Sms)
    assert mapping.addresses(sms.phone_numbers, email=False) == [Wanted(None, "+447911123456", False, {})]
    viber = vendor.read(b'{"text": "Hi", "iosExpirityText": "late", "phoneNumbers": ["1"]}', wire.Viber)
    assert viber.ios_expirity_text == "late"


def test_request_ids_have_commas_between_them() -> None:
    assert mapping.request_ids(wire.Asked(f"{REQUEST}, {UUID(int=1)},")) == [REQUEST, UUID(int=1)]
    with pytest.raises(vendor.Malformed):
        mapping.request_ids(wire.Asked("1,2"))
