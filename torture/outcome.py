"""What came of a round of kills."""

from collections import Counter
from dataclasses import dataclass, field

from torture.oracle import Verdict

TARGETS = (
    "server",
    "http",
    "stopped http",
    "worker",
    "postgres",
    "postgres at once",  # SIGQUIT: what `pg_ctl stop -m immediate` sends
    "backend",
    "stalled worker",  # stopped past its lease, then let go on; nothing is killed
)
WINDOWS = ("before commit", "after commit, before the answer", "while processing")


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, in monotonic seconds; the signal went out after `at`. `leased`: leases a killed worker left."""

    target: str
    at: float
    back_s: float
    leased: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What came of a round."""

    kills: list[Kill] = field(default_factory=list)
    windows: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    strange: list[str] = field(default_factory=list)
    longest_s: float = 0.0
    broken: Counter[str] = field(
        default_factory=Counter
    )  # requests whose connection broke, by what was killed
    overtaken: int = 0  # stalled workers whose lane another had taken before they went on
    orphans: list[str] = field(default_factory=list)
    gone_s: float = 0.0  # until the last process of a killed supervisor had ended
    ready_after_start_s: float = 0.0
    drain_s: float = 0.0
    seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)
    mismatches: list[str] = field(default_factory=list)
    counted: int = 0
    ledger_accepted: int = 0

    @property
    def missed(self) -> list[str]:
        """Windows that no kill hit."""
        return [window for window in WINDOWS if not self.windows[window]]

    def faults(self) -> Counter[str]:
        """Whatever should not be, and how often."""
        found = Counter(self.verdict.faults)
        found["strange answers"] = len(self.strange)
        found["503 without Retry-After"] = self.without_retry_after
        found["ledger mismatches"] = len(self.mismatches)
        found["orphans"] = len(self.orphans)
        found["unlisted events"] = abs(self.counted - self.verdict.stored)
        return +found

    def worst_back_s(self, *targets: str) -> float:
        """The longest time until the server said again that it was ready."""
        return max((kill.back_s for kill in self.kills if kill.target in (targets or TARGETS)), default=0.0)
