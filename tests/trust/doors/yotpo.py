"""Yotpo's door: one event a call, and a later one with the same id takes its place."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import httpx2

from tests.dialects.calls import bearer
from tests.trust import poison
from tests.trust.doors.front import Front, Verdict
from tests.trust.poison import KEPT, REFUSED, Poison, keys, quoted, several


def _event(name: bytes, email: bytes, given: bytes) -> bytes:
    unique = blake2b(name + email + given, digest_size=8).hexdigest().encode()
    return _written(b'"%s"' % name, b'"%s"' % unique, b'{"email":"%s"}' % email, b'{"given":' + given + b"}")


def _written(
    kind: bytes = b'"@NAME"',
    unique: bytes = b'"@NAME"',
    customer: bytes = b'{"email":"@MAIL"}',
    properties: bytes = b"{}",
    more: bytes = b"",
) -> bytes:
    told = (b'{"type":', kind, b',"unique_id":', unique, b',"customer":', customer, b',"properties":')
    return b"".join((*told, properties, more, b"}"))


def _value(raw: bytes) -> bytes:
    return _written(properties=b'{"given":' + raw + b"}")


def _traits(raw: bytes) -> bytes:
    return _written(customer=b'{"email":"@MAIL","custom_properties":' + raw + b"}")


def _named(raw: bytes) -> bytes:
    return _written(kind=raw, unique=b'"%s"' % blake2b(raw, digest_size=8).hexdigest().encode())


def _verdict(answer: httpx2.Response, items: int) -> Verdict:
    assert (answer.status_code, answer.json().keys()) == (200, {"customer_event"}), answer.text
    return Verdict(items)


def _poisons() -> Iterator[Poison]:
    yield from poison.characters(_value)
    yield from poison.numbers(_value, arrays=REFUSED)
    yield from several(REFUSED, _value, _VALUES)
    yield from several(REFUSED, lambda raw: _written(properties=raw), _PROPERTIES_REFUSED)
    yield from several(KEPT, lambda raw: _written(properties=raw), _PROPERTIES_KEPT)
    yield from several(REFUSED, _traits, _TRAITS_REFUSED)
    yield from several(KEPT, _traits, _TRAITS_KEPT)
    yield from several(REFUSED, _named, _TYPES_REFUSED)
    yield from several(KEPT, _named, _TYPES_KEPT)
    yield from several(REFUSED, lambda raw: _written(unique=raw), _IDS)
    yield from several(REFUSED, lambda raw: _written(customer=raw), _CUSTOMERS)
    for name, raw in _TIMES.items():
        moment = b',"occurred_at":' + raw
        yield Poison(name=f"{name} for a time", event=_written(more=moment), expected=REFUSED)
    yield from poison.bodies(_written())


_VALUES = {
    "nothing for a value": b"null",
    "an array": b"[1]",
    "an object": b'{"a":1}',
    "arrays 15,000 deep": b"[" * 15_000 + b"]" * 15_000,
    "objects 5,000 deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
}
_PROPERTIES_REFUSED = {
    "501 keys": keys(501),
    "an empty key": b'{"":1}',
    "a key of 256 characters": b'{"' + b"k" * 256 + b'":1}',
    "a list of properties": b"[]",
    "text for properties": b'"{}"',
}
_PROPERTIES_KEPT = {
    "500 keys": keys(500),
    "keys of JavaScript": b'{"__proto__":"admin","constructor":true,"toString":1}',
    "a key twice": b'{"a":1,"a":2}',
    "personal names": b'{"email":1,"Phone":"2","first-name":true}',
    "60,000 characters": b'{"a":"' + b"x" * 60_000 + b'"}',
}
_TRAITS_REFUSED = {
    "NUL in a trait": rb'{"tier":"\u0000"}',
    "surrogate in a trait": rb'{"tier":"\udfff"}',
    "NUL in a trait's key": rb'{"\u0000":1}',
    "a blank in a trait's key": b'{"a b":1}',
    "2^64 as a trait": b'{"score":%d}' % 2**64,
    "nothing for a trait": b'{"tier":null}',
    "a list for a trait": b'{"tier":[]}',
}
_TRAITS_KEPT = {
    "keys of JavaScript as traits": b'{"__proto__":"x","constructor":true}',
    "numbers as traits": b'{"a1":1e300,"a2":-0.0,"a3":9223372036854775807}',
}
_TYPES_REFUSED = {
    "NUL in the name": rb'"a\u0000"',
    "surrogate in the name": rb'"a\ud83d"',
    "an empty name": b'""',
    "a blank name": b'" "',
    "256 characters of name": b'"' + b"a" * 256 + b'"',
    "a list for the name": b'["a"]',
    "no name": b"null",
}
_TYPES_KEPT = {
    "a name of JavaScript": b'"__proto__"',
    "a name of markup": b'"<script>{{7*7}}"',
    "255 characters of name": b'"' + b"Z" * 255 + b'"',
}
_IDS = {
    "NUL in the id": rb'"a\u0000"',
    "surrogate in the id": rb'"\ud83d"',
    "256 characters of id": b'"' + b"k" * 256 + b'"',
    "a number of 5,000 digits for the id": b"9" * 5_000,
    "a list for the id": b'["a"]',
    "an empty id": b'""',
    "no id": b"null",
}
_CUSTOMERS = {
    "NUL in the e-mail": rb'{"email":"a\u0000@x.example"}',
    "surrogate in the e-mail": rb'{"email":"\ud83d@x.example"}',
    "CR and LF in the e-mail": rb'{"email":"a@x.example\r\nBcc: b@x.example"}',
    "a domain without a dot": b'{"email":"a@localhost"}',
    "a list for the e-mail": b'{"email":["a@x.example"]}',
    "an object for the e-mail": b'{"email":{"$gt":""}}',
    "NUL in the external_id": rb'{"external_id":"\u0000"}',
    "256 characters of external_id": b'{"external_id":"' + b"e" * 256 + b'"}',
    "a phone of letters": b'{"phone_number":"+49 CALL ME"}',
    "a phone of other digits": b'{"phone_number":' + quoted("+٤٩١٥١٢٣٤٥٦٧") + b"}",
    "a phone and an e-mail": b'{"email":"@MAIL","phone_number":"+491511234567"}',
    "a customer who is nobody": b"{}",
    "a list for the customer": b"[]",
    "no customer": b"null",
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
    "a number": b"1767225600",
}


def _traits_of(event: Any) -> Any:
    return event["customer"].get("custom_properties") or {}


YOTPO = Front(
    dialect="yotpo",
    single="/core/v3/stores/self/customer_events",
    batch=None,
    key="secret",
    shown=bearer,  # its clients show X-Yotpo-Token; this opens as well, and is what the framings write
    event=_event,
    shape=frozenset({"errors"}),
    whole=True,
    verdict=_verdict,
    properties=lambda event: event["properties"],
    traits=_traits_of,
    poisons=tuple(_poisons()),
)
