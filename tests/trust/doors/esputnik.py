"""eSputnik's door.

Seen to fail without what its rules say of NUL and of 64 bits: those values are answered 200, and the worker chokes.
"""

from collections.abc import Iterator
from typing import Any

import httpx2

from tests.dialects.calls import basic
from tests.trust import poison
from tests.trust.doors.front import Front, Verdict
from tests.trust.poison import KEPT, REFUSED, Poison, keys, quoted, several


def _written(
    name: bytes = b'"@NAME"',
    key: bytes = b'"@MAIL"',
    params: bytes = b"[]",
    occurred: bytes = b'"2024-01-15"',
) -> bytes:
    told = (b'{"eventTypeKey":', name, b',"keyValue":', key, b',"params":', params, b',"occurred":', occurred)
    return b"".join((*told, b"}"))


def _value(raw: bytes) -> bytes:
    return _written(params=b'[{"name":"given","value":' + raw + b"}]")


def _event(name: bytes, email: bytes, given: bytes) -> bytes:
    return _written(b'"%s"' % name, b'"%s"' % email, b'[{"name":"given","value":' + given + b"}]")


def _verdict(answer: httpx2.Response, items: int) -> Verdict:
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    return Verdict(items)


def _params(event: Any) -> Any:
    return {param["name"]: param["value"] for param in event["params"]}


def _poisons() -> Iterator[Poison]:
    yield from poison.characters(_value)
    yield from poison.numbers(_value)
    yield from several(
        REFUSED,
        _value,
        {
            "arrays 15,000 deep": b"[" * 15_000 + b"]" * 15_000,
            "a key of 256 characters": b'{"' + b"k" * 256 + b'":1}',
            "21 KB": b'"' + b"x" * 21_000 + b'"',
        },
    )
    yield from several(
        KEPT,
        _value,
        {
            "1,001 characters": quoted("é" * 1_001),
            "1,000 keys": keys(1_000),
            "keys of JavaScript": b'{"__proto__":{"admin":true},"constructor":1}',
            "objects 40 deep": b'{"a":' * 40 + b"1" + b"}" * 40,
        },
    )
    named = {
        "NUL in the name": rb'"a\u0000"',
        "surrogate in the name": rb'"a\ud83d"',
        "markup in the name": b'"<b>"',
        "SQL in the name": quoted("'; DROP TABLE event;--"),
        "an empty name": b'""',
        "101 characters of name": b'"' + b"a" * 101 + b'"',
        "a list for the name": b'["a"]',
    }
    yield from several(REFUSED, lambda raw: _written(name=raw), named)
    keyed = {
        "NUL in the keyValue": rb'"a\u0000"',
        "surrogate in the keyValue": rb'"\ud83d"',
        "301 characters of keyValue": b'"' + b"k" * 301 + b'"',
        "a number of 5,000 digits for the keyValue": b"9" * 5_000,
        "an object for the keyValue": b'{"$gt":""}',
        "no keyValue": b"null",
    }
    yield from several(REFUSED, lambda raw: _written(key=raw), keyed)
    listed = {
        "NUL in a parameter's name": rb'[{"name":"\u0000","value":1}]',
        "surrogate in a parameter's name": rb'[{"name":"\ud83d","value":1}]',
        "an empty parameter's name": b'[{"name":"","value":1}]',
        "a parameter twice": b'[{"name":"a","value":1},{"name":"a","value":2}]',
        "a parameter without value": b'[{"name":"a"}]',
        "text for params": b'"[]"',
    }
    yield from several(REFUSED, lambda raw: _written(params=raw), listed)
    for name, raw in {
        "year 20000": b'"20000-01-01"',
        "year 9999 and 24:00": b'"9999-12-31T24:00"',
        "year 1": b'"0001-01-01T00:00+14:00"',
        "infinity": b'"infinity"',
        "nothing": b'""',
        "30 February": b'"2026-02-30"',
        "an offset of 99 hours": b'"2026-01-01T00:00:00+99:99"',
        "NUL": rb'"2026-01-01\u0000"',
        "a number": b"1767225600",
    }.items():
        yield Poison(name=f"{name} for a time", event=_written(occurred=raw), expected=REFUSED, batched=True)
    yield from poison.bodies(_written())


ESPUTNIK = Front(
    dialect="esputnik",
    single="/api/v2/event",
    batch="/api/v2/past_events",
    shown=basic,
    event=_event,
    shape=frozenset({"status", "message"}),
    status_in="status",
    whole=True,
    verdict=_verdict,
    properties=_params,
    poisons=tuple(_poisons()),
    distinct=2,  # with its own time a past event is another
)
