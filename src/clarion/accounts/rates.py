"""Rate limits: at most so many requests in any 60 seconds, per credential and bucket, in this process."""

from collections import deque
from collections.abc import Callable
from uuid import UUID

WINDOW_S = 60.0
#: Refusals of a bucket that are told at once: more than a caller hears who does wait, also on many connections.
REFUSED_FREE = 100
#: Each one beyond comes so much later than the one before,
LATER_S = 0.01
#: and none later than this: no caller's own timeout is so short.
LATE_MAX_S = 1.0
REFUSED_MAX = REFUSED_FREE + LATE_MAX_S / LATER_S


def _forgotten(credential_id: UUID, bucket: str, refused: bool) -> None:
    """Nobody asks how the limits are used."""


class Rates:
    """Sliding windows. `clock_s` is monotonic seconds; a refused request does not count.

    `note` is told of every request: credential, bucket, and whether it was refused.
    """

    def __init__(
        self, clock_s: Callable[[], float], note: Callable[[UUID, str, bool], None] = _forgotten
    ) -> None:
        self._clock_s = clock_s
        self._note = note
        self._taken: dict[tuple[UUID, str], deque[float]] = {}
        self._refused: dict[tuple[UUID, str], Refusals] = {}

    def take(self, credential_id: UUID, bucket: str, per_minute: int) -> float | None:
        """None: go ahead, it is counted. Otherwise the seconds until one fits. `per_minute` 0 is no limit."""
        wait_s = self._take(credential_id, bucket, per_minute) if per_minute else None
        self._note(credential_id, bucket, wait_s is not None)
        return wait_s

    def wait(self, credential_id: UUID, bucket: str, per_minute: int) -> float:
        """Seconds until one more fits; 0 where it does."""
        now, taken = self._clock_s(), self._taken.get((credential_id, bucket))
        while taken and taken[0] <= now - WINDOW_S:
            taken.popleft()
        return taken[-per_minute] + WINDOW_S - now if taken and len(taken) >= per_minute else 0.0

    def late(self, credential_id: UUID, bucket: str) -> float:
        """By how many seconds the answer to one more refused request is to come later: who goes on although told to
        wait would otherwise use up the door. A minute of rest, and all is forgotten.
        """
        refused = self._refused.setdefault((credential_id, bucket), Refusals())
        return refused.one_more(self._clock_s())

    def _take(self, credential_id: UUID, bucket: str, per_minute: int) -> float | None:
        if wait_s := self.wait(credential_id, bucket, per_minute):
            return wait_s
        self._taken.setdefault((credential_id, bucket), deque()).append(self._clock_s())
        return None


class Refusals:
    """How often somebody was refused, less `drained_per_s`; and so how much later the next one is to be told."""

    def __init__(self, drained_per_s: float = REFUSED_MAX / WINDOW_S) -> None:
        self._drained_per_s = drained_per_s
        self._count = 0.0
        self._at_s = 0.0

    def one_more(self, now_s: float) -> float:
        """By how many seconds the answer to one more is to come later."""
        drained = (now_s - self._at_s) * self._drained_per_s
        self._count = min(max(0.0, self._count - drained) + 1, REFUSED_MAX)
        self._at_s = now_s
        return max(0.0, self._count - REFUSED_FREE) * LATER_S
