"""How many large requests of one workspace are worked on at once, so that its flood is not everybody's wait."""

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary

AT_ONCE = 8  # one is decoded, some wait for their commit, some are answered


class Turns:
    """Large requests of a workspace beyond `AT_ONCE` wait, whole but not decoded, in the order in which they came.

    Each of them keeps the event loop for milliseconds at a time, and a small request comes back to the loop several
    times: it waits for those that are at work, not for all that came. What other numbers do stands in
    docs/explanation/where-the-microseconds-go.md.
    """

    def __init__(self) -> None:
        self._places: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, workspace_id: UUID) -> asyncio.Semaphore:
        """What to hold (`async with`) from decoding to the answer."""
        places = self._places.get(workspace_id)
        if places is None:
            places = self._places[workspace_id] = asyncio.Semaphore(AT_ONCE)
        return places
