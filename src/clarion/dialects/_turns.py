"""How many large requests of one workspace are worked on at once, so that its flood is not everybody's wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

from clarion.events import Pace

AT_ONCE = 8  # one is decoded, some wait for their commit, some are answered


class Turns:
    """Large requests of a workspace beyond `AT_ONCE` wait, whole but not decoded, in the order in which they came.

    What other numbers do stands in docs/explanation/where-the-microseconds-go.md.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._places: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, workspace_id: UUID) -> AsyncIterator[None]:
        """Around a large request from its decoding, which begins at once, to its answer."""
        places = self._places.get(workspace_id)
        if places is None:
            places = self._places[workspace_id] = asyncio.Semaphore(AT_ONCE)
        async with places:
            await self._pace.turn()
            yield
