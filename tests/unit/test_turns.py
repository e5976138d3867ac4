"""Turns of large requests: one in each round of the loop, the workspaces in turn."""

import asyncio
from uuid import UUID

from clarion.dialects._turns import Turns

FLOOD, QUIET = UUID(int=1), UUID(int=2)


async def _taken(turns: Turns, workspace_id: UUID, name: str, log: list[str]) -> None:
    await turns.wait(workspace_id)
    log.append(name)


def test_a_workspace_with_one_large_request_waits_for_one_of_a_flood():
    async def scene() -> list[str]:
        turns, log = Turns(), list[str]()
        async with asyncio.TaskGroup() as running:
            for n in range(5):
                running.create_task(_taken(turns, FLOOD, f"flood {n}", log))
            running.create_task(_taken(turns, QUIET, "quiet", log))
        return log

    assert asyncio.run(scene()) == ["flood 0", "flood 1", "quiet", "flood 2", "flood 3", "flood 4"]


def test_between_two_large_requests_the_loop_goes_round():
    async def scene() -> list[str]:
        turns, log = Turns(), list[str]()

        async def rounds() -> None:
            for _ in range(6):
                log.append("-")
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as running:
            for n in range(3):
                running.create_task(_taken(turns, FLOOD, str(n), log))
            running.create_task(rounds())
        return log

    assert "01" not in (told := "".join(asyncio.run(scene())))
    assert "12" not in told


def test_a_caller_who_hung_up_gives_the_turn_away():
    async def scene() -> list[str]:
        turns, log = Turns(), list[str]()
        tasks = [asyncio.create_task(_taken(turns, FLOOD, str(n), log)) for n in range(4)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(turns.wait(QUIET), 1)
        return log

    assert asyncio.run(scene()) == ["0", "3"]
