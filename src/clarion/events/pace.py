"""Large pieces of work on the event loop: one at a time, and what is small goes between them."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

LARGE_ITEMS = 50  # what takes a quarter of a millisecond and more
SMALL_FOR_S = 2.0
ROUNDS = 5  # of the loop: as often as a single event comes back to it from its arrival to its statement


class Pace:
    """Whoever is about to keep the loop for a millisecond awaits `turn()` first, and begins when it returns.

    A small request comes back to the loop several times, so without it it waits each time for all large pieces that
    are ready. So it waits for one of them, however many there are.
    """

    def __init__(self) -> None:
        self._next = asyncio.Lock()  # first come, first served
        self._small = 0
        self._small_at = -SMALL_FOR_S

    @contextmanager
    def small(self) -> Iterator[None]:
        """Around a small request."""
        self._small += 1
        self._small_at = time.monotonic()
        try:
            yield
        finally:
            self._small -= 1

    def has_small(self) -> bool:
        """Whether small requests come in as well, now or a moment ago."""
        return bool(self._small) or time.monotonic() - self._small_at < SMALL_FOR_S

    async def turn(self) -> None:
        """What was ready has run since the large piece before this one, and small requests as far as they could."""
        async with self._next:
            for _ in range(ROUNDS):
                await asyncio.sleep(0)
                if not self._small:
                    break
