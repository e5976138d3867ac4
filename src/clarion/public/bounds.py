"""How often something may be done in this process, by what it is done with: so many a minute, with a small memory."""

from collections import OrderedDict
from collections.abc import Callable

KEYS_MAX = 10_000


class Bounds:
    """Buckets that fill again by the minute. Of more keys than are kept, those not seen for longest are forgotten."""

    def __init__(self, per_minute: int, clock_s: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._clock_s = clock_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> what was left, when

    def take(self, key: str) -> float | None:
        """None: go ahead, it is counted. Otherwise the seconds until one more fits."""
        now = self._clock_s()
        left, at = self._left.pop(key, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - at) * self._per_minute / 60)
        taken = left >= 1
        self._left[key] = (left - taken, now)
        if len(self._left) > KEYS_MAX:
            self._left.popitem(last=False)
        return None if taken else (1 - left) * 60 / self._per_minute
