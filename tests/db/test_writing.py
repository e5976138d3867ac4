"""Synchronous writes: the next read shows them, and nothing that was accepted before undoes them."""

import asyncio
import time
from uuid import UUID

import asyncpg
import pytest

from clarion import accounts, db, errors, events, profiles
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, ProfileChange, Reach, Source
from clarion.profiles.store._queries import Q
from clarion.profiles.store.traits import fold_traits
from clarion.profiles.store.writing import _people

ANN, BOB = "ann@example.com", "bob@example.com"


def email(value: str) -> Identity:
    return Identity(IdentityKind.EMAIL, "", value)


def offer(who: str = ANN, key: str = "k", **traits: object) -> Offer:
    event = Event(
        name="page.view", occurred_at_us=time.time_ns() // 1000, identities=(email(who),), traits=traits
    )
    return Offer(event, Dedup(Mode.ONCE, key, window_s=86_400))


@pytest.fixture
def write(database, tenant, ids):
    async def writing(who: str = ANN, now_us: int | None = None, **traits):
        async def work(tx):
            change = ProfileChange(identities=(email(who),), traits=traits)
            one = {"vault": tenant.vault, "ids": ids}
            if now_us is None:
                return (await events.write_person(tx, tenant.workspace_id, change, **one)).member
            return (await profiles.write(tx, tenant.workspace_id, change, now_us=now_us, **one)).member

        return await db.transact(database, tenant.workspace_id, work)

    return writing


@pytest.fixture
def update(database, tenant, ids):
    async def updating(profile_id, **wish):
        async def work(tx):
            return await events.update_person(
                tx, tenant.workspace_id, profile_id, profiles.Update(**wish), vault=tenant.vault, ids=ids
            )

        return await db.transact(database, tenant.workspace_id, work)

    return updating


@pytest.fixture
def find(database, tenant):
    async def finding(who: str = ANN):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.find_person(tx, tenant.workspace_id, email(who), vault=tenant.vault)

    return finding


async def test_the_next_read_shows_what_was_written(write, find):
    member = await write(firstName="Ann", plan="free")
    assert await write(plan="premium") == member
    found = await find()
    assert found.traits == {"first_name": "Ann", "plan": "premium"}
    assert found.emails == (ANN,)
    assert found.updated_us >= found.created_us


async def test_an_event_accepted_before_a_write_and_processed_after_it_does_not_undo_it(
    write, find, ingest, tenant, process_all
):
    """The worker is stopped meanwhile: nothing is processed until process_all."""
    await ingest.offer(tenant.credential, Source.SMASHSEND, [offer(plan="told first", city="Kyiv")])
    await write(plan="written later")
    await process_all(tenant)
    assert (await find()).traits == {"plan": "written later", "city": "Kyiv"}


async def test_an_event_accepted_after_a_write_counts(write, find, ingest, tenant, process_all):
    """The control of the one above: the newer one wins, whoever it is."""
    await write(plan="written first")
    await ingest.offer(tenant.credential, Source.SMASHSEND, [offer(plan="told later")])
    await process_all(tenant)
    assert (await find()).traits == {"plan": "told later"}


async def test_a_write_never_loses_to_what_is_stored(write, find, database):
    future = database.now_us() + 3_600_000_000
    await write(plan="of a clock an hour ahead", now_us=future)
    await write(plan="now")
    assert (await find()).traits == {"plan": "now"}


async def test_without_the_later_stamp_a_write_would_lose(write, find, database, tenant, ids):
    """The control: the same fact folded with its own time alone."""
    member = await write(plan="of a clock an hour ahead", now_us=database.now_us() + 3_600_000_000)
    fact = profiles.Facts({"plan": "now"}, f"{database.now_us():016x}{ids.next().hex}")
    async with database.app(tenant.workspace_id) as tx:
        await fold_traits(
            tx, tenant.workspace_id, {member: [fact]}, vault=tenant.vault, ids=ids, cause="call"
        )
    assert (await find()).traits == {"plan": "of a clock an hour ahead"}


async def test_elements_are_added_and_removed(write, find):
    await write(colours=["red", "blue"])
    await write(colours={"add": ["green", "red"], "remove": ["blue"]})
    assert (await find()).traits == {"colours": ["red", "green"]}
    await write(colours=[])
    assert (await find()).traits == {}, "an empty list clears"


async def test_an_update_replaces_the_email_and_joins_nobody(write, update, find, database, tenant):
    member = await write(plan="x")
    assert await update(member, email="new@example.com", traits={"city": "Lviv"}) == member
    assert await find(ANN) is None
    found = await find("new@example.com")
    assert (found.profile_id, found.emails) == (member, ("new@example.com",))
    assert found.traits == {"plan": "x", "city": "Lviv"}
    async with database.app(tenant.workspace_id) as tx:
        shown = await profiles.read_profile(tx, tenant.workspace_id, member, vault=tenant.vault)
    assert [one["value"] for one in shown.addresses] == ["new@example.com"]


