"""Whose large request is worked on next, so that one caller's flood does not become everybody's wait."""

import asyncio
from collections import deque
from uuid import UUID


class Turns:
    """One large request in each round of the event loop, the workspaces in turn.

    Between two of them the loop hears and answers all else: a small request waits for one large one at a time and
    not for all that came before it, and a workspace with one large request not for another's hundred.
    """

    def __init__(self) -> None:
        self._waiting: dict[
            UUID, deque[asyncio.Future[None]]
        ] = {}  # first is the workspace whose turn is next
        self._taken = False  # of this round

    async def wait(self, workspace_id: UUID) -> None:
        """Until it is the caller's turn."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._take(loop)
            return
        turn = loop.create_future()
        self._waiting.setdefault(workspace_id, deque()).append(turn)
        await turn

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        self._taken = True
        loop.call_soon(self._pass_on, loop)

    def _pass_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._taken = False
        while self._waiting:
            workspace_id = next(iter(self._waiting))
            turns = self._waiting.pop(workspace_id)
            turn = turns.popleft()
            if turns:
                self._waiting[workspace_id] = turns  # behind the others
            if not turn.done():  # it is where the caller hung up
                turn.set_result(None)
                self._take(loop)
                return
