"""The schedule: a task that is due once a day runs once, however many processes there are."""

import asyncio
from uuid import uuid4

import pytest

from clarion import jobs
from clarion.jobs import Task, schedule

DAY_S = 86_400.0


@pytest.fixture
def process(database):
    """`process(task)`: another process of the installation runs it, as often as it is due, until the block ends."""

    def make(*tasks):
        stop = asyncio.Event()
        return stop, asyncio.create_task(jobs.run_schedule(tasks, database, stop))

    return make


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(schedule, "_LOOK_EVERY_S", 0.05)


def counting(every_s=DAY_S, takes_s=0.0):
    runs = []

    async def run(_tx):
        runs.append(asyncio.get_running_loop().time())
        await asyncio.sleep(takes_s)

    return runs, Task(f"t{uuid4().hex}", every_s, run)


async def end(*begun):
    for stop, working in begun:
        stop.set()
        await working


@pytest.mark.parametrize("takes_s", [0.0, 0.5], ids=["short", "long"])
async def test_a_daily_task_runs_once_in_three_processes(quick, process, takes_s):
    """A long one is refused to the others, a short one is over before they ask. Not noted, it runs thrice."""
    runs, task = counting(takes_s=takes_s)
    begun = [process(task) for _ in range(3)]
    await asyncio.sleep(1.5)
    await end(*begun)
    assert len(runs) == 1


async def test_a_daily_task_is_not_run_again_by_a_start_and_a_frequent_one_is(quick, process):
    daily, task = counting()
    often, other = counting(every_s=0.1)
    for _ in range(2):
        begun = process(task, other)
        await asyncio.sleep(0.6)
        await end(begun)
    assert len(daily) == 1
    assert len(often) > 3


async def test_a_task_that_fails_or_is_ended_early_is_due_again(quick, process):
    async def fails(_tx):
        tries.append("failed")
        raise ValueError

    async def ended(_tx):
        tries.append("ended")
        begun[0].set()

    tries = []
    for run in (fails, ended):
        task = Task(f"t{uuid4().hex}", DAY_S, run)
        for _ in range(2):
            begun = process(task)
            await asyncio.sleep(0.3)
            await end(begun)
    assert tries.count("failed") > 1
    assert tries.count("ended") == 2
