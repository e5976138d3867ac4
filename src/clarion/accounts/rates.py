"""Rate limits: at most so many requests in any 60 seconds, per credential and bucket, in this process."""

from collections import deque
from collections.abc import Callable
from uuid import UUID

WINDOW_S = 60.0


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

    def take(self, credential_id: UUID, bucket: str, per_minute: int) -> float | None:
        """None: go ahead, it is counted. Otherwise the seconds until one fits. `per_minute` 0 is no limit."""
        wait_s = self._wait(credential_id, bucket, per_minute) if per_minute else None
        self._note(credential_id, bucket, wait_s is not None)
        return wait_s

    def _wait(self, credential_id: UUID, bucket: str, per_minute: int) -> float | None:
        now = self._clock_s()
        taken = self._taken.setdefault((credential_id, bucket), deque())
        while taken and taken[0] <= now - WINDOW_S:
            taken.popleft()
        if len(taken) >= per_minute:
            return taken[-per_minute] + WINDOW_S - now
        taken.append(now)
        return None
