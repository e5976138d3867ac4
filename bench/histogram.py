"""Durations in buckets that grow with the value: exact below 256 us, within 0.8 % above, two minutes at most."""

import math

_BITS = 7  # of each value behind its first bit
_EXACT = 2 << _BITS
_US_MAX = (1 << 27) - 1
_BUCKETS = (27 - _BITS + 1) << _BITS


class Histogram:
    """Records microseconds at the cost of one addition; answers percentiles."""

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self._counts = [0] * _BUCKETS
        for bucket, count in (counts or {}).items():
            self._counts[bucket] = count

    def record(self, us: int) -> None:
        shift = us.bit_length() - _BITS - 1
        if shift <= 0:
            self._counts[us] += 1
        elif us > _US_MAX:
            self._counts[-1] += 1
        else:
            self._counts[(shift << _BITS) + (us >> shift)] += 1

    def counts(self) -> dict[int, int]:
        """The buckets that are not empty; `Histogram(counts)` is the same one again."""
        return {bucket: count for bucket, count in enumerate(self._counts) if count}

    def percentile(self, percent: float) -> float:
        """Milliseconds that so many percent of the values do not exceed; 0.0 of none."""
        wanted = math.ceil(sum(self._counts) * percent / 100)
        if not wanted:
            return 0.0
        seen = 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return _highest_us(bucket) / 1000
        raise AssertionError("the counts were summed wrongly")


def _highest_us(bucket: int) -> int:
    if bucket < _EXACT:
        return bucket
    shift = (bucket >> _BITS) - 1
    return ((bucket - (shift << _BITS) + 1) << shift) - 1