async def test_an_email_of_another_is_refused_and_nothing_changes(write, update, find, ids):
    member = await write(plan="x")
    other = await write(BOB)
    with pytest.raises(errors.AlreadyThere):
        await update(member, email=BOB, traits={"plan": "y"})
    assert (await find(ANN)).traits == {"plan": "x"}
    assert (await find(BOB)).profile_id == other
    with pytest.raises(errors.NotFound):
        await update(ids.next(), traits={"plan": "y"})


async def test_the_old_email_is_free_for_somebody_else(write, update, find):
    member = await write()
    await update(member, email="new@example.com")
    assert await write(ANN, plan="another person's") != member
    assert (await find("new@example.com")).traits == {}


async def test_pages_hold_everybody_once_in_order(write, database, tenant):
    made = [await write(f"p{n}@example.com", status="UNSUBSCRIBED" if n % 2 else None) for n in range(5)]
    for newest_first in (False, True):
        seen, after = [], None
        async with database.app(tenant.workspace_id) as tx:
            while page := await profiles.list_profiles(
                tx, tenant.workspace_id, vault=tenant.vault, after=after, limit=2, newest_first=newest_first
            ):
                seen += [one.profile_id for one in page]
                after = seen[-1]
        assert seen == (made[::-1] if newest_first else made)
    async with database.app(tenant.workspace_id) as tx:
        assert await profiles.count_profiles(tx, tenant.workspace_id) == 5
        having = profiles.Having("status", "SUBSCRIBED", unset="SUBSCRIBED")
        assert await profiles.count_profiles(tx, tenant.workspace_id, having) == 3


async def test_a_deadlock_is_tried_again_three_times(database, tenant):
    tried = []

    async def work(tx):
        tried.append(1)
        if len(tried) <= failures:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return await tx.fetchval("SELECT 1")

    failures = 3
    assert await db.transact(database, tenant.workspace_id, work) == 1
    tried.clear()
    failures = 4
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await db.transact(database, tenant.workspace_id, work)
    assert len(tried) == 4


async def test_a_reading_sees_one_moment_whoever_writes_meanwhile(write, database, tenant):
    async def count_twice(tx):
        counted = await profiles.count_profiles(tx, tenant.workspace_id)
        await write("someone@example.com")
        return counted, await profiles.count_profiles(tx, tenant.workspace_id)

    assert await db.transact(database, tenant.workspace_id, count_twice, snapshot=True) == (0, 0)
    async with database.app(tenant.workspace_id) as tx:
        assert await profiles.count_profiles(tx, tenant.workspace_id) == 1


async def test_a_reading_that_must_write_what_another_has_written_is_tried_again(database, tenant):
    tried = []

    async def take_after(tx):
        await tx.fetchval("SELECT 1")  # the moment that all it sees is of
        tried.append(await db.transact(database, tenant.workspace_id, take))
        return await take(tx)

    async def take(tx):
        return (await accounts.take_numbers(tx, tenant.workspace_id, "thing", 1))[0]

    assert await db.transact(database, tenant.workspace_id, take_after, snapshot=True) == 3
    assert tried == [1, 2]  # each took the counter from the try around it; the second does without a moment


async def test_who_was_joined_or_erased_since_they_were_found_is_who_they_are_now(
    write, database, tenant, ids
):
    ann, bob = await write(ANN), await write(BOB)
    async with database.app(tenant.workspace_id) as tx:
        root = await profiles.merge(
            tx, tenant.workspace_id, ann, bob, vault=tenant.vault, ids=ids, now_us=database.now_us()
        )
        nobody = UUID(int=7)
        found = await _people(tx, tenant.workspace_id, [nobody, bob, ann], vault=tenant.vault)
        oldest = await profiles.oldest_of(tx, tenant.workspace_id, [ann, bob, nobody])
    assert [(one.profile_id, set(one.emails)) for one in found] == [(root, {ANN, BOB})]
    assert oldest == {ann: ann, bob: ann}


async def test_of_two_who_write_the_same_person_at_once_one_has_made_them(database, tenant, ids):
    async def write(tx):
        change = ProfileChange(identities=(email(ANN),))
        return await events.write_person(tx, tenant.workspace_id, change, vault=tenant.vault, ids=ids)

    async def other():
        async with database.app(tenant.workspace_id) as tx:
            assert await profiles.find_person(tx, tenant.workspace_id, email(ANN), vault=tenant.vault) is None
            return await write(tx)

    async with database.app(tenant.workspace_id) as tx:
        first = await write(tx)
        waiting = asyncio.create_task(other())
        await asyncio.sleep(0.2)  # it has found nobody, and waits for our row
    second = await waiting
    assert first.made and not second.made
    assert first.member == second.member


async def test_a_phone_only_reaches(update, write, database, tenant):
    member = await write()
    await update(member, reaches=(Reach("sms", "+380 44 123 45 67"),))
    async with database.app(tenant.workspace_id) as tx:
        shown = await profiles.read_profile(tx, tenant.workspace_id, member, vault=tenant.vault)
        assert await tx.fetchval(Q.find_root, tenant.workspace_id, member) is None
    assert {one["channel"] for one in shown.addresses} == {"email", "sms"}
