"""The event loop between large pieces of work: what is small gets through."""

import asyncio

from clarion.events import Pace

LARGE = 8
COMES_BACK = 4  # as often as a single event does between its arrival and its statement


def test_a_small_request_waits_for_one_large_piece_however_many_there_are():
    assert asyncio.run(_large_pieces_before_the_small_one_is_through(Pace())) <= 1


def test_without_the_pace_it_waits_for_all_of_them():
    """The control: the same scene, where nobody awaits a turn."""
    assert asyncio.run(_large_pieces_before_the_small_one_is_through(None)) == LARGE


def test_large_pieces_come_in_the_order_in_which_they_asked():
    async def scene() -> list[int]:
        pace, log = Pace(), list[int]()

        async def large(n: int) -> None:
            await pace.turn()
            log.append(n)

        await asyncio.gather(*(large(n) for n in range(LARGE)))
        return log

    assert asyncio.run(scene()) == list(range(LARGE))


def test_who_gives_up_waiting_is_in_nobodys_way():
    async def scene() -> None:
        pace = Pace()
        waiting = [asyncio.create_task(pace.turn()) for _ in range(LARGE)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        async with asyncio.timeout(1):
            await pace.turn()

    asyncio.run(scene())


async def _large_pieces_before_the_small_one_is_through(pace: Pace | None) -> int:
    done, seen = 0, LARGE

    async def large() -> None:
        nonlocal done
        if pace:
            await pace.turn()
        done += 1  # here it would keep the loop for a millisecond

    async def small() -> None:
        nonlocal seen
        if pace:
            with pace.small():
                await _come_back()
        else:
            await _come_back()
        seen = done

    async def _come_back() -> None:
        for _ in range(COMES_BACK):
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as running:
        running.create_task(small())
        for _ in range(LARGE):
            running.create_task(large())
    return seen
