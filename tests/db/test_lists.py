"""Lists: made when missing, changed in sets, kept by member and read by person."""

import asyncio

import pytest

from clarion import accounts, db, errors, events, profiles
from clarion.model import Identity, IdentityKind, ProfileChange
from tests.db.support import email


def external(value):
    return Identity(IdentityKind.EXTERNAL_ID, "shop", value)


@pytest.fixture
def made(database, tenant, ids):
    """Writes profiles by their identities; returns the member's id."""

    async def do(*identities):
        async with database.app(tenant.workspace_id) as tx:
            written = await profiles.write(
                tx, tenant.workspace_id, ProfileChange(identities=identities),
                vault=tenant.vault, ids=ids, now_us=await events.begin_write(tx, tenant.workspace_id),
            )  # fmt: skip
            return written.member

    return do


@pytest.fixture
def named(database, tenant, ids):
    async def do(*names):
        async with database.app(tenant.workspace_id) as tx:
            return list((await profiles.lists_named(tx, tenant.workspace_id, names, ids=ids)).values())

    return do


@pytest.fixture
def change(database, tenant, ids):
    async def do(how, lists, people, now_us=None):
        async with database.app(tenant.workspace_id) as tx:
            return await how(
                tx,
                tenant.workspace_id,
                lists,
                people,
                ids=ids,
                now_us=now_us or await events.begin_write(tx, tenant.workspace_id),
            )

    return do


@pytest.fixture
def people(database, tenant):
    async def ask(list_id, **page):
        async with database.app(tenant.workspace_id) as tx:
            found = await profiles.list_people(tx, tenant.workspace_id, list_id, **({"limit": 100} | page))
            shown = await profiles.read_list(tx, tenant.workspace_id, list_id)
        if not page:
            assert shown.members == len(found)
        return [root for _, root in found]

    return ask


async def test_lists_are_made_when_missing_and_keep_their_numbers(database, tenant, named):
    vip, news = await named("VIP", "news")
    assert await named(" news ", "VIP") == [news, vip]
    with pytest.raises(errors.Invalid):
        await named("fine", " ")
    async with database.app(tenant.workspace_id) as tx:
        shown = await profiles.list_lists(tx, tenant.workspace_id)
        again = await profiles.list_lists(tx, tenant.workspace_id)
        numbers = {one.number: one.list_id for one in shown}
        assert await accounts.ids_of_numbers(
            tx, tenant.workspace_id, profiles.LIST, [*numbers, 0, -1, 99, 1 << 40]
        ) == numbers  # fmt: skip
    assert shown == again
    assert {one.name for one in shown} == {"VIP", "news"}


async def test_people_come_and_go_in_sets(made, named, change, people, ids):
    (vip, news) = await named("VIP", "news")
    ann, bob = await made(email("ann@example.com")), await made(email("bob@example.com"))
    nobody = ids.next()
    done = await change(profiles.attach, [vip, news], [ann, bob, nobody])
    assert (done.changed, done.unknown) == (4, (nobody,))
    assert (await change(profiles.attach, [vip], [ann])).changed == 0
    assert (await change(profiles.detach, [vip], [ann])).changed == 1
    assert (await people(vip), await people(news)) == ([bob], sorted([ann, bob]))
    with pytest.raises(errors.NotFound):
        await change(profiles.attach, [ids.next()], [ann])


async def test_pages_hold_everybody_once(made, named, change, people):
    (vip,) = await named("VIP")
    everybody = [await made(email(f"p{n}@example.com")) for n in range(5)]
    await change(profiles.attach, [vip], everybody)
    assert await people(vip, limit=2) + await people(vip, limit=9, skip=2) == everybody
    assert await people(vip, limit=9, after=everybody[2]) == everybody[3:]


async def test_a_call_never_loses_to_what_is_stored(made, named, change, people):
    (vip,) = await named("VIP")
    ann = await made(email())
    await change(profiles.attach, [vip], [ann], now_us=1 << 60)
    await change(profiles.detach, [vip], [ann])
    assert await people(vip) == []


