"""kill -9 under load: what was acknowledged is there, once, and callers hear nothing but the vendor's words and 503.

The long tier is `./run torture kill`; docs/explanation/what-we-promise.md says what is shown here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from torture import kill
from torture.kill import Plan, Round
from torture.outcome import Outcome
from torture.served import Served

pytestmark = pytest.mark.timeout(300)

BACK_WITHIN_S = 30.0  # the aim is 10; a busy machine is not a broken server
ANSWERED_WITHIN_S = 10.0
GONE_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = kill.start(tmp_path_factory.mktemp("killed") / "data")
    yield running
    assert running.stop() == 0, running.log[-5_000:]


def told(outcome: Outcome, served: Served) -> str:
    """For whoever reads of a failure."""
    figures = kill.Figures()
    figures.add(outcome)
    return f"\n{figures.as_text()}\n\nThe end of the server's log:\n{served.log[-5_000:]}"


def test_nothing_acknowledged_is_lost_by_kill_9(served: Served):
    """Every process, at random moments, until each window was hit; where that takes too long, it is a failure."""
    plan = Plan(
        kills={"http": 4, "stopped http": 5, "worker": 5, "server": 3, "postgres": 3, "backend": 3},
        acknowledged=10_000,
        seconds_max=75,
        seed=20,
    )
    outcome = Round(served, plan).run()

    assert outcome.faults() == {}, told(outcome, served)
    assert outcome.verdict.quarantined == 0, told(outcome, served)
    assert outcome.missed == [], (
        f"no kill hit these windows within {plan.seconds_max:g} s\n{told(outcome, served)}"
    )
    assert len(outcome.kills) >= 20
    assert outcome.verdict.acknowledged >= plan.acknowledged
    assert outcome.worst_back_s() <= BACK_WITHIN_S, told(outcome, served)


def test_an_answer_before_the_commit_would_be_found(tmp_path: Path):
    """The control: the same load, kills and oracle, on a server that answers first and commits later."""
    hasty = kill.start(tmp_path / "data", app="torture.hasty")
    try:
        outcome = Round(hasty, Plan(kills={"http": 3}, seconds_max=0, seed=21)).run()
    finally:
        hasty.stop()

    assert outcome.verdict.lost > 0, told(outcome, hasty)


def test_a_killed_postgresql_is_503_and_a_killed_supervisor_leaves_nothing(served: Served):
    """PostgreSQL's end: every request is answered, in time, with success or with 503 and when to come again.

    The supervisor's: neither PostgreSQL nor a child outlives it, though callers keep them busy.
    """
    outcome = Round(served, Plan(kills={"postgres": 3, "server": 1}, seconds_max=0, seed=22)).run()

    assert outcome.faults() == {}, told(outcome, served)
    assert set(outcome.broken) <= {"server"}, "a request was dropped without an answer"
    assert outcome.answers[503], f"nobody noticed the kills\n{told(outcome, served)}"
    assert outcome.longest_s <= ANSWERED_WITHIN_S, told(outcome, served)
    assert outcome.worst_back_s() <= BACK_WITHIN_S, told(outcome, served)
    assert outcome.gone_s <= GONE_WITHIN_S, told(outcome, served)
