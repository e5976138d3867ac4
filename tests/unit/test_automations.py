"""Automations: what is wrong with a definition, and the pure step against a small model of what must happen."""

from datetime import UTC
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs

from clarion import automations, errors
from clarion.automations import Reason, Run, Send, SetTraits, advance, end, run_id_of, send_key_of
from clarion.automations.definition import seconds
from clarion.automations.entry import Cause, Former, Live, begin, in_the_way, may_come_in
from clarion.segments import Facts

WORKSPACE, AUTOMATION, EVENT, PROFILE = (UUID(int=n) for n in range(1, 5))
TEMPLATES = {"hello": ("email",)}
EXIT = {"type": "exit"}
SEND = {"type": "send", "template": "hello", "next": "end"}
IF = {"kind": "property", "name": "x", "operator": "is", "value": 1}
DAY_US = 86_400_000_000


def definition(nodes, start="a", where=None, **entry):
    trigger = {"type": "event", "metric": "m"} | ({"where": where} if where else {})
    made = {"trigger": trigger, "entry": entry, "start": start, "nodes": nodes}
    return automations.read(msgspec.json.encode(made))


def problems(nodes, **more):
    return {(one.where, one.what) for one in automations.check(definition(nodes, **more), TEMPLATES)}


# ---- what is wrong, and where


def test_what_can_be_published_has_no_problems():
    assert problems({"a": SEND, "end": EXIT}) == set()


@pytest.mark.parametrize(
    ("nodes", "where", "what"),
    [
        ({"b": EXIT}, "start", "there is no node a"),
        ({"a": SEND}, "nodes.a.next", "there is no node end"),
        ({"a": {"type": "wait", "duration": "1d"}}, "nodes.a.next", "dead end"),
        ({"a": {"type": "branch", "rule": IF, "yes": "end"}, "end": EXIT}, "nodes.a.no", "dead end"),
        ({"a": SEND | {"next": "a"}}, "nodes.a", "leads back to itself"),
        ({"a": SEND | {"next": "b"}, "b": SEND | {"next": "a"}}, "nodes.a", "leads back to itself"),
        ({"a": EXIT, "b": EXIT}, "nodes.b", "never reached"),
        ({"a": SEND | {"template": "gone"}, "end": EXIT}, "nodes.a.template", "there is no template gone"),
        ({"a": SEND | {"channel": "sms"}, "end": EXIT}, "nodes.a.channel", "hello is not for sms"),
        (
            {"a": {"type": "update_profile", "traits": {"x": ["\0"]}, "next": "end"}, "end": EXIT},
            "nodes.a.traits",
            "U+0000",
        ),
        (
            {"a": {"type": "wait", "duration": "0s", "next": "end"}, "end": EXIT},
            "nodes.a.duration",
            "nothing",
        ),
        (
            {"a": {"type": "wait", "duration": "53w", "next": "end"}, "end": EXIT},
            "nodes.a.duration",
            "a year",
        ),
        (
            {
                "a": {"type": "branch", "rule": IF | {"operator": "one_of"}, "yes": "end", "no": "end"},
                "end": EXIT,
            },
            "nodes.a.rule",
            "takes a list",
        ),
    ],
)
def test_a_problem_says_what_and_where(nodes, where, what):
    assert any(place == where and what in told for place, told in problems(nodes)), problems(nodes)


def test_two_ways_to_one_node_are_no_cycle():
    nodes = {"a": {"type": "branch", "rule": IF, "yes": "b", "no": "end"}, "b": SEND, "end": EXIT}
    assert problems(nodes) == set()


def test_a_trigger_asks_of_the_event_alone():
    trait = {"kind": "trait", "name": "plan", "operator": "is", "value": "gold"}
    assert ("trigger.where" in {place for place, _ in problems({"a": EXIT}, where=trait)}) is True


@pytest.mark.parametrize(
    "document",
    [
        b"{}",
        b"[",
        b'{"trigger":{"type":"moon"},"start":"a","nodes":{"a":{"type":"exit"}}}',
        b'{"trigger":{"type":"event","metric":"m"},"start":"a","nodes":{"a":{"type":"exit","next":"b"}}}',
        b'{"trigger":{"type":"event","metric":"m"},"start":"a","nodes":{"a":{"type":"wait","duration":"P1D"}}}',
        b"[" * 100_000,
    ],
)
def test_what_is_of_another_form_is_refused(document):
    with pytest.raises(errors.Invalid):
        automations.read(document)