async def test_a_membership_is_the_members_and_read_by_person(
    made, named, change, people, database, tenant, ids
):
    (vip, news) = await named("VIP", "news")
    by_email, by_id = await made(email()), await made(external("7"))
    await change(profiles.attach, [vip], [by_email])
    assert await made(external("7"), email()) == by_id
    assert await people(vip) == [by_id], "they are one person now, whose root is the external id's member"
    assert (await change(profiles.detach, [vip], [by_id])).changed == 1
    assert await people(vip) == []
    assert (await change(profiles.attach, [news], [by_id, by_email])).changed == 1, "one person"
    assert await people(news) == [by_id]
    async with database.app(tenant.workspace_id) as tx:
        on = await profiles.lists_of(tx, tenant.workspace_id, [by_email, by_id])
        assert on == {key: [(news, "news")] for key in (by_email, by_id)}
        await profiles.unmerge(
            tx, tenant.workspace_id, by_email, vault=tenant.vault, ids=ids, now_us=database.now_us()
        )
    assert await people(vip) == [by_email], "what it was on before they were one"
    assert await people(news) == sorted([by_id, by_email])


async def test_the_log_holds_what_changed_and_nothing_else(made, named, change, database, tenant):
    (vip,) = await named("VIP")
    ann = await made(email())
    for how in (profiles.detach, profiles.attach, profiles.attach, profiles.detach):
        await change(how, [vip], [ann])
    async with database.app(tenant.workspace_id) as tx:
        log = await profiles.history(tx, tenant.workspace_id, [ann], vault=tenant.vault, limit=10)
    assert [(one.what, one.value) for one in log] == [("list:VIP", None), ("list:VIP", True)]


async def test_the_erased_are_on_no_list_and_are_put_on_none(
    made, named, change, people, database, tenant, ids
):
    (vip,) = await named("VIP")
    ann, bob = await made(email()), await made(email("bob@example.com"))
    await change(profiles.attach, [vip], [ann, bob])
    async with database.owner() as tx:
        receipt = await events.erase_person(
            tx, tenant.workspace_id, ann, actor="test", vault=tenant.vault, ids=ids
        )
    assert receipt.lines["profiles"]["list memberships"] == 1
    assert (await change(profiles.attach, [vip], [ann])).unknown == (ann,)
    assert await people(vip) == [bob]


async def test_many_writers_of_one_list_end_with_everybody(made, named, database, tenant, ids, people):
    lists = await named("a", "b")
    everybody = [await made(email(f"p{n}@example.com")) for n in range(6)]

    async def put(n):
        async def work(tx):
            order = lists if n % 2 else lists[::-1]
            who = everybody if n % 3 else everybody[::-1]
            return await profiles.attach(
                tx,
                tenant.workspace_id,
                order,
                who,
                ids=ids,
                now_us=await events.begin_write(tx, tenant.workspace_id),
            )

        return await db.transact(database, tenant.workspace_id, work)

    done = await asyncio.gather(*(put(n) for n in range(12)))
    assert sum(one.changed for one in done) == 12
    assert await people(lists[0]) == await people(lists[1]) == everybody


async def test_traits_have_stable_numbers(database, tenant):
    async with database.app(tenant.workspace_id) as tx:
        for name in ("zeta", "alpha"):
            await profiles.define_trait(tx, tenant.workspace_id, name, profiles.Wish(type="text"))
        before = {one.name: one.number for one in await profiles.list_traits(tx, tenant.workspace_id)}
        await profiles.define_trait(tx, tenant.workspace_id, "beta", profiles.Wish(type="text"))
        after = {one.name: one.number for one in await profiles.list_traits(tx, tenant.workspace_id)}
    assert len(set(after.values())) == 3
    assert {name: after[name] for name in before} == before
