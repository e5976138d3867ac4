"""Large requests of a workspace are worked on in turn, fewer at once while small ones come in as well."""

import asyncio
from uuid import UUID

import pytest

from clarion.dialects._turns import AT_ONCE, AT_ONCE_BESIDE, Turns
from clarion.events import Pace

ONE, OTHER = UUID(int=1), UUID(int=2)


class Requests:
    """Large requests that stay at work until they are let go."""

    def __init__(self, turns):
        self._turns = turns
        self.at_work = []
        self._go = {}
        self.tasks = {}

    def begin(self, name, workspace_id=ONE):
        self._go[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, workspace_id))

    async def _work(self, name, workspace_id):
        async with self._turns.of(workspace_id):
            self.at_work.append(name)
            try:
                await self._go[name].wait()
            finally:
                self.at_work.remove(name)

    async def end(self, name):
        self._go[name].set()
        await rest()


async def rest():
    for _ in range(200):
        await asyncio.sleep(0)


@pytest.fixture
def pace():
    return Pace()


@pytest.fixture
def turns(pace):
    return Turns(pace)


@pytest.fixture
async def requests(turns):
    made = Requests(turns)
    yield made
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)


async def test_a_flood_has_its_places_and_another_workspace_its_own(turns):
    log, most, at_work = [], 0, 0

    async def flood(n):
        nonlocal most, at_work
        async with turns.of(ONE):
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.05)
            at_work -= 1
            log.append(f"flood {n}")

    async def quiet():
        async with turns.of(OTHER):
            log.append("quiet")

    async with asyncio.TaskGroup() as running:
        for n in range(4 * AT_ONCE):
            running.create_task(flood(n))
        running.create_task(quiet())
    assert (most, at_work) == (AT_ONCE, 0)
    assert log[0] == "quiet"
    assert log[1:] == [f"flood {n}" for n in range(4 * AT_ONCE)], "in the order in which they came"


async def test_callers_who_hang_up_give_their_places_away(turns):
    async def hold():
        async with turns.of(ONE):
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(hold()) for _ in range(2 * AT_ONCE)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(1), turns.of(ONE):
        pass


async def test_workspaces_without_large_requests_take_no_memory(turns):
    for n in range(100):
        async with turns.of(UUID(int=n)):
            pass
    assert turns._lines == {}


async def test_beside_small_requests_it_is_fewer(requests, pace):
    with pace.small():
        for name in range(AT_ONCE):
            requests.begin(name)
        await rest()
        assert requests.at_work == list(range(AT_ONCE_BESIDE))


async def test_when_the_small_ones_are_gone_all_places_are_filled_again(requests, pace, monkeypatch):
    with pace.small():
        for name in range(AT_ONCE + 1):
            requests.begin(name)
        await rest()
    monkeypatch.setattr("clarion.events.pace.SMALL_FOR_S", 0.0)
    await requests.end(0)
    assert requests.at_work == list(range(1, AT_ONCE + 1))


async def test_who_goes_away_while_waiting_takes_nobodys_place(requests, turns):
    for name in range(AT_ONCE + 2):
        requests.begin(name)
    await rest()
    requests.tasks[AT_ONCE].cancel()  # it waits
    requests.tasks[0].cancel()  # it is at work
    await rest()
    assert requests.at_work == [*range(1, AT_ONCE), AT_ONCE + 1]
    for name in range(1, AT_ONCE + 2):
        await requests.end(name)
    assert turns._lines == {}