def test_a_long_chain_is_checked_without_recursion():
    nodes = {f"n{n}": SEND | {"next": f"n{n + 1}"} for n in range(199)} | {"n199": EXIT}
    assert problems(nodes, start="n0") == set()


# ---- who comes in

NOW_US = 1_800_000_000_000_000


def caused(**fields):
    return Cause(**{
        "event_id": EVENT, "metric": "m", "profile_id": PROFILE, "occurred_at_us": NOW_US,
        "properties": {}, "history": False,
    } | fields)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "starts"),
    [
        ({}, True),
        ({"metric": "n"}, False),
        ({"history": True}, False),
        ({"occurred_at_us": NOW_US - DAY_US}, True),
        ({"occurred_at_us": NOW_US - DAY_US - 1}, False),
        ({"occurred_at_us": NOW_US + 365 * DAY_US}, True),
    ],
)
def test_the_past_starts_nothing(fields, starts):
    live = Live(AUTOMATION, 3, definition({"a": EXIT}))
    run = begin(WORKSPACE, live, caused(**fields), now_us=NOW_US, zone=UTC)
    assert (run is not None) is starts
    if run:
        assert run.run_id == run_id_of(WORKSPACE, AUTOMATION, EVENT)
        assert (run.version, run.node, run.due_us) == (3, "a", NOW_US)


def test_neither_profile_nor_version_is_in_a_runs_id():
    ids = {run_id_of(WORKSPACE, AUTOMATION, UUID(int=n)) for n in range(100)}
    assert len(ids) == 100
    assert str(run_id_of(WORKSPACE, AUTOMATION, EVENT)) == "e55cd741-7eda-5d8a-aba2-58cebc7f04a9", "for ever"
    assert run_id_of(AUTOMATION, WORKSPACE, EVENT) != run_id_of(WORKSPACE, AUTOMATION, EVENT)


@given(
    st.sampled_from(["always", "after_end", "never"]),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=6),
)
def test_of_the_runs_of_one_person_those_stay_that_would_have_begun(again, spans):
    """Whoever is in the way is judged as if all had been one person from the first; the oldest always stays."""
    entry = definition({"a": EXIT}, again=again)
    formers = [Former(UUID(int=n), start, start + length) for n, (start, length) in enumerate(spans)]
    runs = [structs.replace(started(), run_id=one.run_id, begun_us=one.begun_us) for one in formers]
    stay = [run for run in runs if not in_the_way(entry, run, formers)]
    oldest = min(runs, key=lambda run: (run.begun_us, run.run_id))
    assert oldest in stay
    if again == "always":
        assert stay == runs
    if again == "never":
        assert stay == [oldest]
    assert may_come_in(entry, [])


# ---- the step


def started(node="a", due_us=NOW_US):
    return Run(
        run_id=run_id_of(WORKSPACE, AUTOMATION, EVENT), automation_id=AUTOMATION, version=1, profile_id=PROFILE,
        event_id=EVENT, occurred_at_us=NOW_US, node=node, begun_us=NOW_US, due_us=due_us,
    )  # fmt: skip


CHAIN = {
    "a": {"type": "wait", "duration": "1h", "next": "b"},
    "b": {"type": "branch", "rule": IF, "yes": "c", "no": "d"},
    "c": SEND | {"next": "d", "message_class": "transactional", "topic": "news"},
    "d": {"type": "update_profile", "traits": {"seen": True}, "next": "end"},
    "end": EXIT,
}


def test_each_node_does_its_one_thing():
    made = definition(CHAIN)
    run, asked = advance(made, started(), Facts(), now_us=NOW_US)
    assert (run.node, run.entered_us, run.due_us, asked) == ("a", NOW_US, NOW_US + 3_600_000_000, ())
    assert advance(made, run, Facts(), now_us=run.due_us - 1) == (run, ())
    later_us = run.due_us + 5
    run, asked = advance(made, run, Facts(), now_us=later_us)
    assert (run.node, run.entered_us, run.due_us, asked) == ("b", None, later_us, ())
    other, _ = advance(made, run, Facts({"x": 2}), now_us=later_us)
    assert other.node == "d"
    run, _ = advance(made, run, Facts({"x": 1}), now_us=later_us)
    run, (send,) = advance(made, run, Facts(), now_us=later_us)
    assert isinstance(send, Send)
    assert (send.send_key, send.message_class, send.topic) == (
        send_key_of(run.run_id, "c"), "transactional", "news",
    )  # fmt: skip
    run, (wish,) = advance(made, run, Facts(), now_us=later_us)
    assert wish == SetTraits(run_id=run.run_id, profile_id=PROFILE, traits={"seen": True})
    run, asked = advance(made, run, Facts(), now_us=later_us)
    assert (run.reason, run.ended_us, asked) == (Reason.FINISHED, later_us, ())
    assert advance(made, run, Facts(), now_us=later_us + DAY_US) == (run, ())


