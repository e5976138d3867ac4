"""Poison through the front door: one event of it never harms another, and what was accepted can be read again.

The table is in poison.py. Every payload is sent alone, as a batch of its own, and as one of 200, each way into a
workspace of its own.
"""

import asyncio
import math
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
from msgspec import UNSET, Struct

from clarion import events
from clarion.model import Accepted, Dedup, Mode, Offer, Source
from clarion.profiles.conversion import text_of
from tests.db.support import event, ledger_total, mismatches, timeline, windowed
from tests.e2e.conftest import Server
from tests.trust import poison
from tests.trust.poison import FRAMINGS, KEPT, MAIL, NAME, POISONS, REFUSED, Framing, Poison

SHAPE = {"statusCode", "error", "message"}
BATCH = {"accepted", "failed", "duplicated", "events", "errors"}
REFUSALS = {400, 413, 415}
PLACE = 77  # of the poisoned one among 200
GOOD = b'{"event":"good","identify":{"email":"good%d@example.com"},"messageId":"%d-%d"}'


class Way(StrEnum):
    """How a payload comes; also the name of its workspace."""

    SINGLE = "single"
    OWN = "own"  #: a batch of its own
    AMONG = "among"  #: one of 200


WAYS = tuple(Way)


class Lab(Struct):
    """A server, three workspaces, and its processes as they were."""

    server: Server
    sender: httpx2.Client
    keys: dict[Way, str]
    readers: dict[Way, httpx2.Client]
    children: dict[str, int]

    def settle(self) -> None:
        """Wait until everything is processed; where that takes long, show how the server stands."""
        try:
            self.server.settle()
        except AssertionError as exc:
            ready = httpx2.get(f"{self.server.url}/readyz").text
            raise AssertionError(f"{exc}: {ready}\n{self.server.log.read_text()[-5_000:]}") from exc

    def send(self, way: Way, body: bytes, headers: dict[str, str] | None = None) -> httpx2.Response:
        raw = {name.encode(): text.encode("latin-1") for name, text in (headers or {}).items()}
        raw[b"authorization"] = f"Bearer {self.keys[way]}".encode()
        path = "/v1/events" if way is Way.SINGLE else "/v1/events/batch"
        return self.sender.post(self.server.url + path, content=body, headers=list(raw.items()))


def children(server: Any) -> dict[str, int]:
    found = {}
    for child in psutil.Process(server.pid).children():
        words = child.cmdline()
        if "clarion.serve.child" in words:
            found[words[-2]] = child.pid
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("poisoned") / "data")
    running.start()
    yield running
    assert running.stop() == 0, running.log.read_text()


@pytest.fixture(scope="module")
def lab(server: Server) -> Iterator[Lab]:
    keys, readers = {}, {}
    for way in WAYS:
        server.run("workspace", "create", way, "--test")
        token = server.cli("credential", "create", "--workspace", way, "--manage", "--role", "owner")["token"]
        readers[way] = manage = httpx2.Client(
            base_url=f"{server.url}/manage/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        keys[way] = manage.post("/credentials", json={"dialect": "smashsend"}).json()["api_key"]
        limits = {"dialect": "smashsend", "per_minute": 0}
        assert manage.patch("/credentials", json=limits).status_code == 200
    # A connection a request: some are broken off. One client, for to make one takes longer than to be answered.
    sender = httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0), timeout=60)
    yield Lab(server, sender, keys, readers, children(server))
    for client in (sender, *readers.values()):
        client.close()


def name_of(number: int) -> str:
    return f"poison.{number}"


def email_of(number: int) -> str:
    return f"poison.{number}@example.com"


def body_of(number: int, one: Poison, way: Way) -> bytes:
    sent = one.event.replace(NAME, name_of(number).encode()).replace(MAIL, email_of(number).encode())
    events = [GOOD % (n % 20, number, n) for n in range(199)] if way is Way.AMONG else []
    events.insert(PLACE, sent)
    return one.wrap(sent if way is Way.SINGLE else b'{"events":[' + b",".join(events) + b"]}")


