"""The doors that the trust tests knock at, as a table: how an event is written for each, and what its answers say.

A new door is one more `Front` in DOORS: the tests of poison and of isolation run over it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx2
from msgspec import Struct

from tests.dialects.calls import SHOWN
from tests.trust import poison
from tests.trust.poison import KEPT, REFUSED, Poison, keys, quoted, several


class Verdict(Struct, frozen=True):
    """What a door said of a request that it read: the places of refused items, and how many were repeats."""

    kept: int
    refused: Sequence[int] = ()
    repeated: int = 0


class Front(Struct, frozen=True, kw_only=True):
    """A door as its callers see it.

    `event`: name, e-mail and a value as JSON -> an event that serves alone and in a batch. `shape`: the keys of a
    refusal. `whole`: one bad event of a batch refuses it. `verdict`: an answer that is no refusal, and how many items
    were sent. `distinct`: as how many events one event counts that comes alone, again, and in a batch.
    `properties`, `traits`: what of an event must read back, by another parser than ours.
    """

    dialect: str
    single: str
    batch: str
    event: Callable[[bytes, bytes, bytes], bytes]
    shape: frozenset[str]
    whole: bool
    verdict: Callable[[httpx2.Response, int], Verdict]
    properties: Callable[[Any], Any]
    traits: Callable[[Any], Any]
    poisons: tuple[Poison, ...]
    distinct: int = 1

    def batched(self, events: Sequence[bytes]) -> bytes:
        return b'{"events":[' + b",".join(events) + b"]}"

    def shown(self, key: str) -> str:
        """The Authorization header."""
        return SHOWN[self.dialect](key)


# ---- SMASHSEND


def _smashsend_event(name: bytes, email: bytes, given: bytes) -> bytes:
    # Of the value a message id, too: each event is another.
    return poison.event(b'"%s"' % name, b'"%s"' % email, b',"properties":{"given":' + given + b"}")


def _smashsend_verdict(answer: httpx2.Response, items: int) -> Verdict:
    told = answer.json()
    if told.keys() == {"success", "messageId", "info"}:
        return Verdict(items)
    assert told.keys() == {"accepted", "failed", "duplicated", "events", "errors"}
    assert answer.status_code == (400 if told["failed"] == items else 207 if told["failed"] else 200)
    refused = tuple(failure["index"] for failure in told["errors"])
    assert len(refused) == told["failed"]
    return Verdict(told["accepted"], refused, told["duplicated"])


# ---- eSputnik


def _esputnik(
    name: bytes = b'"@NAME"',
    key: bytes = b'"@MAIL"',
    params: bytes = b"[]",
    occurred: bytes = b'"2024-01-15"',
) -> bytes:
    told = (b'{"eventTypeKey":', name, b',"keyValue":', key, b',"params":', params, b',"occurred":', occurred)
    return b"".join((*told, b"}"))


def _esputnik_value(raw: bytes) -> bytes:
    return _esputnik(params=b'[{"name":"given","value":' + raw + b"}]")


def _esputnik_event(name: bytes, email: bytes, given: bytes) -> bytes:
    return _esputnik(b'"%s"' % name, b'"%s"' % email, b'[{"name":"given","value":' + given + b"}]")


def _esputnik_verdict(answer: httpx2.Response, items: int) -> Verdict:
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    return Verdict(items)


def _params(event: Any) -> Any:
    return {param["name"]: param["value"] for param in event["params"]}


def _esputnik_poisons() -> Iterator[Poison]:
    yield from poison.characters(_esputnik_value)
    yield from poison.numbers(_esputnik_value)
    yield from several(
        REFUSED,
        _esputnik_value,
        {
            "arrays 15,000 deep": b"[" * 15_000 + b"]" * 15_000,
            "a key of 256 characters": b'{"' + b"k" * 256 + b'":1}',
            "21 KB": b'"' + b"x" * 21_000 + b'"',
        },
    )
    yield from several(
        KEPT,
        _esputnik_value,
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
    yield from several(REFUSED, lambda raw: _esputnik(name=raw), named)
    keyed = {
        "NUL in the keyValue": rb'"a\u0000"',
        "surrogate in the keyValue": rb'"\ud83d"',
        "301 characters of keyValue": b'"' + b"k" * 301 + b'"',
        "a number of 5,000 digits for the keyValue": b"9" * 5_000,
        "an object for the keyValue": b'{"$gt":""}',
        "no keyValue": b"null",
    }
    yield from several(REFUSED, lambda raw: _esputnik(key=raw), keyed)
    listed = {
        "NUL in a parameter's name": rb'[{"name":"\u0000","value":1}]',
        "surrogate in a parameter's name": rb'[{"name":"\ud83d","value":1}]',
        "an empty parameter's name": b'[{"name":"","value":1}]',
        "a parameter twice": b'[{"name":"a","value":1},{"name":"a","value":2}]',
        "a parameter without value": b'[{"name":"a"}]',
        "text for params": b'"[]"',
    }
    yield from several(REFUSED, lambda raw: _esputnik(params=raw), listed)
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
        yield Poison(name=f"{name} for a time", event=_esputnik(occurred=raw), expected=REFUSED, batched=True)
    yield from poison.bodies(_esputnik())


SMASHSEND = Front(
    dialect="smashsend",
    single="/v1/events",
    batch="/v1/events/batch",
    event=_smashsend_event,
    shape=frozenset({"statusCode", "error", "message"}),
    whole=False,
    verdict=_smashsend_verdict,
    properties=lambda event: event.get("properties") or {},
    traits=lambda event: event["identify"].get("traits") or {},
    poisons=poison.POISONS,
)
ESPUTNIK = Front(
    dialect="esputnik",
    single="/api/v2/event",
    batch="/api/v2/past_events",
    event=_esputnik_event,
    shape=frozenset({"status", "message"}),
    whole=True,
    verdict=_esputnik_verdict,
    properties=_params,
    traits=lambda event: {},
    poisons=tuple(_esputnik_poisons()),
    distinct=2,  # with its own time a past event is another
)
DOORS = (SMASHSEND, ESPUTNIK)
