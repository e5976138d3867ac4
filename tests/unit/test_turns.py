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
            await self._go[name].wait()
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


async def test_so_many_at_once_and_the_others_in_the_order_in_which_they_came(requests):
    for name in range(AT_ONCE + 3):
        requests.begin(name)
    await rest()
    assert requests.at_work == list(range(AT_ONCE))
    await requests.end(5)
    assert AT_ONCE in requests.at_work and AT_ONCE + 1 not in requests.at_work


async def test_another_workspace_has_places_of_its_own(requests):
    for name in range(AT_ONCE):
        requests.begin(name)
    requests.begin("other", OTHER)
    await rest()
    assert "other" in requests.at_work


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
    assert requests.at_work[:1] == [0] and AT_ONCE + 1 in requests.at_work
    for name in range(1, AT_ONCE + 2):
        await requests.end(name)
    assert turns._lines == {}
