"""When a failed attempt is tried again, and when a provider is left alone for a while. Pure."""

from msgspec import Struct

TRIES_MAX = 8
_FIRST_S = 15.0
_MOST_S = 3_600.0
#: So many failures of a provider in a row, with nothing taken in between, and it is left alone.
BREAKS_AFTER = 5
_OPEN_FIRST_S = 5.0
_OPEN_MOST_S = 300.0


def wait_s(attempts: int, retry_after_s: int | None, *, drawn: float) -> float | None:
    """How long until the next attempt, after so many; None: there is none. `drawn`: 0 to 1, by chance.

    Full jitter: anywhere up to twice as long each time, and never sooner than the provider said.
    """
    if attempts >= TRIES_MAX:
        return None
    jittered = drawn * min(_MOST_S, _FIRST_S * 2.0**attempts)
    return max(jittered, float(retry_after_s or 0))


class Breaker(Struct, frozen=True):
    """How a provider of a workspace does: failures in a row, and until when it is left alone."""

    failures: int = 0
    open_until: float = 0.0

    def lets_pass(self, now: float) -> bool:
        return now >= self.open_until

    def took(self) -> "Breaker":
        """It answered about the message: whatever it said, it works."""
        return Breaker()

    def failed(self, now: float, retry_after_s: int | None = None) -> "Breaker":
        """It could not be used. Closed again by the first that it takes; until then one batch at a time is let by."""
        failures = self.failures + 1
        if failures < BREAKS_AFTER and not retry_after_s:
            return Breaker(failures, self.open_until)
        pause = min(_OPEN_MOST_S, _OPEN_FIRST_S * 2.0 ** max(0, failures - BREAKS_AFTER))
        return Breaker(failures, now + max(pause, min(float(retry_after_s or 0), _OPEN_MOST_S)))
