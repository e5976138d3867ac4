"""POST /developer/push as it will be read: what is asked for, and what is refused. Nothing answers it yet."""

from typing import Any

import pytest

from clarion.dialects.smartapppush import developer
from clarion.dialects.smartapppush.wire import Malformed
from clarion.model import Identity, IdentityKind

LEAST = {"app_user_id": "user_123", "title": "Your order", "body": "It is on its way"}


def refusal(**change: Any) -> str:
    told = {name: value for name, value in (LEAST | change).items() if value is not None}
    with pytest.raises(Malformed) as caught:
        developer.check(told)
    return str(caught.value)


def test_the_least_that_is_asked_for() -> None:
    wanted = developer.check(LEAST)
    assert (wanted.user_id, wanted.title, wanted.body) == tuple(LEAST.values())
    assert (wanted.extra_data, wanted.due_us, wanted.priority, wanted.dedupe_key) == ({}, None, 5, None)
    assert developer.whose(wanted, "smartapppush") == Identity(
        IdentityKind.EXTERNAL_ID, "smartapppush", "user_123"
    )


def test_everything_that_may_be_said() -> None:
    more = {"extra_data": {"order_id": "1"}, "schedule_at": "2026-01-15T12:30:00+02:00", "priority": 10}
    wanted = developer.check(LEAST | more | {"dedupe_key": "order-1"})
    assert (wanted.extra_data, wanted.priority, wanted.dedupe_key) == ({"order_id": "1"}, 10, "order-1")
    assert wanted.due_us == 1_768_473_000_000_000


@pytest.mark.parametrize("name", LEAST)
def test_what_is_required(name: str) -> None:
    assert refusal(**{name: None}) == f"{name} is required"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"priority": 0}, "priority must be 1 to 10"),
        ({"priority": 11}, "priority must be 1 to 10"),
        ({"schedule_at": "2026-01-15T12:30:00"}, "schedule_at must be an RFC 3339"),
        ({"extra_data": {"a": "\0"}}, "extra_data must not"),
        ({"extra_data": []}, "extra_data"),
        ({"title": "x" * 256}, "title must have at most"),
    ],
)
def test_what_is_refused(change: dict[str, Any], words: str) -> None:
    assert words in refusal(**change)


def test_the_server_key_stands_in_a_header_of_its_own() -> None:
    assert developer.key_in({b"x-server-key": b" key "}) == "key"
    for headers in ({}, {b"authorization": b"Bearer key"}, {b"x-server-key": b"\xff"}):
        assert developer.key_in(headers) is None