class Sent(Struct):
    """What was answered to everything, and what is on the timelines when all is processed."""

    answers: dict[tuple[str, Way], httpx2.Response]
    events: dict[Way, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sent(lab: Lab) -> Sent:
    answers = {
        (one.name, way): lab.send(way, body_of(number, one, way), one.headers)
        for number, one in enumerate(POISONS)
        for way in WAYS
    }
    lab.settle()
    listed = {way: lab.server.cli("event", "list", "--workspace", way, "--limit", "1000000") for way in WAYS}
    return Sent(answers, listed)


CASES = [pytest.param(one, way, id=f"{one.name} - {way}") for one in POISONS for way in WAYS]


@pytest.mark.parametrize(("one", "way"), CASES)
def test_poison_is_refused_in_the_vendors_words_or_kept_and_harms_no_other(
    sent: Sent, one: Poison, way: Way
) -> None:
    answer = sent.answers[one.name, way]
    told = answer.json()
    refused_whole = told.keys() == SHAPE
    if refused_whole:
        assert answer.status_code == told["statusCode"]
        assert answer.status_code in REFUSALS, told
        assert one.expected is REFUSED, told
        assert way is Way.SINGLE or one.whole, told
    elif way is Way.SINGLE:
        assert answer.status_code == 200
        assert one.expected is KEPT, told
    else:
        assert told.keys() == BATCH
        good = 199 if way is Way.AMONG else 0
        kept = int(one.expected is KEPT)
        assert (told["accepted"], told["failed"], told["duplicated"]) == (good + kept, 1 - kept, 0), told[
            "errors"
        ]
        assert answer.status_code == (200 if kept else 207 if good else 400)
        assert [failure["index"] for failure in told["errors"]] == ([] if kept else [PLACE if good else 0])


KEPT_CASES = [
    pytest.param(number, one, way, id=f"{one.name} - {way}")
    for number, one in enumerate(POISONS)
    if one.expected is KEPT
    for way in WAYS
]


@pytest.mark.parametrize(("number", "one", "way"), KEPT_CASES)
def test_what_was_accepted_reads_back_equal(lab: Lab, sent: Sent, number: int, one: Poison, way: Way) -> None:
    reader = lab.readers[way]
    email = email_of(number) if one.email is UNSET else one.email
    profile = reader.post("/profiles/find", json={"email": email})
    assert profile.status_code == 200, profile.text
    (stored,) = [found for found in sent.events[way] if found["profile_id"] == profile.json()["id"]]
    assert reader.get(f"/events/{stored['id']}").json() == stored
    assert same(stored["properties"], one.properties()), stored["properties"]
    if NAME in one.event:
        assert stored["name"] == name_of(number)
    else:
        assert stored["name"].encode() in one.event
    if one.at is not UNSET:
        assert stored["occurred_at"] == one.at
    if one.message_id is not UNSET:
        told = sent.answers[one.name, way].json()
        assert (told if way is Way.SINGLE else told["events"][-1 if way is Way.OWN else PLACE])[
            "messageId"
        ] == one.message_id
    # Standard traits are texts: another value stands there as it is written, a list as JSON.
    traits = {
        STANDARD.get(name, name): text_of(held) if name in TEXTS else held
        for name, held in one.traits().items()
        if held is not None
    }
    assert same(profile.json()["traits"], traits), profile.json()["traits"]
    assert {"kind": "email", "namespace": "", "value": email} in profile.json()["identities"]


TEXTS = {"firstName", "lastName", "avatarUrl", "countryCode", "phone", "email", "city", "country", "language"}
STANDARD = {
    "firstName": "first_name",
    "lastName": "last_name",
    "avatarUrl": "avatar_url",
    "countryCode": "country_code",
}


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: numbers by value (jsonb keeps neither -0 nor how a number was written), all else exactly."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    if numbers and not isinstance(one, bool) and not isinstance(other, bool):
        both_whole = isinstance(one, int) and isinstance(other, int)
        return one == other if both_whole else float(one) == float(other)
    return type(one) is type(other) and one == other


def test_the_eye_for_equality_is_not_blind() -> None:
    assert same({"a": [1, -0.0, 1e300]}, {"a": [1.0, 0, 10**300]})
    for one, other in ((1, True), (2**53, 2**53 + 1), ("1", 1), ([], {}), ({"a": None}, {}), (math.pi, 3.14)):
        assert not same(one, other)


@pytest.mark.parametrize("way", WAYS)
def test_of_all_that_poison_nothing_is_left_lying(lab: Lab, sent: Sent, way: Way) -> None:
    """No 5xx, the same processes, nothing in quarantine, every good event on the timeline, a ledger that adds up."""
    assert [name for (name, _), answer in sent.answers.items() if answer.status_code >= 500] == []
    assert children(lab.server) == lab.children
    assert lab.readers[way].get("/quarantine").json()["quarantined"] == []
    good = [found for found in sent.events[way] if found["name"] == "good"]
    in_batches = [
        one for one in POISONS if way is Way.AMONG and sent.answers[one.name, way].json().keys() == BATCH
    ]
    assert len(good) == 199 * len(in_batches)
    assert len(in_batches) >= 100 or way is not Way.AMONG
    lab.server.run("ledger", "show", "--workspace", way, "--verify")


# ---- framing


def speak(url: str, request: bytes) -> tuple[int, bytes]:
    """The status of the first answer, 0 for none, and all that came back."""
    place = urlsplit(url)
    came = bytearray()
    with socket.create_connection((place.hostname, place.port), timeout=8) as connection:
        try:
            connection.sendall(request)
        except OSError:
            pass  # it has heard enough; its answer may still be there
        try:
            while part := connection.recv(65_536):
                came += part
        except OSError:
            pass
    words = bytes(came[:16]).split()
    return (int(words[1]) if len(words) > 1 else 0), bytes(came)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
def test_a_poisoned_framing_is_refused_or_means_what_was_sent(lab: Lab, framing: Framing, way: Way) -> None:
    number = 10_000 + FRAMINGS.index(framing)
    harmless = Poison(name=framing.name, event=poison.event(), expected=KEPT)
    body = body_of(number, harmless, way)
    path = b"/v1/events" if way is Way.SINGLE else b"/v1/events/batch"
    status, came = speak(lab.server.url, framing.build(path, lab.keys[way].encode(), body))
    assert status in framing.statuses, came[:2_000]
    assert came.count(b"HTTP/1.1 ") <= 1, came
    lab.settle()
    found = lab.readers[way].get("/events", params={"metric": name_of(number)}).json()["events"]
    assert len(found) == (status == 200)
    assert children(lab.server) == lab.children


# ---- in company

COMPANY = (
    "NUL in a value",
    "surrogate in the messageId",
    "5,000 digits",
    "arrays 200,000 deep",
    "invalid UTF-8",
    "a gzip bomb",
    "no gzip",
    "cut short",
)


@pytest.mark.parametrize("name", COMPANY)
def test_among_50_concurrent_requests_only_the_poisoned_one_fails(lab: Lab, name: str) -> None:
    (one,) = [one for one in POISONS if one.name == name]
    good = b'{"event":"company","identify":{"email":"c%d@example.com"},"messageId":"%s %d"}'

    def send(n: int) -> httpx2.Response:
        if n == 25:
            return lab.send(Way.SINGLE, body_of(20_000, one, Way.SINGLE), one.headers)
        way = Way.SINGLE if n % 2 else Way.OWN
        sent = good % (n, name.encode(), n)
        return lab.send(way, sent if way is Way.SINGLE else b'{"events":[' + sent + b"]}")

    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(send, range(51)))
    assert answers.pop(25).status_code in REFUSALS
    assert {answer.status_code for answer in answers} == {200}
    assert children(lab.server) == lab.children


