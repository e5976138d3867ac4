"""SmartPush's door: what is reported has been defined, and its attributes are of the types that were told."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2

from tests.dialects.calls import bearer
from tests.trust import poison
from tests.trust.doors.front import Front, Verdict
from tests.trust.poison import KEPT, REFUSED, Poison, keys, quoted, several

POISONED = "poisoned"  # the event of most poisons: a store has up to 50
_TYPES = {"given": "String", "number": "Float", "whole": "Integer", "yes": "Boolean", "day": "Date"}


def _event(name: bytes, email: bytes, given: bytes) -> bytes:
    return _written(b'"%s"' % name, b'"%s"' % email, b'{"given":' + given + b"}")


def _written(
    code: bytes = b'"poisoned"', email: bytes = b'"@MAIL"', attributes: bytes = b"{}", more: bytes = b""
) -> bytes:
    # With its time, so that the same again is a repeat.
    told = (b'{"eventCode":', code, b',"email":', email, b',"attributes":', attributes)
    return b"".join((*told, more or b',"eventTime":"2026-01-01T00:00:00Z"', b"}"))


def _text(raw: bytes) -> bytes:
    return _written(attributes=b'{"given":' + raw + b"}")


def _number(raw: bytes) -> bytes:
    return _written(attributes=b'{"number":' + raw + b"}")


def _time(raw: bytes) -> bytes:
    return _written(more=b',"eventTime":' + raw)


def _defined(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    attributes = [{"code": code, "type": kind} for code, kind in _TYPES.items()]
    for name in (POISONED, *names):
        yield "/createCustomMetric", json.dumps({"eventCode": name, "attributes": attributes}).encode()


def _verdict(answer: httpx2.Response, items: int) -> Verdict:
    told = answer.json()
    assert (answer.status_code, told["code"]) == (200, "SUCCESS"), told
    return Verdict(told["data"]["accepted"], repeated=told["data"]["duplicates"])


def _poisons() -> Iterator[Poison]:
    yield from poison.characters(_text)
    yield from poison.numbers(_number, arrays=REFUSED)
    yield from several(REFUSED, _text, {"arrays 15,000 deep": b"[" * 15_000 + b"]" * 15_000})
    yield from several(REFUSED, lambda raw: _written(attributes=raw), _ATTRIBUTES_REFUSED)
    yield from several(KEPT, lambda raw: _written(attributes=raw), _ATTRIBUTES_KEPT)
    yield from several(REFUSED, lambda raw: _written(code=raw), _CODES)
    yield from several(REFUSED, lambda raw: _written(email=raw), _EMAILS)
    yield from several(REFUSED, lambda raw: _written(more=b"," + raw), _FIELDS)
    yield from several(REFUSED, _time, {f"{name} for a time": raw for name, raw in _TIMES.items()})
    yield from poison.bodies(_written())


_ATTRIBUTES_REFUSED = {
    "a number for a String": b'{"given":1}',
    "text for a Float": b'{"number":"1"}',
    "a fraction for an Integer": b'{"whole":1.5}',
    "text for a Boolean": b'{"yes":"true"}',
    "1 for a Boolean": b'{"yes":1}',
    "30 February": b'{"day":"2026-02-30"}',
    "infinity for a Date": b'{"day":"infinity"}',
    "an attribute that is none of its": b'{"other":1}',
    "21 attributes": keys(21),
    "a key of 256 characters": b'{"' + b"k" * 256 + b'":1}',
    "an empty key": b'{"":1}',
    "10,001 characters": b'{"given":' + quoted("é" * 10_001) + b"}",
    "a list of attributes": b"[]",
    "text for attributes": b'"{}"',
}
_ATTRIBUTES_KEPT = {
    "every type": b'{"given":"a","number":1,"whole":-1,"yes":false,"day":"2026-02-28"}',
    "a whole number with a point": b'{"whole":2.0}',
    "10,000 characters": b'{"given":' + quoted("é" * 10_000) + b"}",
    "an attribute twice": b'{"given":"a","given":"b"}',
    "an empty text": b'{"given":""}',
}
_CODES = {
    "NUL in the name": rb'"poisoned\u0000"',
    "surrogate in the name": rb'"poisoned\ud83d"',
    "LF in the name": rb'"poi\nsoned"',
    "another case of the name": b'"Poisoned"',
    "a name that is not defined": b'"__proto__"',
    "an empty name": b'""',
    "101 characters of name": b'"' + b"a" * 101 + b'"',
    "a list for the name": b'["poisoned"]',
    "no name": b"null",
}
_EMAILS = {
    "NUL in the e-mail": rb'"a\u0000@x.example"',
    "surrogate in the e-mail": rb'"\ud83d@x.example"',
    "CR and LF in the e-mail": rb'"a@x.example\r\nBcc: b@x.example"',
    "a domain without a dot": b'"a@localhost"',
    "a list for the e-mail": b'["a@x.example"]',
    "an object for the e-mail": b'{"$gt":""}',
    "no e-mail": b"null",
}
_FIELDS = {
    "NUL in the eventId": rb'"eventId":"\u0000"',
    "201 characters of eventId": b'"eventId":"' + b"e" * 201 + b'"',
    "a list for the eventId": b'"eventId":[]',
    "NUL in a phone": rb'"phone":"+49\u0000151"',
    "a phone without digits": b'"phone":"none"',
    "a phone of 5,000 digits": b'"phone":' + b"4" * 5_000,
}
_TIMES = {
    "year 20000": b'"20000-01-01"',
    "year 9999 and 24:00": b'"9999-12-31T24:00:00Z"',
    "year 1": b'"0001-01-01T00:00:00+14:00"',
    "infinity": b'"infinity"',
    "nothing": b'""',
    "30 February": b'"2026-02-30"',
    "an offset of 99 hours": b'"2026-01-01T00:00:00+99:99"',
    "NUL": rb'"2026-01-01\u0000"',
    "2^64": b"18446744073709551616",
    "1e300": b"1e300",
    "-1e300": b"-1e300",
    "true": b"true",
    "a list": b"[2026,1,1]",
}


def _properties(event: Any) -> Any:
    return event["attributes"]


SMARTPUSH = Front(
    dialect="smartpush",
    single="/reportCustomEvent",
    batch="/reportCustomEvent",
    key="api_token",
    shown=bearer,
    event=_event,
    shape=frozenset({"code", "message", "data"}),
    whole=True,
    verdict=_verdict,
    properties=_properties,
    poisons=tuple(_poisons()),
    defined=_defined,
)
