"""How many large requests of one workspace are worked on at once, so that its flood is not everybody's wait."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from clarion.events import Pace

AT_ONCE = 32  # one is decoded, some wait for their commit, some are answered
AT_ONCE_BESIDE = 4  # while small requests come in as well


class Turns:
    """Large requests of a workspace beyond these wait, whole but not decoded, in the order in which they came.

    What other numbers do stands in docs/explanation/where-the-microseconds-go.md.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._lines: dict[UUID, _Line] = {}

    @asynccontextmanager
    async def of(self, workspace_id: UUID) -> AsyncIterator[None]:
        """Around a large request from its decoding, which begins at once, to its answer."""
        line = self._lines.setdefault(workspace_id, _Line())
        try:
            await line.enter(self._places())
            try:
                await self._pace.turn()
                yield
            finally:
                line.leave(self._places())
        finally:
            if line.is_empty() and self._lines.get(workspace_id) is line:
                del self._lines[workspace_id]

    def _places(self) -> int:
        return AT_ONCE_BESIDE if self._pace.has_small() else AT_ONCE


class _Line:
    """First come, first served; how many may be at work is said anew each time."""

    def __init__(self) -> None:
        self._at_work = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def is_empty(self) -> bool:
        return not self._at_work and not self._waiting

    async def enter(self, places: int) -> None:
        if self._at_work < places and not self._waiting:
            self._at_work += 1
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # it had been called: its place goes on
                self.leave(places)
            elif called in self._waiting:
                self._waiting.remove(called)
            raise

    def leave(self, places: int) -> None:
        """The next ones come, as many as there is room for."""
        self._at_work -= 1
        while self._waiting and self._at_work < places:
            called = self._waiting.popleft()
            if not called.cancelled():
                self._at_work += 1
                called.set_result(None)
