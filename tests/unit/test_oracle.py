"""The oracle of the crash tests has teeth: each kind of fault is found, and nothing else is called one."""

import json
import subprocess
import sys
from typing import Any

import psutil
import pytest

from torture import kill, oracle, served
from torture.client import Answer
from torture.load import meanings_of
from torture.oracle import Stored, Verdict
from torture.outcome import Kill
from torture.record import Item, Sending, content_of
from torture.workload import Request, Workload

SHOP = "shop"
PERSON = "ann@example.com"
TIME_US = 1_700_000_000_000_000


def item(number: int = 1, *answers: str, must: str = "be stored", at: float = 0.0) -> Item:
    """An event that was sent once an answer."""
    made = Item(
        workspace=SHOP,
        key=f"message-{number}",
        number=number,
        content=content_of("page_viewed", PERSON, {"n": number, "price": 2.0}),
        time_us=TIME_US,
        must=must,  # type: ignore[arg-type]
    )
    for place, answer in enumerate(answers):
        sent_at = at + place
        made.sendings.append(Sending(sent_at, sent_at + 0.5, answer, whole=True))  # type: ignore[arg-type]
    return made


def stored(number: int | None = 1, **changes: Any) -> Stored:
    """The same event as it should be stored."""
    properties = {"price": 2} if number is None else {"n": number, "price": 2}
    as_it_should = {
        "workspace": SHOP,
        "number": number,
        "name": "page_viewed",
        "person": PERSON,
        "time_us": TIME_US,
        "properties": properties,
    }
    return Stored(**(as_it_should | changes))


def faults(items: list[Item], held: list[Stored], aside: list[oracle.Place] = []) -> dict[str, int]:  # noqa: B006
    return dict(+oracle.judge(items, held, aside).faults)


# ---- what is right


@pytest.mark.parametrize(
    "answers",
    [
        ["accepted"],
        ["acknowledged"],
        ["unanswered"],
        ["unavailable", "accepted"],
        ["unanswered", "duplicate"],
        ["accepted", "duplicate"],
        ["unanswered", "acknowledged"],
    ],
)
def test_an_event_stored_once_is_no_fault(answers):
    assert faults([item(1, *answers)], [stored()]) == {}


def test_an_event_in_quarantine_is_not_lost():
    verdict = oracle.judge([item(1, "accepted")], [], [(SHOP, 1)])

    assert (verdict.clean, verdict.quarantined) == (True, 1)


@pytest.mark.parametrize("answer", ["unanswered", "unavailable"])
def test_what_was_never_acknowledged_may_be_missing(answer):
    assert faults([item(1, answer)], []) == {}


def test_a_time_that_nobody_told_is_not_compared():
    untimed = item(1, "accepted")
    untimed.time_us = None

    assert faults([untimed], [stored(time_us=5)]) == {}


# ---- each kind of fault


@pytest.mark.parametrize("answer", ["accepted", "acknowledged", "duplicate"])
def test_an_acknowledged_event_that_is_nowhere_is_lost(answer):
    sent_before = ["unanswered"] if answer == "duplicate" else []

    assert faults([item(1, *sent_before, answer)], []) == {"lost": 1}


def test_one_lost_among_many_is_found():
    items = [item(number, "accepted") for number in range(100)]

    assert faults(items, [stored(number) for number in range(100) if number != 42]) == {"lost": 1}


def test_an_event_on_the_timeline_twice_is_duplicated():
    assert faults([item(1, "accepted")], [stored(), stored()]) == {"duplicated": 1}


def test_an_event_on_the_timeline_and_in_quarantine_is_duplicated():
    assert faults([item(1, "accepted")], [stored()], [(SHOP, 1)]) == {"duplicated": 1}


@pytest.mark.parametrize(
    "nobodys",
    [stored(7), stored(None), stored(workspace="another shop")],
    ids=["number", "none", "workspace"],
)
def test_an_event_that_nobody_offered_is_invented(nobodys):
    assert faults([item(1, "accepted")], [stored(), nobodys]) == {"invented": 1}


def test_an_event_that_was_made_and_never_sent_is_invented():
    assert faults([item(1)], [stored()])["invented"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "order.placed"},
        {"person": "bob@example.com"},
        {"person": f"{PERSON} and bob@example.com"},
        {"properties": {"n": 1, "price": 2.5}},
        {"properties": {"n": 1}},
        {"properties": {"n": 1, "price": "2"}},
        {"time_us": TIME_US + 1},
    ],
    ids=repr,
)
def test_an_event_that_says_something_else_is_altered(change):
    assert faults([item(1, "accepted")], [stored(**change)]) == {"altered": 1}


@pytest.mark.parametrize(
    ("answers", "must"),
    [
        (["accepted", "accepted"], "be stored"),
        (["unanswered", "accepted", "accepted"], "be stored"),
        (["duplicate"], "be stored"),
        (["failed"], "be stored"),
        (["refused"], "be stored"),
        (["accepted", "failed"], "be stored"),
        (["accepted"], "be refused"),
        (["failed"], "be refused"),
        (["duplicate"], "be a shadow"),
    ],
    ids=repr,
)
def test_an_answer_that_what_is_stored_belies_is_contradicted(answers, must):
    assert set(faults([item(1, *answers, must=must)], [stored()])) == {"contradicted"}


def test_a_shadow_that_was_accepted_is_contradicted():
    assert faults([item(1, "accepted", must="be a shadow")], []) == {"contradicted": 1}


