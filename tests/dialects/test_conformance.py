"""What every dialect must do, whatever its vendor says. A new dialect adds itself to DIALECTS and passes."""

import asyncio
import gzip
import json
import math
import time
from typing import Any

import pytest
from msgspec import Struct

from clarion.dialects.smashsend import routes as smashsend
from clarion.errors import Unavailable
from clarion.model import Event, IdentityKind, ProfileChange, Source

MB = 1024 * 1024


class Call(Struct, frozen=True):
    """One call of a dialect. `good` is accepted; `@@` in `template` is where any JSON value may stand."""

    dialect: str
    routes: Any
    source: Source
    path: str
    bucket: str
    body_bytes_max: int
    good: bytes
    items: int
    template: bytes
    shape: frozenset[str]  # keys of an error
    method: str = "POST"


_SMASHSEND = {
    "dialect": "smashsend",
    "routes": smashsend,
    "source": Source.SMASHSEND,
    "shape": frozenset({"statusCode", "error", "message"}),
}
_EVENT = b'{"event":"page.viewed","identify":{"email":"user@example.com"},"properties":{"given":@@}}'
DIALECTS = [
    Call(
        path="/v1/events",
        bucket="single",
        body_bytes_max=32 * 1024,
        good=_EVENT.replace(b"@@", b'"x"'),
        items=1,
        template=_EVENT,
        **_SMASHSEND,
    ),
    Call(
        path="/v1/events/batch",
        bucket="batch",
        body_bytes_max=int(6.4 * MB),
        good=b'{"events":[' + _EVENT.replace(b"@@", b"1") + b"," + _EVENT.replace(b"@@", b"2") + b"]}",
        items=2,
        template=b'{"events":[' + _EVENT + b"]}",
        **_SMASHSEND,
    ),
]


@pytest.fixture(params=DIALECTS, ids=lambda call: f"{call.dialect}-{call.path}")
def call(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def desk(open_desk: Any, call: Call) -> Any:
    return open_desk(call.dialect, call.routes)


# ---- the way in


def test_routes_are_methods_and_paths(desk: Any, call: Call) -> None:
    assert (call.method, call.path) in desk.routes
    for method, path in desk.routes:
        assert method.isupper()
        assert path.startswith("/")


async def test_a_good_request_is_offered_item_by_item(desk: Any, call: Call) -> None:
    answer = await desk.post(call.path, call.good)
    assert answer.status == 200
    assert len(desk.journal.offers) == call.items
    assert desk.journal.sources == {call.source}
    assert desk.journal.calls == 1
    for offer in desk.journal.offers:
        assert offer.inbound.identities
        assert_storable(offer)


async def test_an_unknown_key_reaches_nothing(desk: Any, call: Call) -> None:
    answer = await desk.send(call.method, call.path, [], authorization="Bearer nobodys")
    assert 400 <= answer.status < 500
    assert desk.journal.calls == 0


async def test_a_key_of_another_dialect_reaches_nothing(desk: Any, call: Call) -> None:
    desk.credential = type(desk.credential)(
        credential_id=desk.credential.credential_id,
        workspace_id=desk.credential.workspace_id,
        dialect="another",
    )
    assert (await desk.post(call.path, call.good)).status in (400, 401, 403)
    assert desk.journal.calls == 0


async def test_over_the_rate_the_caller_hears_when_to_come_back(desk: Any, call: Call) -> None:
    desk.credential.rates[call.bucket] = 1
    assert (await desk.post(call.path, call.good)).status == 200
    answer = await desk.post(call.path, call.good)
    assert answer.status == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.json.keys() == call.shape


# ---- what goes back


async def test_every_answer_is_json_with_a_request_id_of_its_own(desk: Any, call: Call) -> None:
    answers = [
        await desk.post(call.path, call.good),
        await desk.post(call.path, b"{"),
        await desk.post(call.path, call.good, authorization=""),
        await desk.send("GET", call.path),
        await desk.send("POST", call.path + "/nothing/here"),
    ]
    for answer in answers:
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert answer.json is not None
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


async def test_unknown_paths_and_methods_are_answered_in_the_vendors_shape(desk: Any, call: Call) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"):
        answer = await desk.send(method, call.path)
        assert answer.status == 405
        assert answer.json.keys() == call.shape
        assert call.method in answer.headers["allow"]
    for path in (call.path + "/", call.path + "/%00", "/v1/" + "x" * 9_000, "/v1/\u202e"):
        answer = await desk.send("POST", path)
        assert answer.status == 404
        assert answer.json.keys() == call.shape
        assert len(answer.body) < 1_000
    assert desk.journal.calls == 0


async def test_when_nothing_can_be_kept_it_is_503_with_retry_after(desk: Any, call: Call) -> None:
    desk.journal.error = Unavailable("the disk of db-3 is full", retry_after_s=7)
    answer = await desk.post(call.path, call.good)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "7"
    assert answer.json.keys() == call.shape
    assert b"db-3" not in answer.body


async def test_a_defect_of_ours_is_told_by_its_id_alone(desk: Any, call: Call) -> None:
    desk.journal.error = RuntimeError("secret detail")
    answer = await desk.post(call.path, call.good)
    assert answer.status == 500
    assert answer.json.keys() == call.shape
    assert answer.headers["x-request-id"] in answer.body.decode()
    assert b"secret detail" not in answer.body


# ---- bodies


async def test_a_body_too_long_is_refused_before_it_comes(desk: Any, call: Call) -> None:
    for length in (call.body_bytes_max + 1, 10**30):
        answer = await desk.send(call.method, call.path, [], content_length=str(length))
        assert answer.status == 413
        assert answer.json.keys() == call.shape


async def test_a_body_too_long_is_refused_while_it_comes(desk: Any, call: Call) -> None:
    piece = b" " * (call.body_bytes_max // 4 + 1)
    for chunks in ([b" " * (call.body_bytes_max + 1)], [piece] * 4 + [b"never asked for"] * 1_000):
        answer = await desk.send(call.method, call.path, chunks)
        assert answer.status == 413


async def test_a_body_may_come_in_pieces(desk: Any, call: Call) -> None:
    pieces = [call.good[n : n + 1] for n in range(len(call.good))]
    answer = await desk.send(call.method, call.path, [b"", *pieces, b""])
    assert answer.status == 200
    assert len(desk.journal.offers) == call.items


async def test_a_body_in_too_many_pieces_is_refused(desk: Any, call: Call) -> None:
    answer = await desk.send(call.method, call.path, [b" "] * 30_000)
    assert answer.status == 400
    assert "pieces" in answer.body.decode()


async def test_a_body_that_does_not_come_is_not_waited_for(desk: Any, call: Call) -> None:
    answer = await desk.send(call.method, call.path, [])
    assert answer.status == 408
    assert answer.json.keys() == call.shape


async def test_a_caller_who_hung_up_hears_nothing(desk: Any, call: Call) -> None:
    assert await desk.send(call.method, call.path, [None]) is None
    assert await desk.send(call.method, call.path, [call.good[:9], None]) is None
    assert desk.journal.calls == 0


async def test_gzip_is_read_like_plain(desk: Any, call: Call) -> None:
    half = len(call.good) // 2
    members = gzip.compress(call.good[:half]) + gzip.compress(call.good[half:])
    for body in (gzip.compress(call.good), members):
        desk.journal.__init__()
        assert (await desk.post(call.path, body, content_encoding="GZIP")).status == 200
        assert len(desk.journal.offers) == call.items


async def test_a_gzip_bomb_is_refused_early(desk: Any, call: Call) -> None:
    bomb = gzip.compress(b" " * (64 * MB))[: call.body_bytes_max]
    start = time.perf_counter()
    answer = await desk.post(call.path, bomb, content_encoding="gzip")
    assert answer.status in (400, 413)
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body,
        lambda body: gzip.compress(body)[:-9],
        lambda body: gzip.compress(body) + b"more",
        lambda body: gzip.compress(body)[:-5] + b"wrong",
        lambda body: gzip.compress(gzip.compress(body)),
        lambda body: gzip.compress(b"") * 400,
        lambda body: b"",
    ],
    ids=["plain", "cut", "more behind", "wrong sum", "twice", "many members", "empty"],
)
async def test_spoilt_gzip_is_the_callers_fault(desk: Any, call: Call, spoil: Any) -> None:
    answer = await desk.post(call.path, spoil(call.good), content_encoding="gzip")
    assert answer.status == 400
    assert answer.json.keys() == call.shape


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "chunked", "\xff"])
async def test_other_encodings_are_refused(desk: Any, call: Call, encoding: str) -> None:
    answer = await desk.post(call.path, call.good, content_encoding=encoding)
    assert answer.status == 415


