"""T1: kill -9 under load. Processes of the server are ended at random moments; nothing acknowledged may be missing.

Each kill hits one of five: the supervisor (then it is started again on the same data), the HTTP child, the worker,
PostgreSQL's postmaster, one of its backends. The HTTP child is sometimes stopped (SIGSTOP) for a moment first, when
it is busy: PostgreSQL commits meanwhile, so the kill falls between the commit and the answer, which otherwise takes
luck. Which moment of an item's way was hit is told afterwards, by evidence.
"""

import argparse
import asyncio
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torture import oracle, storage
from torture.figures import Figures
from torture.load import Load
from torture.outcome import WINDOWS, Kill, Outcome
from torture.record import Item, Record
from torture.served import Served, end, gone
from torture.stall import stall
from torture.storage import Holdings, Tenant
from torture.workload import Workload

MORE = ("http", "stopped http", "worker")  # once the plan is done and a window was not hit
LIFE_S = (0.2, 3.0)  # between being ready and the next kill
STOPPED_S = 0.1
BUSY_REQUESTS = 4
BUSY_WITHIN_S = 2.0
READY_WITHIN_S = 60.0
ORPHANS_WITHIN_S = 10.0
DRAIN_WITHIN_S = 180.0
REST_S = (
    1.0  # after the last answer: what was answered too early has the time to come, so that only kills lose it
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How often each is killed. `seconds_max`: for more kills where a window was not hit by then."""

    kills: dict[str, int]
    acknowledged: int = 0
    seconds_max: float = 150.0
    connections: int = 50
    think_s: float = 0.25
    tenants: int = 3
    seed: int = 1


class Round:
    """One server, killed many times, then asked what it holds. The server is left running."""

    def __init__(self, served: Served, plan: Plan) -> None:
        self._served = served
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._outcome = Outcome()
        self._tenants: list[Tenant] = []
        self._load: Load

    def run(self) -> Outcome:
        began = time.monotonic()
        prefix = f"torture-{self._plan.seed}-{int(time.time())}"
        names = [f"{prefix}-{number}" for number in range(self._plan.tenants)]
        self._tenants = asyncio.run(storage.make_tenants(self._served.data, names))
        self._load = Load(
            [Workload(tenant.name, tenant.key, self._plan.seed) for tenant in self._tenants],
            lambda: self._served.port,
            connections=self._plan.connections,
            think_s=self._plan.think_s,
            seed=self._plan.seed,
        )
        self._load.start()
        try:
            self._kill_all(began)
        finally:
            record = self._load.stop()
        time.sleep(REST_S)
        self._outcome.drain_s = self._served.until_drained(DRAIN_WITHIN_S)
        self._judge(record, asyncio.run(storage.read(self._served.data, self._tenants)))
        self._outcome.seconds = time.monotonic() - began
        return self._outcome

    def _kill_all(self, began: float) -> None:
        planned = [target for target, times in self._plan.kills.items() for _ in range(times)]
        self._chance.shuffle(planned)
        while planned or self._wants_more(began):
            time.sleep(self._chance.uniform(*LIFE_S))
            self._kill(planned.pop() if planned else self._chance.choice(MORE))
        time.sleep(1.0)

    def _wants_more(self, began: float) -> bool:
        """Whether to go on beyond the plan: something was not reached yet, and there is time."""
        if time.monotonic() - began > self._plan.seconds_max:
            return False
        hit = windows_hit(self._outcome.kills, self._load.record.items, None)
        return self._load.acknowledged < self._plan.acknowledged or not all(hit[window] for window in WINDOWS)

    def _kill(self, target: str) -> None:
        leased: tuple[str, ...] = ()
        if target == "server":
            at = self._kill_server()
        elif target == "stalled worker":
            at = self._stall_worker()
        else:
            name = {"stopped http": "http", "postgres at once": "postgres"}.get(target, target)
            process = self._served.child(name)
            if process is None:
                return
            if target == "stopped http":
                self._until_busy()
            at = time.monotonic()
            if target == "postgres at once":
                process.send_signal(signal.SIGQUIT)
            else:
                end(process, stopped_s=STOPPED_S if target == "stopped http" else 0.0)
            if target == "worker":
                leased = tuple(asyncio.run(storage.read_leases(self._served.data, self._tenants)))
            self._until_another(name, process.pid)
        self._served.until_ready(READY_WITHIN_S)
        self._outcome.kills.append(Kill(target, at, time.monotonic() - at, leased))

    def _until_busy(self) -> None:
        """Wait, not for long, until several requests are on their way."""
        give_up_at = time.monotonic() + BUSY_WITHIN_S
        while self._load.asking < BUSY_REQUESTS and time.monotonic() < give_up_at:
            time.sleep(0.001)

    def _kill_server(self) -> float:
        """The supervisor alone; what it leaves behind is waited for, then it is started again."""
        below = self._served.processes()
        at = time.monotonic()
        self._served.kill()
        self._outcome.orphans += [repr(process) for process in gone(below, ORPHANS_WITHIN_S)]
        at_start = time.monotonic()
        self._served.start()
        self._served.until_ready(READY_WITHIN_S)
        outcome = self._outcome
        outcome.gone_s = max(outcome.gone_s, at_start - at)
        outcome.ready_after_start_s = max(outcome.ready_after_start_s, time.monotonic() - at_start)
        return at

    def _stall_worker(self) -> float:
        """Another has to be there to take over (`--workers 2`)."""
        at = time.monotonic()
        process = self._served.child("worker")
        if process and stall(self._served.data, process, self._chance):
            self._outcome.overtaken += 1
        return at

    def _until_another(self, target: str, before: int) -> None:
        """Wait until the killed one's place is taken: it says that it is ready until it notices."""
        give_up_at = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < give_up_at:
            process = self._served.child(target)
            if process and process.pid != before:
                return
            time.sleep(0.02)
        raise RuntimeError(f"{target} was not started again within {READY_WITHIN_S:g} s")

    def _judge(self, record: Record, held: Holdings) -> None:
        outcome = self._outcome
        outcome.answers = Counter(heard.status for heard in record.heard)
        outcome.without_retry_after = sum(
            heard.status in (429, 503) and not heard.retry_after for heard in record.heard
        )
        outcome.strange = record.strange
        outcome.longest_s = record.longest_s
        for at in record.broken:
            outcome.broken[_kill_before(outcome.kills, at)] += 1
        outcome.verdict = oracle.judge(record.items, held.stored, held.quarantined)
        outcome.mismatches = held.mismatches
        outcome.counted = held.counted
        outcome.ledger_accepted = held.ledger_accepted
        stored = {(event.workspace, event.number) for event in held.stored}
        outcome.windows = windows_hit(outcome.kills, record.items, stored)


def _kill_before(kills: list[Kill], at: float) -> str:
    """What was killed last before that moment."""
    return next((kill.target for kill in reversed(kills) if kill.at <= at), "nothing")


def windows_hit(
    kills: list[Kill], items: list[Item], stored: set[tuple[str, int | None]] | None
) -> Counter[str]:
    """How many kills hit each window.

    An item had been sent whole when the signal went out, and was never answered. Sent again, it was called a
    duplicate, so it had been committed, or accepted, so it had not been; never sent again, it is stored or it is
    not, which is known at the end (`stored` None: not yet). A killed worker that was processing leaves a lease.
    """
    hit: dict[str, set[int]] = {window: set() for window in WINDOWS}
    leased_before: set[str] = set()
    for number, kill in enumerate(kills):
        if set(kill.leased) - leased_before:
            hit["while processing"].add(number)
        leased_before |= set(kill.leased)
    for item in list(items):
        broken = [sending for sending in item.sendings if sending.answer == "unanswered" and sending.whole]
        if item.must != "be stored" or not broken:
            continue
        first = item.sendings[0]
        number = max((n for n, kill in enumerate(kills) if kill.at <= first.ended_at), default=-1)
        if first is not broken[0] or number < 0 or first.sent_at > kills[number].at:
            continue
        if len(item.sendings) > 1:
            if item.sendings[1].answer == "duplicate":
                hit["after commit, before the answer"].add(number)
            elif item.sendings[1].answer == "accepted":
                hit["before commit"].add(number)
        elif stored is not None:
            is_there = (item.workspace, item.number) in stored
            hit["after commit, before the answer" if is_there else "before commit"].add(number)
    return Counter({window: len(numbers) for window, numbers in hit.items()})


def start(data: Path, *, app: str = "clarion.app", flags: tuple[str, ...] = ()) -> Served:
    """A server to be killed, ready."""
    served = Served(data, app=app, flags=flags)
    served.start()
    served.until_ready(READY_WITHIN_S)
    return served


# ---- the long tier

_HOURS_MAX = 6.0


@dataclass(frozen=True, slots=True)
class Tier:
    """What a round kills, and how much is enough."""

    name: str
    round: dict[str, int]
    kills: int
    acknowledged: int
    flags: tuple[str, ...] = ()


KILL = Tier(
    "kill",
    {"http": 6, "stopped http": 4, "worker": 4, "server": 5, "postgres": 4, "backend": 4},
    kills=300,
    acknowledged=300_000,
)
DATABASE = Tier(
    "database",
    {"postgres": 8, "postgres at once": 8, "backend": 6, "server": 3},
    kills=200,
    acknowledged=100_000,
)
STALL = Tier("stall", {"stalled worker": 10}, kills=100, acknowledged=50_000, flags=("--workers", "2"))


def main(arguments: Sequence[str], tier: Tier = KILL) -> int:
    """Rounds until there are enough kills and acknowledged events, or for some minutes."""
    parser = argparse.ArgumentParser(prog=f"torture {tier.name}", description=main.__doc__)
    enough_of = f"{tier.kills} kills and {tier.acknowledged:,} events"
    parser.add_argument("--minutes", type=float, help=f"instead of {enough_of}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    end_at = time.monotonic() + (options.minutes * 60 if options.minutes else _HOURS_MAX * 3600)
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="clarion-torture-") as folder:
        served = start(Path(folder) / "data", flags=tier.flags)
        try:
            for seed in range(options.seed, options.seed + 1_000):
                outcome = Round(
                    served, Plan(kills=tier.round, seed=seed, seconds_max=150.0 if tier is KILL else 0.0)
                ).run()
                figures.add(outcome)
                if not options.json:
                    print(f"round {seed}: {len(outcome.kills)} kills in {outcome.seconds:.0f} s", flush=True)
                enough = figures.kills >= tier.kills and figures.acknowledged >= tier.acknowledged
                if time.monotonic() > end_at or (enough and not options.minutes) or figures.faults:
                    break
        finally:
            log = served.log
            served.stop()
    print(figures.as_json() if options.json else figures.as_text())
    if figures.faults:
        print(f"\nThe end of the server's log:\n{log[-20_000:]}", flush=True)
    return 1 if figures.faults else 0
