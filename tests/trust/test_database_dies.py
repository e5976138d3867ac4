"""PostgreSQL dies and comes back under load, and a worker sleeps past its lease: nothing is lost, nothing is twice.

The long tiers are `./run torture database` and `./run torture stall`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from torture import kill
from torture.kill import Plan, Round
from torture.outcome import Outcome
from torture.served import Served

pytestmark = pytest.mark.timeout(180)

BACK_WITHIN_S = 30.0  # the aim is 10; a busy machine is not a broken server
ANSWERED_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = kill.start(tmp_path_factory.mktemp("dies") / "data", flags=("--workers", "2"))
    yield running
    assert running.stop() == 0, running.log[-5_000:]


def told(outcome: Outcome, served: Served) -> str:
    """For whoever reads of a failure."""
    figures = kill.Figures()
    figures.add(outcome)
    return f"\n{figures.as_text()}\n\nThe end of the server's log:\n{served.log[-5_000:]}"


def test_callers_of_a_database_that_dies_hear_success_or_503_and_nothing_is_lost(served: Served):
    """Killed, stopped at once and a backend of it ended. The control is test_kill's server that answers first."""
    plan = Plan(kills={"postgres": 3, "postgres at once": 3, "backend": 2}, seconds_max=0, seed=40)
    outcome = Round(served, plan).run()

    assert outcome.faults() == {}, told(outcome, served)
    assert outcome.broken == {}, f"a request was dropped without an answer\n{told(outcome, served)}"
    assert outcome.answers[503], f"nobody noticed the kills\n{told(outcome, served)}"
    assert outcome.longest_s <= ANSWERED_WITHIN_S, told(outcome, served)
    assert outcome.worst_back_s() <= BACK_WITHIN_S, told(outcome, served)


def stalled(served: Served, seed: int) -> Outcome:
    return Round(served, Plan(kills={"stalled worker": 2}, seconds_max=0, seed=seed)).run()


def test_a_worker_that_sleeps_past_its_lease_does_nothing_twice(served: Served):
    """Real processes, the real clock. That the token alone refuses is shown by test_lanes
    (`test_a_worker_that_slept_past_its_lease_writes_nothing`).
    """
    outcome = stalled(served, seed=41)

    assert outcome.overtaken, told(outcome, served)
    assert outcome.faults() == {}, told(outcome, served)
    assert outcome.verdict.quarantined == 0, told(outcome, served)


def test_a_worker_that_does_not_ask_for_its_lease_would_be_found(tmp_path: Path):
    """The control: the same load, stalls and oracle, and workers that settle and close in two transactions, unasked."""
    unfenced = kill.start(tmp_path / "data", app="torture.unfenced", flags=("--workers", "2"))
    try:
        outcome = stalled(unfenced, seed=42)
    finally:
        unfenced.stop()

    assert outcome.overtaken, told(outcome, unfenced)
    assert outcome.faults(), told(outcome, unfenced)
