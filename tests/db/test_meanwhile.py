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
        await events.erase_person(
            erasing, tenant.workspace_id, person, actor="test", vault=tenant.vault, ids=ids
        )

        async def writing():
            async with database.app(tenant.workspace_id) as tx:
                return await write(tx)

        waiting = asyncio.create_task(writing())
        await blocked(database)
        assert not waiting.done(), "it waits for the erasure"
    return await waiting


async def blocked(database, at_least=1):
    """Until so many transactions wait for another's lock."""
    for _ in range(500):
        async with database.owner() as tx:
            if await tx.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") >= at_least:
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
    """Without the lanes it has found the old member already: then the tombstone refuses it."""
    change = ProfileChange(identities=(email(),), traits={"plan": "again"})
    one = {"vault": tenant.vault, "ids": ids}

    async def write(tx):
        if beside_the_lanes:
            return (await events.write_person(tx, tenant.workspace_id, change, **one)).member
        return (await profiles.write(tx, tenant.workspace_id, change, now_us=database.now_us(), **one)).member

    if beside_the_lanes:
        assert await while_erasing(database, tenant, ids, ann, write) != ann
        assert (await found(database, tenant, email())).traits == {"plan": "again"}
    else:
        with pytest.raises(errors.NotFound):
            await while_erasing(database, tenant, ids, ann, write)
    assert await told(database, tenant, ann) == "{}"


@pytest.mark.parametrize("wish", [{"traits": {"plan": "again"}}, {"email": "new@example.com"}])
async def test_an_update_by_id_that_waited_for_an_erasure_finds_nobody(database, tenant, ids, ann, wish):
    async def update(tx):
        return await events.update_person(
            tx, tenant.workspace_id, ann, profiles.Update(**wish), vault=tenant.vault, ids=ids
        )

    with pytest.raises(errors.NotFound):
        await while_erasing(database, tenant, ids, ann, update)
    assert await told(database, tenant, ann) == "{}"
    assert await found(database, tenant, email("new@example.com")) is None


async def test_a_merge_that_waited_for_an_erasure_finds_nobody(
    database, tenant, ids, ann, ingest, process_all
):
    await ingest.offer(tenant.credential, S, [windowed("2", who="bob@example.com")])
    await process_all(tenant)
    bob = parse_id("prf", (await found(database, tenant, email("bob@example.com"))).id)

    async def merge(tx):
        return await profiles.merge(
            tx, tenant.workspace_id, bob, ann, vault=tenant.vault, ids=ids, now_us=database.now_us()
        )

    with pytest.raises(errors.NotFound):
        await while_erasing(database, tenant, ids, ann, merge)
    async with database.owner() as tx:
        assert not await tx.fetch("SELECT FROM identity_link WHERE workspace_id = $1", tenant.workspace_id)


async def test_the_erased_are_in_no_list(database, tenant, ids, ann):
    async with database.owner() as tx:
        await events.erase_person(tx, tenant.workspace_id, ann, actor="test", vault=tenant.vault, ids=ids)
    async with database.app(tenant.workspace_id) as tx:
        assert await profiles.list_profiles(tx, tenant.workspace_id, vault=tenant.vault, limit=10) == []
        assert await profiles.count_profiles(tx, tenant.workspace_id) == 0
        assert await profiles.read_person(tx, tenant.workspace_id, ann, vault=tenant.vault) is None


async def test_writes_do_not_keep_a_worker_from_its_lane(database, tenant, ingest, process_all, ids):
    """One is always under way; where the worker asked for more of the lane than it needs, it would skip it."""
    await ingest.offer(tenant.credential, S, [windowed("1", name="seen")])
    change = ProfileChange(identities=(email("bob@example.com"),), traits={"plan": "x"})
    async with database.app(tenant.workspace_id) as tx:
        await events.write_person(tx, tenant.workspace_id, change, vault=tenant.vault, ids=ids)
        await process_all(tenant)
    assert await found(database, tenant, email()) is not None
