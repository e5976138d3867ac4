"""Poison through every door: never a 5xx, and what is accepted can be stored and read again."""

from typing import Any

import pytest

from tests.dialects.calls import Call
from tests.dialects.storable import assert_storable

NOT_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "open": b'{"a":',
    "trailing": b"{} x",
    "two": b"{}{}",
    "bom": b"\xef\xbb\xbf{}",
    "utf-16": '{"a":1}'.encode("utf-16"),
    "latin-1": b'{"a":"\xe9"}',
    "overlong": b'{"a":"\xc0\xaf"}',
    "raw surrogate": b'{"a":"\xed\xa0\x80"}',
    "raw nul": b'{"a":"\x00"}',
    "comment": b"{/* */}",
    "single quotes": b"{'a':1}",
    "form": b"a=1&b=2",
    "xml": b"<a/>",
    "deep array": b"[" * 15_000,
    "deep object": b'{"a":' * 4_000,
}
NOT_AN_OBJECT = [b"null", b"true", b"1", b'"text"', b"[]", b"[[]]", b"-0.0", b"1e400", b"9" * 5_000]
VALUES = {
    "nul": rb'"a\u0000b"',
    "nul in a key": rb'{"a\u0000b":1}',
    "high surrogate": rb'"\ud800"',
    "low surrogate": rb'"\udc00"',
    "half an emoji": rb'"cut \ud83d"',
    "surrogate in a key": rb'{"\ud83d":1}',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "beyond a float": b"1e400",
    "near the end of floats": b"1.7976931348623157e308",
    "tiny": b"5e-324",
    "131,072 digits": b"1e131071",
    "int64": b"9223372036854775807",
    "beyond int64": b"9223372036854775808",
    "below int64": b"-9223372036854775809",
    "2**64": b"18446744073709551616",
    "4,000 digits": b"9" * 4_000,
    "5,000 digits": b"9" * 5_000,
    "5,000 digits behind the point": b"0." + b"9" * 5_000,
    "-0.0": b"-0.0",
    "deep": b"[" * 900 + b"]" * 900,
    "deeper": b'{"a":' * 4_000 + b"1" + b"}" * 4_000,
    "same key twice": b'{"a":1,"a":2}',
    "__proto__": b'{"__proto__":{"a":1},"constructor":1,"":2}',
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(2_000)) + b"}",
    "many items": b"[" + b",".join([b"1"] * 9_000) + b"]",
    "long key": b'{"' + b"k" * 20_000 + b'":1}',
    "long text": b'"' + b"t" * 20_000 + b'"',
    "crlf": rb'"a\r\nBcc: x@example.com"',
    "invisible": '"\u202ea\u200b\ufeff\U000e0001"'.encode(),
    "not yet a character": '"\U0010ffff\ufdd0"'.encode(),
    "json in json": rb'"{\"a\":\"\\u0000\"}"',
    "not utf-8": b'"\xff"',
    "null": b"null",
    "empty object": b"{}",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
async def test_what_is_not_json_is_the_callers_fault(desk: Any, call: Call, body: bytes) -> None:
    answer = await desk.post(call.path, body)
    assert answer.status == 400
    assert answer.json.keys() == call.shape
    assert call.reason(answer.json)


@pytest.mark.parametrize("body", NOT_AN_OBJECT, ids=lambda body: body[:8].decode())
async def test_what_is_no_object_is_the_callers_fault(desk: Any, call: Call, body: bytes) -> None:
    answer = await desk.post(call.path, body)
    assert answer.status == 400
    assert answer.json.keys() == call.shape


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
async def test_poison_is_refused_or_kept_as_something_storable(desk: Any, call: Call, value: bytes) -> None:
    answer = await desk.post(call.path, call.template.replace(b"@@", value))
    assert answer.status in (200, 400, 413)
    for offer in desk.journal.offers:
        assert_storable(offer)
