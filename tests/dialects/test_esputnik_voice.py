"""What a caller hears of a body that does not fit: this door's words, never the decoder's."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import msgspec
import pytest

from clarion.dialects import _misfits
from clarion.dialects.esputnik import wire
from clarion.dialects.esputnik.calls import CALLS
from clarion.dialects.esputnik.contacts import wire as contacts_wire
from clarion.dialects.esputnik.messages import wire as messages_wire
from clarion.dialects.esputnik.orders import wire as orders_wire

_DECODERS_WORDS = re.compile(
    r"Expected|\bgot\b|`|Object |missing|regex|Invalid enum|malformed|truncated|\bstr\b|\bint\b|\bbool\b|UNSET|\$"
)
_EVENT = {"eventTypeKey": "bought", "keyValue": "ann@example.com", "params": [{"name": "a", "value": "b"}]}
_PAST = _EVENT | {"occurred": "2026-01-15"}
_RECIPIENT = {"locator": "ann@example.com", "contactId": 1, "jsonParam": "{}", "email": True}
_ORDER = {"externalOrderId": "1", "totalCost": 1, "additionalInfo": {"a": 1}, "items": [{"quantity": 1}]}
#: Each body that this door reads, with a sample of it.
BODIES: list[tuple[Any, Any]] = [
    *((spoken.body, json.loads(spoken.sample)) for spoken in CALLS if spoken.body is not None),
    (wire.Event, _EVENT),
    (wire.EventV3, _EVENT | {"params": {"a": "b"}}),
    (wire.PastEvents, {"events": [_PAST]}),
    (wire.PastEvent, _PAST),
    (wire.PastEventV3, _PAST),
    (orders_wire.Order, _ORDER),
    (messages_wire.Smartsend, {"recipients": [_RECIPIENT], "email": True, "campaignId": 5}),
]
_WRONG: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", "x", "x" * 400, "<\0>", [], {}, [None], ["x"] * 4_000, [{}], {"x": {}},
]  # fmt: skip
_names = [kind.__name__ for kind, _ in BODIES]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def with_value(sample: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(sample)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


def misshapen(sample: Any) -> Iterator[bytes]:
    """The sample with something wrong at each of its places, and cut short at each of its bytes."""
    for path in places(sample):
        for wrong in _WRONG:
            yield (
                msgspec.json.encode(with_value(sample, path, wrong))
                if wrong != 10**30
                else json.dumps(with_value(sample, path, wrong)).encode()
            )
        if path and isinstance(path[-1], str):
            left = with_value(sample, path[:-1], {})
            yield msgspec.json.encode(left)
    whole = msgspec.json.encode(sample)
    yield from (whole[:end] for end in range(len(whole)))
    yield from (whole[:at] + b"\\" + whole[at:] for at in range(0, len(whole), 7))
    yield whole.replace(b":", b":\xff")
    yield b"[" * 20_000


def complaints(kind: Any, sample: Any) -> Iterator[tuple[str, str]]:
    """What the decoder says of each, and what the caller hears."""
    for body in misshapen(sample):
        try:
            wire.read(body, kind)
        except wire.Malformed as exc:
            yield str(exc.__cause__), str(exc)


@pytest.mark.parametrize(("kind", "sample"), BODIES, ids=_names)
def test_no_word_of_the_decoder_reaches_a_caller(kind: Any, sample: Any) -> None:
    found = list(complaints(kind, sample))
    assert len(found) > 25
    leaked = {heard for _, heard in found if _DECODERS_WORDS.search(heard)}
    assert leaked == set()
    assert not any(heard.endswith(" is not valid") for _, heard in found), "each has a sentence of its own"


def test_the_decoder_itself_would_be_heard() -> None:
    """The control: of the same bodies nearly all that it says holds one of these words."""
    raw = [said for kind, sample in BODIES for said, _ in complaints(kind, sample)]
    assert sum(_DECODERS_WORDS.search(said) is not None for said in raw) > 0.9 * len(raw)


@pytest.mark.parametrize(
    ("query", "heard"),
    [
        ({"maxrows": "501"}, "maxrows must be at most 500"),
        ({"maxrows": "many"}, "maxrows must be a whole number, not a text"),
        ({"startindex": "0"}, "startindex must be at least 1"),
    ],
)
def test_a_query_is_told_in_the_same_words(query: dict[str, str], heard: str) -> None:
    with pytest.raises(wire.Malformed, match=heard):
        wire.read_query(query, contacts_wire.Search)


@pytest.mark.parametrize(
    ("body", "kind", "heard"),
    [
        (b"[]", contacts_wire.Contacts, "The request body must be an object, not an array"),
        (b"{}", contacts_wire.Contacts, "contacts is required"),
        (b'{"contacts":[]}', contacts_wire.Contacts, "contacts must have at least 1 element"),
        (b'{"contacts":[{"channels":[{}]}]}', contacts_wire.Contacts, "contacts[0].channels[0].type is required"),
        (b'{"contacts":[{}],"dedupeOn":"shoe"}', contacts_wire.Contacts, "'shoe' is not valid dedupeOn"),
        (b'{"eventTypeKey":[]}', wire.Event, "eventTypeKey must be a text, not an array"),
        (b'{"params":[{"name":"a"}]}', wire.Event, "params[0].value is required"),
        (b'{"keyValue":{}}', wire.Event, "keyValue must be a whole number or a text, not an object"),
        (b'{"events":[', wire.PastEvents, "This is not JSON: it ends too early"),
        (b'{"events":oops}', wire.PastEvents, "This is not JSON: it goes wrong at byte 10"),
    ],
)  # fmt: skip
def test_it_says_which_field_and_what_it_must_be(body: bytes, kind: Any, heard: str) -> None:
    with pytest.raises(wire.Malformed) as refusal:
        wire.read(body, kind)
    assert str(refusal.value) == heard


def test_what_the_decoder_may_say_one_day_is_kept_back() -> None:
    assert _misfits.said("Strange `thing` - at `$.a[0]`") == "a[0] is not valid"
    assert _misfits.unreadable("JSON is strange") == "This is not JSON"
