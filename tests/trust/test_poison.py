"""Poison through every door: one event of it never harms another, and what was accepted can be read again.

The doors and their tables of poison are in doors.py and poison.py. Every payload is sent alone, as a batch of its
own, and as one of 200, each way at each door into a workspace of its own.
"""

import asyncio
import json
import math
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any, TypeVar
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
from tests.trust.doors import DOORS, KEY, Front, Verdict
from tests.trust.poison import FRAMINGS, KEPT, MAIL, NAME, REFUSED, Framing, Poison

REFUSALS = {400, 413, 415}
PLACE = 77  # of the poisoned one among 200
FRONTS = {front.dialect: front for front in DOORS}
FRAMED = 10_000  # the number of the first event in a poisoned framing
GOOD, COMPANION = "good", "company"


class Way(StrEnum):
    """How a payload comes; also the name of its workspace."""

    SINGLE = "single"
    OWN = "own"  #: a batch of its own
    AMONG = "among"  #: one of 200


WAYS = tuple(Way)


Made = TypeVar("Made")


class AsAsked(dict[str, Made]):
    """What is made for a door when it is asked for, so that one door alone can be tried."""

    def __init__(self, make: Callable[[str], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, dialect: str) -> Made:
        made = self[dialect] = self._make(dialect)
        return made


class Lab(Struct):
    """A server with three workspaces for a door, and its processes as they were."""

    front: Front
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
        raw[b"authorization"] = self.front.shown(self.keys[way]).encode()
        return self.sender.post(self.server.url + self.path(way), content=body, headers=list(raw.items()))

    def keyed(self, way: Way, event: bytes) -> bytes:
        return event.replace(KEY, self.keys[way].encode())

    def path(self, way: Way) -> str:
        path = self.front.single if way is Way.SINGLE else self.front.batch
        assert path is not None, "ways_of says which ways there are"
        return path

    def wrapped(self, way: Way, event: bytes) -> bytes:
        return self.keyed(way, event) if way is Way.SINGLE else self.front.batched([event])

    def name_of(self, way: Way) -> str:
        """The workspace."""
        return workspace_of(self.front, way)


def ways_of(front: Front) -> tuple[Way, ...]:
    return WAYS if front.batch is not None else (Way.SINGLE,)


def workspace_of(front: Front, way: Way) -> str:
    return f"{front.dialect}-{way}"


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
def labs(server: Server) -> Iterator[dict[str, Lab]]:
    """A laboratory for each door that is asked for, by its dialect."""
    # A connection a request: some are broken off. One client, for to make one takes longer than to be answered.
    with httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0), timeout=60) as sender:
        opened = AsAsked(lambda dialect: laboratory(FRONTS[dialect], server, sender))
        yield opened
        for lab in opened.values():
            for reader in lab.readers.values():
                reader.close()