@pytest.mark.parametrize(
    "bad",
    [
        Offer(event("bad", properties={"n": 1 << 70}), Dedup(Mode.ONCE, "bad")),  # no msgpack
        Offer(event("bad"), Dedup(Mode.ONCE, "bad", day=1 << 40)),  # no int4: the accept statement fails
        Offer(event("bad\ud800"), Dedup(Mode.ONCE, "bad")),  # no UTF-8
    ],
    ids=["not to be packed", "not to be bound", "not to be encoded"],
)
async def test_what_shares_a_group_with_a_request_that_fails_is_tried_alone_and_succeeds(
    database, new_tenant, ingest, process_all, bad
):
    tenant, neighbour = await new_tenant(), await new_tenant()
    requests = [(tenant, [once(f"{n}.{m}") for m in range(3)]) for n in range(20)]
    requests += [(neighbour, [once(str(n))]) for n in range(20)]
    requests.insert(7, (tenant, [once("shares the request"), bad]))
    outcomes = await asyncio.gather(
        *(ingest.offer(whose.credential, Source.SMASHSEND, offers) for whose, offers in requests),
        return_exceptions=True,
    )
    assert isinstance(outcomes.pop(7), Exception)
    assert {type(one) for outcome in outcomes for one in outcome} == {Accepted}
    for whose, count in ((tenant, 60), (neighbour, 20)):
        await process_all(whose)
        assert len(await timeline(database, whose)) == count
        assert await mismatches(database, whose.workspace_id) == []


def once(key: str) -> Offer:
    return Offer(event("good"), Dedup(Mode.ONCE, key))


async def test_what_only_the_worker_chokes_on_goes_to_quarantine_alone(
    database, new_tenant, ingest, process_all
):
    tenant, neighbour = await new_tenant(), await new_tenant()
    bad = [event("bad", properties={"a": "\0"}), event("b\0d"), event("bad", traits={"\0": 1}),
           event("bad", session="\0"), event("bad", occurred_at_us=1 << 62)]  # fmt: skip
    requests = [(tenant, windowed(f"good {n}")) for n in range(40)]
    requests += [(neighbour, windowed(f"good {n}")) for n in range(10)]
    requests[5:5] = [
        (tenant, Offer(one, Dedup(Mode.ONCE, f"bad {n}", window_s=86_400))) for n, one in enumerate(bad)
    ]
    began = time.monotonic()
    outcomes = await asyncio.gather(
        *(ingest.offer(whose.credential, Source.SMASHSEND, [offer]) for whose, offer in requests)
    )
    assert {type(outcome) for (outcome,) in outcomes} == {Accepted}
    for whose, good, quarantined in ((tenant, 40, len(bad)), (neighbour, 10, 0)):
        await process_all(whose)
        total = await ledger_total(database, whose.workspace_id)
        assert (total.stored, total.quarantined) == (good, quarantined)
        assert len(await timeline(database, whose)) == good
        async with database.app(whose.workspace_id) as tx:
            found = await events.list_quarantine(tx, whose.workspace_id, limit=100)
        assert all(item.reason and item.detail for item in found)
        assert await mismatches(database, whose.workspace_id) == []
    assert time.monotonic() - began < 20
