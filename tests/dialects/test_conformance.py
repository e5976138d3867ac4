"""What every dialect must do, whatever its vendor says. A new dialect adds its calls to calls.py and passes."""

import asyncio
import gzip
import time
from typing import Any

import pytest

from clarion.accounts.rates import LATE_MAX_S, REFUSED_FREE
from clarion.dialects import Table
from clarion.errors import Unavailable
from tests.dialects.calls import MB, SECRET, SHOWN, Call
from tests.dialects.storable import assert_storable

# ---- the way in


def test_routes_are_methods_and_paths(desk: Any, call: Call) -> None:
    assert Table(desk.routes).find(call.method, call.path.removesuffix("/")) is not None
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


async def test_a_repeat_is_kept_once_and_answered_like_the_first(desk: Any, call: Call) -> None:
    first = await desk.post(call.path, call.good)
    again = await desk.post(call.path, call.good)
    assert again.status == first.status
    assert (again.body == first.body == b"") if call.empty_success else again.json.keys() == first.json.keys()
    assert len(desk.journal.offers) == call.items


async def test_what_is_good_of_a_batch_is_kept_and_the_rest_counted(desk: Any, call: Call) -> None:
    if call.partly is None:
        return
    body, status = call.partly
    answer = await desk.post(call.path, body)
    assert answer.status == status
    assert len(desk.journal.offers) == call.items - 1
    assert desk.journal.rejected == len(desk.journal.samples) == 1


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


async def test_who_goes_on_over_the_rate_waits_and_hears_what_is_true_by_then(desk: Any, call: Call) -> None:
    """Without `late` nobody is held; with the seconds counted before the wait, the fourth would hear 60."""
    held: list[float] = []

    async def hold(for_s: float) -> bool:
        held.append(for_s)
        desk.now_us += 260_000
        return True

    desk.hold = hold
    desk.credential.rates[call.bucket] = 1
    assert (await desk.post(call.path, call.good)).status == 200
    for _ in range(REFUSED_FREE):
        assert (await desk.post(call.path, call.good)).headers["retry-after"] == "60"
    assert held == []
    answers = [await desk.post(call.path, call.good) for _ in range(4)]
    assert held == sorted(held)
    assert 0 < held[0] < held[-1]
    assert [answer.headers["retry-after"] for answer in answers] == ["60", "60", "60", "59"]


async def test_a_flood_of_unknown_keys_is_answered_later_and_later_and_a_known_caller_never(
    desk: Any, call: Call
) -> None:
    """Without `stranger` nobody is held. Every key is another one, and some callers show none."""
    held: list[float] = []

    async def hold(for_s: float) -> bool:
        held.append(for_s)
        return True

    desk.hold = hold
    key = SECRET.encode()
    for n in range(REFUSED_FREE + 100):
        body = call.good.replace(key, b"another %d" % n)  # where it is shown in a body
        shown = SHOWN[call.dialect](f"another {n}") if n % 10 else ""
        assert 400 <= (await desk.post(call.path, body, authorization=shown)).status < 402
    assert len(held) == 100
    assert held == sorted(held)
    assert held[-1] == LATE_MAX_S
    assert (await desk.post(call.path, call.good)).status == 200
    assert len(held) == 100
    desk.now_us += 60_000_000
    await desk.post(call.path, call.good.replace(key, b"one"), authorization="Bearer one")
    assert len(held) == 100, "a minute later it is forgotten"


async def test_who_hangs_up_while_he_waits_is_answered_no_more(desk: Any, call: Call) -> None:
    async def gone(for_s: float) -> bool:
        return False

    desk.hold = gone
    desk.credential.rates[call.bucket] = 1
    for _ in range(REFUSED_FREE + 1):
        await desk.post(call.path, call.good)
    assert await desk.send(call.method, call.path, [call.good]) is None


# ---- what goes back


async def test_every_answer_is_json_or_empty_with_a_request_id_of_its_own(desk: Any, call: Call) -> None:
    answers = [
        await desk.post(call.path, call.good),
        await desk.post(call.path, b"{"),
        await desk.post(call.path, call.good, authorization=""),
        await desk.send("GET", call.path),
        await desk.send("POST", call.path + "/nothing/here"),
    ]
    for answer in answers:
        assert int(answer.headers["content-length"]) == len(answer.body)
        if call.empty_success and answer.status == 200:
            assert answer.body == b""
        else:
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
            assert answer.json is not None
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


async def test_unknown_paths_and_methods_are_answered_in_the_vendors_shape(desk: Any, call: Call) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"):
        if Table(desk.routes).find(method, call.path) is not None:
            continue
        answer = await desk.send(method, call.path)
        assert answer.status == 405
        assert answer.json.keys() == call.shape
        assert call.method in answer.headers["allow"]
    for path in (call.path + "/%00", call.path + "//", *call.unknown):
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


async def test_content_types_that_are_taken(desk: Any, call: Call) -> None:
    for shown in call.content_types:
        assert (await desk.post(call.path, call.good, content_type=shown)).status == 200


async def test_callers_do_not_wait_for_each_other(desk: Any, call: Call) -> None:
    slow = asyncio.create_task(desk.send(call.method, call.path, []))
    assert (await desk.post(call.path, call.good)).status == 200
    assert (await slow).status == 408