def laboratory(front: Front, server: Server, sender: httpx2.Client) -> Lab:
    keys, readers = {}, {}
    for way in ways_of(front):
        name = workspace_of(front, way)
        server.run("workspace", "create", name, "--test")
        token = server.cli("credential", "create", "--workspace", name, "--manage", "--role", "owner")[
            "token"
        ]
        readers[way] = manage = httpx2.Client(
            base_url=f"{server.url}/manage/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        keys[way] = manage.post("/credentials", json={"dialect": front.dialect}).json()[front.key]
        limits = {"dialect": front.dialect, "per_minute": 0}
        assert manage.patch("/credentials", json=limits).status_code == 200
        shown = {"Authorization": front.shown(keys[way])}
        for path, body in front.defined(NAMES):
            assert sender.post(server.url + path, content=body, headers=shown).status_code == 200
    return Lab(front, server, sender, keys, readers, children(server))


def name_of(number: int) -> str:
    return f"poison.{number}"


def email_of(number: int) -> str:
    return f"poison.{number}@example.com"


def body_of(lab: Lab, number: int, one: Poison, way: Way) -> bytes:
    front = lab.front
    sent = one.event.replace(NAME, name_of(number).encode()).replace(MAIL, email_of(number).encode())
    if way is Way.SINGLE:
        return one.wrap(lab.keyed(way, sent))
    good = [
        front.event(GOOD.encode(), b"good%d@example.com" % (n % 20), b'"%d-%d"' % (number, n))
        for n in range(199 if way is Way.AMONG else 0)
    ]
    return one.wrap(front.batched([*good[:PLACE], sent, *good[PLACE:]]))


class Sent(Struct):
    """What was answered to everything, and what is on the timelines when all is processed."""

    answers: dict[tuple[str, Way], httpx2.Response]
    events: dict[Way, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def sent(labs: dict[str, Lab]) -> dict[str, Sent]:
    """By dialect, sent when it is asked for."""

    def send_all(dialect: str) -> Sent:
        lab = labs[dialect]
        answers = {
            (one.name, way): lab.send(way, body_of(lab, number, one, way), one.headers)
            for number, one in enumerate(lab.front.poisons)
            for way in ways(lab.front, one)
        }
        lab.settle()
        return Sent(answers, listed(lab))

    return AsAsked(send_all)


def listed(lab: Lab) -> dict[Way, list[dict[str, Any]]]:
    return {
        way: lab.server.cli("event", "list", "--workspace", lab.name_of(way), "--limit", "1000000")
        for way in ways_of(lab.front)
    }


def ways(front: Front, one: Poison) -> tuple[Way, ...]:
    return tuple(way for way in ways_of(front) if way is not Way.SINGLE or not one.batched)


#: What is sent beside the poison; a vendor may want to be told of it first.
NAMES = (GOOD, COMPANION, *(name_of(FRAMED + n) for n in range(len(FRAMINGS))))
CASES = [
    pytest.param(front, number, one, way, id=f"{front.dialect} - {one.name} - {way}")
    for front in DOORS
    for number, one in enumerate(front.poisons)
    for way in ways(front, one)
]
KEPT_CASES = [case for case in CASES if case.values[2].expected is KEPT]  # type: ignore[attr-defined]
at_each_door = pytest.mark.parametrize("front", DOORS, ids=lambda front: front.dialect)
each_way_at_each_door = pytest.mark.parametrize(
    ("front", "way"),
    [pytest.param(front, way, id=f"{front.dialect} - {way}") for front in DOORS for way in ways_of(front)],
)


@pytest.mark.parametrize(("front", "number", "one", "way"), CASES)
def test_poison_is_refused_in_the_vendors_words_or_kept_and_harms_no_other(
    sent: dict[str, Sent], front: Front, number: int, one: Poison, way: Way
) -> None:
    answer = sent[front.dialect].answers[one.name, way]
    told = answer.json() if answer.content else {}
    if front.refuses(answer):
        assert front.status_in is None or told[front.status_in] == answer.status_code
        assert answer.status_code in REFUSALS, told
        assert one.expected is REFUSED, told
        assert way is Way.SINGLE or one.whole or front.whole, told
        return
    verdict = front.verdict(answer, 200 if way is Way.AMONG else 1)
    good = 199 if way is Way.AMONG else 0
    if one.expected is KEPT:
        assert verdict == Verdict(good + 1), told
    else:
        assert way is not Way.SINGLE, told
        assert verdict == Verdict(good, (PLACE if good else 0,)), told


@pytest.mark.parametrize(("front", "number", "one", "way"), KEPT_CASES)
def test_what_was_accepted_reads_back_equal(
    labs: dict[str, Lab], sent: dict[str, Sent], front: Front, number: int, one: Poison, way: Way
) -> None:
    reader, told = labs[front.dialect].readers[way], sent[front.dialect]
    email = email_of(number) if one.email is UNSET else one.email
    profile = reader.post("/profiles/find", json=front.whose(email))
    assert profile.status_code == 200, profile.text
    (stored,) = [found for found in told.events[way] if found["profile_id"] == profile.json()["id"]]
    assert reader.get(f"/events/{stored['id']}").json() == stored
    written = json.loads(one.event)
    properties = front.properties(written) if one.keeps is UNSET else one.keeps
    assert same(stored["properties"], properties), stored["properties"]
    if NAME in one.event:
        assert stored["name"] == name_of(number)
    else:
        assert stored["name"].encode() in one.event
    if one.at is not UNSET:
        assert stored["occurred_at"] == one.at
    if one.message_id is not UNSET:
        answer = told.answers[one.name, way].json()
        assert (answer if way is Way.SINGLE else answer["events"][-1 if way is Way.OWN else PLACE])[
            "messageId"
        ] == one.message_id
    # Standard traits are texts: another value stands there as it is written, a list as JSON.
    traits = {
        STANDARD.get(name, name): text_of(held) if name in TEXTS else held
        for name, held in front.traits(written).items()
        if held is not None
    }
    assert same(profile.json()["traits"], traits), profile.json()["traits"]
    kind, namespace = front.person
    assert {"kind": kind, "namespace": namespace, "value": email} in profile.json()["identities"]


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


@each_way_at_each_door
def test_of_all_that_poison_nothing_is_left_lying(
    labs: dict[str, Lab], sent: dict[str, Sent], front: Front, way: Way
) -> None:
    """No 5xx, the same processes, nothing in quarantine, every good event on the timeline, a ledger that adds up."""
    lab, told = labs[front.dialect], sent[front.dialect]
    assert [name for (name, _), answer in told.answers.items() if answer.status_code >= 500] == []
    assert children(lab.server) == lab.children
    assert lab.readers[way].get("/quarantine").json()["quarantined"] == []
    good = [found for found in told.events[way] if found["name"] == GOOD]
    in_batches = [
        one for one in front.poisons if way is Way.AMONG and not front.refuses(told.answers[one.name, way])
    ]
    assert len(good) == 199 * len(in_batches)
    assert len(in_batches) >= (20 if front.whole else 100) or way is not Way.AMONG
    lab.server.run("ledger", "show", "--workspace", lab.name_of(way), "--verify")


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


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
@each_way_at_each_door
def test_a_poisoned_framing_is_refused_or_means_what_was_sent(
    labs: dict[str, Lab], front: Front, framing: Framing, way: Way
) -> None:
    lab = labs[front.dialect]
    number = FRAMED + FRAMINGS.index(framing)
    harmless = Poison(name=framing.name, event=lab.front.event(NAME, MAIL, b'"x"'), expected=KEPT)
    body = body_of(lab, number, harmless, way)
    shown = lab.front.shown(lab.keys[way]).encode()
    status, came = speak(lab.server.url, framing.build(lab.path(way).encode(), shown, body))
    assert status in framing.statuses, came[:2_000]
    assert came.count(b"HTTP/1.1 ") <= 1, came
    lab.settle()
    found = lab.readers[way].get("/events", params={"metric": name_of(number)}).json()["events"]
    assert len(found) == (status == 200)
    assert children(lab.server) == lab.children


# ---- in company

COMPANY = (
    "NUL in a value",
    "NUL in the name",
    "5,000 digits",
    "arrays 15,000 deep",
    "invalid UTF-8",
    "a gzip bomb",
    "no gzip",
    "cut short",
)


@pytest.mark.parametrize("name", COMPANY)
@at_each_door
def test_among_50_concurrent_requests_only_the_poisoned_one_fails(
    labs: dict[str, Lab], front: Front, name: str
) -> None:
    lab = labs[front.dialect]
    (one,) = [one for one in lab.front.poisons if one.name == name]

    def send(n: int) -> httpx2.Response:
        if n == 25:
            return lab.send(Way.SINGLE, body_of(lab, 20_000, one, Way.SINGLE), one.headers)
        way = Way.OWN if n % 2 and front.batch else Way.SINGLE
        sent = lab.front.event(COMPANION.encode(), b"c%d@example.com" % n, b'"%s %d"' % (name.encode(), n))
        return lab.send(way, lab.wrapped(way, sent))

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