def test_examples_say_what_and_are_few():
    verdict = oracle.judge([item(number, "accepted") for number in range(50)], [], [])

    assert verdict.lost == 50
    assert len(verdict.examples["lost"]) == 5
    assert "shop" in verdict.examples["lost"][0]


# ---- what a round adds to it


def test_every_other_fault_of_a_round_counts():
    outcome = kill.Outcome(
        verdict=Verdict(stored=3),
        counted=4,
        strange=["500 b''"],
        without_retry_after=2,
        mismatches=["shop: stored"],
        orphans=["postgres"],
    )

    assert outcome.faults() == {
        "unlisted events": 1,
        "strange answers": 1,
        "503 without Retry-After": 2,
        "ledger mismatches": 1,
        "orphans": 1,
    }


def test_a_process_that_does_not_end_is_told():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert [left.pid for left in served.gone([psutil.Process(process.pid)], 0.1)] == [process.pid]
    finally:
        process.kill()
        process.wait()


# ---- windows are told by evidence


def windows(
    items: list[Item], held: set[tuple[str, int | None]] | None = None, leased: Any = ()
) -> dict[str, int]:
    return dict(+kill.windows_hit([Kill("http", 0.2, 1.0, tuple(leased))], items, held))


AFTER, BEFORE, WITHIN = "after commit, before the answer", "before commit", "while processing"


def test_a_repeat_that_is_a_duplicate_shows_that_it_had_been_committed():
    assert windows([item(1, "unanswered", "duplicate")]) == {AFTER: 1}
    assert windows([item(1, "unanswered", "accepted")]) == {BEFORE: 1}


def test_what_was_never_repeated_tells_by_being_stored():
    assert windows([item(1, "unanswered")], {(SHOP, 1)}) == {AFTER: 1}
    assert windows([item(1, "unanswered")], set()) == {BEFORE: 1}


def test_nothing_is_told_by_a_request_that_the_kill_did_not_meet():
    assert windows([item(1, "unanswered", "accepted", at=0.3)]) == {}, "it was sent to a dead socket"
    assert windows([item(1, "accepted")], {(SHOP, 1)}) == {}

    cut = item(1, "unanswered")
    cut.sendings[0].whole = False
    assert windows([cut], set()) == {}


def test_a_lease_left_by_a_killed_worker_counts_once():
    kills = [
        Kill("worker", 0.2, 1.0, ("a",)),
        Kill("worker", 2.0, 1.0, ("a",)),
        Kill("worker", 4.0, 1.0, ("b",)),
    ]

    assert +kill.windows_hit(kills, [], None) == {WITHIN: 2}


# ---- answers are read as the vendor means them


def request(*, single: bool) -> Request:
    return Request(b"", (item(1),) if single else (item(1), item(2)), single)


def batch(**changes: Any) -> bytes:
    right = {
        "accepted": 1,
        "duplicated": 1,
        "failed": 0,
        "events": [
            {"index": 0, "messageId": "message-1", "status": "accepted"},
            {"index": 1, "messageId": "message-2", "status": "duplicate"},
        ],
        "errors": [],
    }
    return json.dumps(right | changes).encode()


def test_answers_that_the_vendor_gives_are_understood():
    told = json.dumps({"success": True, "messageId": "message-1"}).encode()

    assert meanings_of(Answer(200, {}, told), request(single=True)) == ["acknowledged"]
    assert meanings_of(Answer(400, {}, b"{}"), request(single=True)) == ["refused"]
    assert meanings_of(Answer(503, {"retry-after": "2"}, b""), request(single=True)) == ["unavailable"]
    assert meanings_of(Answer(207, {}, batch()), request(single=False)) == ["accepted", "duplicate"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {}, b"{}"),
        Answer(502, {"retry-after": "2"}, b""),
        Answer(503, {}, b""),
        Answer(429, {"retry-after": "2"}, b""),
        Answer(200, {}, json.dumps({"success": False, "messageId": "message-1"}).encode()),
        Answer(200, {}, json.dumps({"success": True, "messageId": "message-2"}).encode()),
    ],
    ids=lambda answer: str(answer.status),
)
def test_other_answers_to_an_event_are_strange(answer):
    assert meanings_of(answer, request(single=True)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"accepted": 2},
        {"events": []},
        {"events": [{"index": 0, "messageId": "message-1", "status": "accepted"}] * 2},
        {"errors": [{"index": 1}]},
    ],
    ids=repr,
)
def test_a_batch_whose_answers_do_not_add_up_is_strange(changes):
    assert meanings_of(Answer(207, {}, batch(**changes)), request(single=False)) is None


# ---- the workload


def test_a_workload_offers_each_number_once_and_means_what_it_sends():
    workload = Workload(SHOP, "key", seed=1)
    seen: dict[int, Item] = {}
    for _ in range(300):
        made = workload.next(None)
        sent = json.loads(made.body.partition(b"\r\n\r\n")[2])
        bodies = [sent] if made.single else sent["events"]
        for offered, body in zip(made.items, bodies, strict=True):
            assert seen.setdefault(offered.number, offered) is offered
            assert offered.key == body["messageId"]
            if offered.must == "be stored":
                person = body["identify"]["email"]
                assert offered.content == content_of(body["event"], person, body["properties"])

    assert {offered.must for offered in seen.values()} == {"be stored", "be refused"}
