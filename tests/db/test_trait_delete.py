"""Deleting a trait: the definition at once, values in jobs; what is told later is kept."""

import pytest

from clarion import errors, profiles
from clarion.app.handlers import handlers
from clarion.jobs import Job, Queue
from tests.db.test_traits_store import Room


@pytest.fixture
def room(database, tenant, ids):
    return Room(database, tenant, ids)


@pytest.fixture
def delete(database, tenant, ids):
    async def do(name, now_us):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.delete_trait(tx, tenant.workspace_id, name, ids=ids, now_us=now_us)

    return do


@pytest.fixture
def work_off(database, tenant, vaults, ids):
    async def do():
        await Queue(database, handlers(vaults, ids), ids).work_off(tenant.workspace_id)

    return do


async def test_a_deleted_trait_goes_from_all_profiles_in_several_jobs(room, delete, work_off, monkeypatch):
    monkeypatch.setattr("clarion.profiles.store.deleting.PROFILES_A_JOB", 2)
    members = [await room.member(f"m{number}") for number in range(5)]
    for member in members:
        await room.tell(member, 10, plan="pro", city="Lviv", first_name="Ann")
    assert await delete("plan", 20) == 5
    assert await delete("firstName", 20) == 5, "by any of its names"
    await work_off()
    for member in members:
        assert await room.traits(member) == {"city": "Lviv"}
        assert ("trait:plan", None, "trait deleted") in {
            (one.what, one.value, one.cause) for one in await room.history(member)
        }
    async with room.database.app(room.workspace_id) as tx:
        assert [one.name for one in await profiles.list_traits(tx, room.workspace_id)] == ["city"]
        blinds = await tx.fetchval(
            "SELECT count(*) FROM trait_blind WHERE workspace_id = $1", room.workspace_id
        )
    assert blinds == 0, "nobody is found by that name"


async def test_what_was_told_before_stays_away_and_what_is_told_later_is_kept(room, delete, work_off):
    """Whether the job has run by then or not."""
    early, late = await room.member("early"), await room.member("late")
    for member in (early, late):
        await room.tell(member, 10, plan="pro", colours=["red"])
    await delete("plan", 20)
    await delete("colours", 20)
    await room.tell(early, 30, plan="new")
    await work_off()
    await room.tell(late, 15, plan="told before", colours=["blue"])
    assert await room.traits(early) == {"plan": "new"}
    assert await room.traits(late) == {}
    await room.tell(late, 30, plan="new")
    assert await room.traits(late) == {"plan": "new"}


async def test_a_deleted_trait_goes_from_what_people_hold_together(room, delete, work_off):
    one, other = await room.member("one"), await room.member("other")
    await room.tell(one, 10, plan="pro", city="Lviv")
    await room.tell(other, 11, plan="free")
    async with room.database.app(room.workspace_id) as tx:
        await profiles.merge(
            tx, room.workspace_id, one, other, vault=room.tenant.vault, ids=room.ids, now_us=12
        )
    await delete("plan", 20)
    await work_off()
    assert await room.traits(one) == {"city": "Lviv"}


async def test_what_nobody_defined_cannot_be_deleted(delete):
    with pytest.raises(errors.NotFound):
        await delete("nothing", 20)


async def test_the_removing_handler_run_twice_changes_nothing(room, delete, vaults, ids, monkeypatch):
    monkeypatch.setattr("clarion.profiles.store.deleting.PROFILES_A_JOB", 1)
    member = await room.member("one")
    await room.tell(member, 10, plan="pro")
    await delete("plan", 20)
    async with room.database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT workspace_id, job_id, kind, payload, attempts FROM job WHERE workspace_id = $1",
            room.workspace_id,
        )
    for _ in range(2):
        async with room.database.owner() as tx:
            for handler in handlers(vaults, ids)[row["kind"]]:
                await handler(tx, Job(**dict(row)))
    assert await room.traits(member) == {}
    assert [one.cause for one in await room.history(member)] == ["trait deleted", "event"]
