"""What callers of the doors beside eSputnik's hear of a body that does not fit: no type of the decoder's."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest

from clarion import errors
from clarion.dialects.esputnik.orders import mapping as orders
from clarion.dialects.smartapppush import wire as smartapppush
from clarion.dialects.smartpush import wire as smartpush
from clarion.dialects.yotpo import wire as yotpo


def app_event(body: bytes) -> Any:
    return smartapppush.shaped(smartapppush.read(body), smartapppush.Event)


@pytest.mark.parametrize(
    ("read", "body", "heard"),
    [
        (app_event, b'{"event_name":5}', "event_name must be a text, not a whole number"),
        (app_event, b'{"params":[]}', "params must be an object, not an array"),
        (
            app_event,
            b'{"push_permission_granted":"yes"}',
            "push_permission_granted must be true or false, not a text",
        ),
        (app_event, b"[]", "The request body must be an object, not an array"),
        (app_event, b'{"a":', "This is not JSON: it ends too early"),
        (yotpo.read_event, b'{"customer":"Ann"}', "customer must be an object, not a text"),
        (yotpo.read_event, b'{"a":oops}', "This is not JSON: it goes wrong at byte 5"),
        (smartpush.read_contact, b"[]", "The request body must be an object, not an array"),
        (smartpush.read_contact, b"", "This is not JSON: it ends too early"),
    ],
)
def test_it_says_which_field_and_what_it_must_be(
    read: Callable[[bytes], Any], body: bytes, heard: str
) -> None:
    with pytest.raises(errors.Declined) as refusal:
        read(body)
    assert str(refusal.value) == heard


def test_an_order_that_is_none_is_not_called_the_body() -> None:
    with pytest.raises(errors.Declined) as refusal:
        orders.order(b"5", UTC)
    assert str(refusal.value) == "An order must be an object, not a whole number"