@st.composite
def graphs(draw):
    """Any automation that can be published: each node leads to later ones."""
    count = draw(st.integers(1, 8))
    nodes = {"n0": EXIT}
    for number in range(1, count):
        before = st.integers(0, number - 1).map("n{}".format)
        kind = draw(st.sampled_from(["wait", "branch", "send", "update_profile"]))
        match kind:
            case "wait":
                nodes[f"n{number}"] = {
                    "type": kind,
                    "duration": draw(st.sampled_from(["1s", "2m"])),
                    "next": draw(before),
                }
            case "branch":
                nodes[f"n{number}"] = {"type": kind, "rule": IF, "yes": draw(before), "no": draw(before)}
            case "send":
                nodes[f"n{number}"] = SEND | {"next": draw(before)}
            case "update_profile":
                nodes[f"n{number}"] = {"type": kind, "traits": {"t": number}, "next": draw(before)}
    return definition(nodes, start=f"n{count - 1}")


def expected(made, x):
    """The model: the sends, changes and waited seconds of the one way through the graph."""
    name, waited, asked = made.start, 0, []
    while True:
        node = made.nodes[name]
        match type(node).__name__:
            case "Exit":
                return waited, asked
            case "Wait":
                waited += seconds(node.duration)
                name = node.next
            case "Branch":
                name = node.yes if x == 1 else node.no
            case "SendMessage":
                asked.append(("send", name))
                name = node.next
            case "UpdateProfile":
                asked.append(("set", node.traits["t"]))
                name = node.next


@settings(max_examples=200)
@given(graphs(), st.integers(1, 2), st.data())
def test_a_run_does_what_the_graph_says_once_and_never_early(made, x, data):
    """Looked at at any times, also too early and again after the end. The control: without `due_us` it is early."""
    run, now_us, asked = started(made.start), NOW_US, []
    for _ in range(200):
        step, commands = advance(made, run, Facts({"x": x}), now_us=now_us)
        if run.ended_us is not None or run.due_us > now_us:
            assert (step, commands) == (run, ())
        run = step
        asked += [
            ("send", one.node) if isinstance(one, Send) else ("set", one.traits["t"]) for one in commands
        ]
        if run.ended_us is not None and data.draw(st.booleans()):
            break
        now_us += data.draw(st.sampled_from([0, 1, 500_000, 60_000_000]))
        if run.ended_us is None and run.due_us > now_us and data.draw(st.booleans()):
            now_us = run.due_us
    waited, wanted = expected(made, x)
    if run.ended_us is not None:
        assert asked == wanted
        assert run.ended_us - run.begun_us >= waited * 1_000_000
    else:
        assert asked == wanted[: len(asked)]


class Passage(RuleBasedStateMachine):
    """A run that is also kept, lost and read back: a crash takes back whole steps only, and keys stay the same."""

    def __init__(self):
        super().__init__()
        self.made = definition(CHAIN)
        self.kept, self.now_us = started(), NOW_US
        self.planned, self.written = set(), 0

    @rule(seconds_=st.integers(0, 4_000))
    def time_passes(self, seconds_):
        self.now_us += seconds_ * 1_000_000

    @rule(commits=st.booleans())
    def step(self, commits):
        after, commands = advance(self.made, self.kept, Facts({"x": 1}), now_us=self.now_us)
        if commits:
            self.kept = after
            self.planned |= {one.send_key for one in commands if isinstance(one, Send)}
            self.written += sum(isinstance(one, SetTraits) for one in commands)

    @rule()
    def its_person_is_erased(self):
        if self.kept.ended_us is None:
            self.kept = end(self.kept, Reason.ERASED, self.now_us)

    @invariant()
    def nothing_twice(self):
        assert len(self.planned) <= 1
        assert self.written <= 1
        if self.kept.reason is Reason.FINISHED:
            assert (len(self.planned), self.written) == (1, 1)
            assert self.kept.ended_us >= NOW_US + 3_600_000_000


TestPassage = Passage.TestCase
