"""Calls that come while one is under way share the next one: many small commits become one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from clarion.db import is_transient

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 500


class Together(Generic[T, R]):
    """`work` is handed what gathered and answers each, in order; it does all of it or, where it raises, nothing.

    A group that fails is halved until who makes it fail stands alone and hears what was raised; of what may pass by
    itself each hears. `wait_s`: how long the first one waits for company, where nobody waits for the answer.
    """

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, wait_s: float = 0) -> None:
        self._work = work
        self._wait_s = wait_s
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def do(self, one: T) -> R:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            if self._wait_s:
                await asyncio.sleep(self._wait_s)
            group, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            await self._answer(group)

    async def _answer(self, group: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            found = await self._work([one for one, _ in group])
        except Exception as exc:
            if len(group) > 1 and not is_transient(exc):
                middle = len(group) // 2
                await self._answer(group[:middle])
                await self._answer(group[middle:])
                return
            for _, answer in group:
                if not answer.done():
                    answer.set_exception(exc)
            return
        for (_, answer), one in zip(group, found, strict=True):
            if not answer.done():
                answer.set_result(one)
