"""Large requests of one workspace: a few at once, whatever another workspace does."""

import asyncio
import gc
from uuid import UUID

from clarion.dialects._turns import AT_ONCE, Turns

FLOOD, QUIET = UUID(int=1), UUID(int=2)


def test_a_flood_has_its_places_and_another_workspace_its_own():
    async def scene() -> tuple[int, int, list[str]]:
        turns, log, most, at_work = Turns(), list[str](), 0, 0

        async def flood(n: int) -> None:
            nonlocal most, at_work
            async with turns.of(FLOOD):
                at_work += 1
                most = max(most, at_work)
                await asyncio.sleep(0.001)
                at_work -= 1
                log.append(f"flood {n}")

        async def quiet() -> None:
            async with turns.of(QUIET):
                log.append("quiet")

        async with asyncio.TaskGroup() as running:
            for n in range(4 * AT_ONCE):
                running.create_task(flood(n))
            running.create_task(quiet())
        return most, at_work, log

    most, at_work, log = asyncio.run(scene())
    assert (most, at_work) == (AT_ONCE, 0)
    assert log[0] == "quiet"
    assert log[1:] == [f"flood {n}" for n in range(4 * AT_ONCE)], "in the order in which they came"


def test_a_caller_who_hung_up_gives_the_place_away():
    async def scene() -> None:
        turns = Turns()

        async def hold() -> None:
            async with turns.of(FLOOD):
                await asyncio.sleep(60)

        tasks = [asyncio.create_task(hold()) for _ in range(2 * AT_ONCE)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1), turns.of(FLOOD):
            pass

    asyncio.run(scene())


def test_workspaces_without_large_requests_take_no_memory():
    async def scene() -> int:
        turns = Turns()
        for n in range(100):
            async with turns.of(UUID(int=n)):
                pass
        gc.collect()
        return len(turns._places)

    assert asyncio.run(scene()) <= 1