async def test_the_content_type_is_not_asked_for(desk: Any, call: Call) -> None:
    for shown in ("text/plain", "application/json; charset=latin-1", "multipart/form-data", ""):
        assert (await desk.post(call.path, call.good, content_type=shown)).status == 200


async def test_callers_do_not_wait_for_each_other(desk: Any, call: Call) -> None:
    slow = asyncio.create_task(desk.send(call.method, call.path, []))
    assert (await desk.post(call.path, call.good)).status == 200
    assert (await slow).status == 408


# ---- poison: never a 5xx, and what is accepted can be stored and read again

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
    "deep object": b'{"a":' * 6_000,
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
    assert answer.json["message"]


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


def assert_storable(offer: Any) -> None:
    """PostgreSQL and every later reader can take it."""
    inbound = offer.inbound
    assert isinstance(inbound, Event | ProfileChange)
    for identity in inbound.identities:
        assert isinstance(identity.kind, IdentityKind)
        assert_value(identity.value)
    assert_value(offer.dedup.key)
    assert_value([reach.value for reach in inbound.reaches])
    assert_value(inbound.traits)
    if isinstance(inbound, Event):
        assert_value(inbound.name)
        assert_value(inbound.properties)
        assert isinstance(inbound.occurred_at_us, int)
    json.dumps([inbound.traits], allow_nan=False)


def assert_value(value: Any) -> None:
    match value:
        case bool() | None:
            pass
        case str():
            assert "\0" not in value
            value.encode("utf-8")
        case int():
            assert -(2**63) <= value < 2**63
        case float():
            assert math.isfinite(value)
        case list():
            for item in value:
                assert_value(item)
        case dict():
            for key, item in value.items():
                assert_value(key)
                assert_value(item)
        case _:
            raise AssertionError(f"{type(value)} is not JSON")
