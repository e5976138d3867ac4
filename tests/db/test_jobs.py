"""The queue: a fact is heard once, by whoever holds its lease, in the transaction that ends it."""

import asyncio
import uuid

import pytest

from clarion import jobs
from clarion.jobs import Queue, store
from clarion.jobs.queue import LeaseLost


async def publish(database, tenant, ids, kind="told", payload=b"x"):
    async with database.app(tenant.workspace_id) as tx:
        return await jobs.publish(tx, tenant.workspace_id, kind, payload, ids=ids)


async def listed(database, tenant):
    async with database.app(tenant.workspace_id) as tx:
        return await jobs.list_jobs(tx, tenant.workspace_id, limit=100)


async def due_now(database, tenant):
    async with database.owner() as tx:
        await tx.execute(
            "UPDATE job SET run_at = now() - interval '1 s', leased_until = '-infinity' WHERE workspace_id = $1",
            tenant.workspace_id,
        )


async def note(tx, job):
    """What a handler might write: a row whose number shows how often."""
    await tx.execute(
        "INSERT INTO number_counter (workspace_id, kind, last) VALUES ($1, 'heard', 1)"
        " ON CONFLICT (workspace_id, kind) DO UPDATE SET last = number_counter.last + 1",
        job.workspace_id,
    )


async def heard(database, tenant):
    async with database.owner() as tx:
        return await tx.fetchval(
            "SELECT coalesce(max(last), 0) FROM number_counter WHERE workspace_id = $1 AND kind = 'heard'",
            tenant.workspace_id,
        )


async def test_a_published_fact_is_heard_and_leaves_nothing(database, tenant, ids):
    await publish(database, tenant, ids)
    await Queue(database, {"told": (note,)}, ids).work_off(tenant.workspace_id)
    assert await heard(database, tenant) == 1
    assert await listed(database, tenant) == []


async def test_a_fact_of_a_transaction_that_fails_was_never_there(database, tenant, ids):
    async def fails():
        async with database.app(tenant.workspace_id) as tx:
            await jobs.publish(tx, tenant.workspace_id, "told", b"x", ids=ids)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await listed(database, tenant) == []


async def test_many_workers_hear_each_fact_once(database, tenant, ids):
    for _ in range(20):
        await publish(database, tenant, ids)
    queues = [Queue(database, {"told": (note,)}, ids) for _ in range(3)]
    await asyncio.gather(*(queue.work_off(tenant.workspace_id) for queue in queues))
    assert await heard(database, tenant) == 20


async def test_a_handler_that_fails_leaves_nothing_and_stands_as_failed_after_five(database, tenant, ids):
    async def fails(tx, job):
        await note(tx, job)
        raise ValueError("ann@example.com")

    job_id = await publish(database, tenant, ids)
    queue = Queue(database, {"told": (fails,)}, ids)
    for attempt in range(1, 6):
        await queue.work_off(tenant.workspace_id)
        (one,) = await listed(database, tenant)
        assert (one.attempts, one.state) == (attempt, "failed" if attempt == 5 else "ready")
        assert one.last_error == "ValueError", "never a value"
        await due_now(database, tenant)
    await queue.work_off(tenant.workspace_id)
    assert (await listed(database, tenant))[0].attempts == 5
    assert await heard(database, tenant) == 0
    async with database.app(tenant.workspace_id) as tx:
        await jobs.retry_job(tx, tenant.workspace_id, job_id)
    await Queue(database, {"told": (note,)}, ids).work_off(tenant.workspace_id)
    assert await heard(database, tenant) == 1


async def test_a_worker_that_slept_past_its_lease_writes_nothing(database, tenant, ids):
    await publish(database, tenant, ids)
    token = uuid.uuid4()
    async with database.owner() as tx:
        job = await store.claim(tx, tenant.workspace_id, token, 60)
        assert await store.claim(tx, tenant.workspace_id, uuid.uuid4(), 60) is None, "it is leased"
    await due_now(database, tenant)
    slow = Queue(database, {"told": (note,)}, ids)
    with pytest.raises(LeaseLost):
        await slow._run(job, token)
    assert await heard(database, tenant) == 0
    await slow.work_off(tenant.workspace_id)
    assert await heard(database, tenant) == 1


async def test_a_job_that_takes_its_workers_with_it_ends_as_failed(database, tenant, ids):
    await publish(database, tenant, ids)
    for _ in range(5):
        async with database.owner() as tx:
            assert await store.claim(tx, tenant.workspace_id, uuid.uuid4(), 60)
        await due_now(database, tenant)
    async with database.owner() as tx:
        assert await store.claim(tx, tenant.workspace_id, uuid.uuid4(), 60) is None
    assert [(one.state, one.last_error) for one in await listed(database, tenant)] == [
        ("failed", "its workers ended")
    ]


async def test_a_waiting_worker_hears_of_work(database, tenant, ids):
    stop, woken, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def told(tx, job):
        done.set()

    working = asyncio.create_task(Queue(database, {"told": (told,)}, ids).work(stop, woken))
    await publish(database, tenant, ids)
    woken.set()
    await asyncio.wait_for(done.wait(), 10)
    stop.set()
    await working
