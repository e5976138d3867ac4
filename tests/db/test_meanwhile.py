"""Synchronous writes that meet an erasure: whoever waits for it finds nobody, and fills no tombstone."""

import asyncio

import pytest

from clarion import errors, events, profiles
from clarion.model import ProfileChange, parse_id
from tests.db.support import email, windowed
from tests.db.test_replaced import S, found


@pytest.fixture
async def ann(database, tenant, ingest, process_all):
    await ingest.offer(tenant.credential, S, [windowed("1", traits={"plan": "pro"})])
    await process_all(tenant)
    return parse_id("prf", (await found(database, tenant, email())).id)


async def while_erasing(database, tenant, ids, person, write):
    """Start `write` while the erasure's transaction is open; returns what it returned after the commit."""
    async with database.owner() as erasing:
        await events.erase_person(erasing, tenant.workspace_id, person, actor="test", ids=ids)

        async def writing():
            async with database.app(tenant.workspace_id) as tx:
                return await write(tx)

        waiting = asyncio.create_task(writing())
        await blocked(database)
        assert not waiting.done(), "it waits for the erasure"
    return await waiting


async def blocked(database):
    """Until a transaction waits for another's lock."""
    for _ in range(500):
        async with database.owner() as tx:
            if await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing waits")


async def told(database, tenant, person):
    async with database.owner() as tx:
        return await tx.fetchval(
            "SELECT traits::text FROM profile WHERE workspace_id = $1 AND profile_id = $2",
            tenant.workspace_id, person,
        )  # fmt: skip


@pytest.mark.parametrize("beside_the_lanes", [True, False], ids=["as it is", "control"])
async def test_a_write_that_waited_for_an_erasure_makes_a_new_person(
    database, tenant, ids, ann, beside_the_lanes
):
    """Without the lanes it has found the member already, and fills the tombstone."""
    change = ProfileChange(identities=(email(),), traits={"plan": "again"})
    one = {"vault": tenant.vault, "ids": ids}

    async def write(tx):
        if beside_the_lanes:
            return await events.write_person(tx, tenant.workspace_id, change, **one)
        return await profiles.write(tx, tenant.workspace_id, change, now_us=database.now_us(), **one)

    if beside_the_lanes:
        member = await while_erasing(database, tenant, ids, ann, write)
        assert member != ann
        assert (await found(database, tenant, email())).traits == {"plan": "again"}
        assert await told(database, tenant, ann) == "{}"
    else:
        with pytest.raises(StopIteration):
            await while_erasing(database, tenant, ids, ann, write)
