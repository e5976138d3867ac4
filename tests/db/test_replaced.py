"""A replaced e-mail: what was accepted under it before is still its person's, what comes after is somebody else's."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion import events, profiles
from clarion.app.handlers import handlers
from clarion.jobs import Queue
from clarion.model import Identity, IdentityKind, Source
from tests.db.support import email, ledger_total, mismatches, timeline, windowed
from tests.db.test_people import ITEM, entries_of, found, picture, profiles_id, settled, shown, who

S = Source.SMASHSEND
OLD, NEW = "ann@example.com", "new@example.com"


@pytest.fixture
def replace(database, tenant, ids):
    async def do(person: str = OLD, by: str = NEW, *, within: Any = None) -> str:
        """The e-mail by which a person is found; returns the member."""
        own = within or tenant
        held = await found(database, own, email(person))
        async with database.app(own.workspace_id) as tx:
            await events.update_person(
                tx,
                own.workspace_id,
                profiles_id(held.id),
                profiles.Update(email=by),
                vault=own.vault,
                ids=ids,
            )
        return held.id

    return do


@pytest.fixture
def erase(database, tenant, vaults, ids):
    async def do(person: str) -> None:
        held = await found(database, tenant, email(person))
        async with database.owner() as tx:
            await events.erase_person(
                tx, tenant.workspace_id, profiles_id(held.id), actor="test", vault=tenant.vault, ids=ids
            )
        await Queue(database, handlers(vaults, ids), ids).work_off(tenant.workspace_id)

    return do


async def count_profiles(database, tenant):
    async with database.app(tenant.workspace_id) as tx:
        return await profiles.count_profiles(tx, tenant.workspace_id)


async def whose(database, tenant) -> dict[str, str]:
    return {one.name: one.profile_id for one in await timeline(database, tenant)}


@pytest.mark.parametrize("with_tenures", [True, False], ids=["as it is", "control"])
async def test_what_was_accepted_before_goes_to_the_member_that_had_it(
    database, tenant, ingest, process_all, replace, with_tenures
):
    """The worker is stopped meanwhile. Without what is kept of the old e-mail it makes a new person."""
    await ingest.offer(tenant.credential, S, [windowed("1", name="first")])
    await process_all(tenant)
    await ingest.offer(tenant.credential, S, [windowed("2", name="before", traits={"plan": "pro"})])
    member = await replace()
    await ingest.offer(tenant.credential, S, [windowed("3", name="after")])
    if not with_tenures:
        async with database.owner() as tx:
            await tx.execute("DELETE FROM identity_moved WHERE workspace_id = $1", tenant.workspace_id)
    await process_all(tenant)
    held = await whose(database, tenant)
    assert held["first"] == member
    assert held["after"] != member
    assert (held["before"] == member) is with_tenures
    if with_tenures:
        assert (await found(database, tenant, email(NEW))).traits == {"plan": "pro"}
        assert await count_profiles(database, tenant) == 2
    else:
        assert held["before"] == held["after"]


@pytest.mark.parametrize("raised", [True, False], ids=["as it is", "control"])
async def test_a_worker_forgets_whom_the_old_one_found(
    database, tenant, ingest, process_all, replace, raised
):
    """It knows her already. Where the epoch is not raised it writes what comes afterwards for her."""
    await ingest.offer(tenant.credential, S, [windowed("1", name="first")])
    await process_all(tenant)
    member = await replace()
    if not raised:
        async with database.owner() as tx:
            await tx.execute("UPDATE lane SET epoch = 0 WHERE workspace_id = $1", tenant.workspace_id)
    await ingest.offer(tenant.credential, S, [windowed("2", name="after")])
    await process_all(tenant)
    assert ((await whose(database, tenant))["after"] == member) is not raised


async def test_what_waits_belongs_to_whom_it_did_though_the_old_one_has_a_new_owner(
    database, tenant, ingest, ids, process_all, replace
):
    """The newer item is processed first; then each e-mail is replaced again and again, and one comes back."""
    await ingest.offer(tenant.credential, S, [windowed("1", name="first")])
    await process_all(tenant)
    times = [database.now_us()]
    one = await replace()
    await ingest.offer(tenant.credential, S, [windowed("2", name="second")])
    await process_all(tenant)
    times.append(database.now_us())
    other = await replace(OLD, "other@example.com")
    assert await replace(NEW, OLD) == one, "it is free and comes back"
    times.append(database.now_us())
    await replace(OLD, "last@example.com")
    for number, stamp_us in reversed(list(enumerate(times))):
        (entry,) = entries_of([((email(OLD),), {"n": number}, False)], ids, stamp_us)
        await settled(database, tenant, ids, [entry], 1)
    assert (await found(database, tenant, email("last@example.com"))).id == one
    assert (await found(database, tenant, email("last@example.com"))).traits == {"n": 2}
    assert (await found(database, tenant, email("other@example.com"))).id == other
    assert (await found(database, tenant, email("other@example.com"))).traits == {"n": 1}
    assert await count_profiles(database, tenant) == 2


async def test_an_update_with_the_same_email_leaves_the_lanes_alone(
    database, tenant, ingest, process_all, replace
):
    await ingest.offer(tenant.credential, S, [windowed("1")])
    await process_all(tenant)
    await replace(OLD, OLD)
    async with database.owner() as tx:
        assert await tx.fetchval("SELECT epoch FROM lane WHERE workspace_id = $1", tenant.workspace_id) == 0


async def test_an_erasure_reaches_what_was_accepted_under_a_replaced_email(
    database, tenant, ingest, process_all, replace, erase
):
    """And nothing of whoever has that e-mail now, or had it in between."""
    await ingest.offer(tenant.credential, S, [windowed("1", name="first", traits={"plan": "hers"})])
    await process_all(tenant)
    await ingest.offer(tenant.credential, S, [windowed("2", name="before", traits={"city": "Lviv"})])
    await replace()
    await ingest.offer(tenant.credential, S, [windowed("3", name="after", traits={"plan": "his"})])
    await erase(NEW)
    async with database.owner() as tx:
        moved = await tx.fetchval(
            "SELECT count(*) FROM identity_moved WHERE workspace_id = $1", tenant.workspace_id
        )
    assert moved == 0
    await process_all(tenant)
    assert "before" not in await whose(database, tenant)
    assert (await found(database, tenant, email(OLD))).traits == {"plan": "his"}
    assert (await ledger_total(database, tenant.workspace_id)).erased == 1
    assert await mismatches(database, tenant.workspace_id) == []


@pytest.mark.parametrize("kept", [0, 1])
async def test_of_two_owners_one_after_the_other_only_the_erased_ones_items_go(
    database, tenant, ids, replace, erase, kept
):
    (first,) = entries_of([((email(OLD),), {"n": 0}, False)], ids, database.now_us())
    await settled(database, tenant, ids, [first], 1)
    await replace(OLD, "n0@example.com")
    (second,) = entries_of([((email(OLD),), {"n": 1}, False)], ids, database.now_us())
    await settled(database, tenant, ids, [second], 1)
    await replace(OLD, "n1@example.com")
    await erase(f"n{1 - kept}@example.com")
    for stamp_us in (first.stamp_us, second.stamp_us):
        (late,) = entries_of([((email(OLD),), {"late": stamp_us}, False)], ids, stamp_us)
        await settled(database, tenant, ids, [late], 1)
    own = (first, second)[kept].stamp_us
    assert (await found(database, tenant, email(f"n{kept}@example.com"))).traits == {"n": kept, "late": own}
    assert await found(database, tenant, email(OLD)) is None
    assert await count_profiles(database, tenant) == 1


async def unmerge(database, tenant, ids, member: str) -> None:
    async with database.app(tenant.workspace_id) as tx:
        await profiles.unmerge(
            tx,
            tenant.workspace_id,
            profiles_id(member),
            vault=tenant.vault,
            ids=ids,
            now_us=database.now_us(),
        )


async def tell(database, tenant, ids, *identities: Identity, **traits: Any) -> None:
    await settled(database, tenant, ids, entries_of([(identities, traits, False)], ids, database.now_us()), 1)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_unmerge_holds_whether_the_email_was_replaced_before_or_after_it(
    database, tenant, ids, replace, when
):
    shop = who(IdentityKind.EXTERNAL_ID, "c0")
    await tell(database, tenant, ids, email(OLD), plan="by mail")
    await tell(database, tenant, ids, shop, email(OLD), visits="a")
    whole = await found(database, tenant, shop)
    (member,) = set(whole.members) - {whole.id}
    if when == "before":
        await replace()
        await unmerge(database, tenant, ids, member)
    else:
        await unmerge(database, tenant, ids, member)
        await replace()
    assert (await found(database, tenant, email(NEW))).id == member
    await tell(database, tenant, ids, shop, email(NEW))
    by_mail, by_shop = await found(database, tenant, email(NEW)), await found(database, tenant, shop)
    assert (by_mail.id, by_mail.traits) == (member, {"plan": "by mail"}), "the cut holds"
    assert by_shop.traits == {"visits": "a"}
    await tell(database, tenant, ids, shop, email(OLD))
    assert (await found(database, tenant, email(OLD))).id == by_shop.id, (
        "the old one is free: no cut is about it"
    )


async def test_an_email_that_the_person_has_already_takes_the_first_place(database, tenant, ids, replace):
    """Whoever the old one led to stays a member, whatever comes to join them."""
    await tell(database, tenant, ids, email(OLD), plan="old")
    await tell(database, tenant, ids, email(NEW), city="Lviv")
    one = await found(database, tenant, email(OLD))
    other = await found(database, tenant, email(NEW))
    async with database.app(tenant.workspace_id) as tx:
        await profiles.merge(
            tx, tenant.workspace_id, profiles_id(one.id), profiles_id(other.id),
            vault=tenant.vault, ids=ids, now_us=database.now_us(),
        )  # fmt: skip
    await replace()
    assert await found(database, tenant, email(OLD)) is None
    shop = who(IdentityKind.EXTERNAL_ID, "c0")
    await tell(database, tenant, ids, shop, email(NEW), visits="a")
    whole = await found(database, tenant, shop)
    assert {one.id, other.id} < set(whole.members)
    assert whole.traits == {"plan": "old", "city": "Lviv", "visits": "a"}
    assert [held["value"] for held in whole.identities] == ["c0", NEW]
    async with database.app(tenant.workspace_id) as tx:
        person = await profiles.read_person(
            tx, tenant.workspace_id, profiles_id(whole.id), vault=tenant.vault
        )
    assert person.emails == (NEW,)


async def test_a_first_email_joins_what_finds_the_person(database, tenant, ids):
    shop, device = who(IdentityKind.EXTERNAL_ID, "c0"), who(IdentityKind.ANONYMOUS_ID, "d0")
    await tell(database, tenant, ids, device, plan="pro")
    held = await found(database, tenant, device)
    async with database.app(tenant.workspace_id) as tx:
        await events.update_person(
            tx, tenant.workspace_id, profiles_id(held.id), profiles.Update(email=NEW),
            vault=tenant.vault, ids=ids,
        )  # fmt: skip
    assert (await found(database, tenant, email(NEW))).id == held.id
    await tell(database, tenant, ids, email(NEW), city="Lviv")
    await tell(database, tenant, ids, shop, device)
    assert (await found(database, tenant, email(NEW))).id == (await found(database, tenant, shop)).id
    assert (await found(database, tenant, shop)).traits == {"plan": "pro", "city": "Lviv"}


def without_place(people: dict[Identity, Any], mail: str) -> dict[Identity, Any]:
    """A replaced address that another person claims may stay with them or go with it: whose it is was in dispute."""
    return {
        identity: one and (one[0], [place for place in one[1] if place != ("email", mail)], *one[2:])
        for identity, one in people.items()
    }


@pytest.mark.timeout(300)
async def test_any_order_around_a_replacement_gives_the_same_people(database, ids, new_tenant, replace):
    """Made-up histories in which p0's e-mail, the oldest, is replaced in the middle: the items accepted before that
    are processed before it or after it, with those accepted later or not, one by one or not."""
    examples: list[Any] = []

    @given(st.lists(ITEM, min_size=3, max_size=10), st.integers(1, 9))
    @settings(max_examples=25, deadline=None, database=None, derandomize=True)
    def collect(items: list[Any], middle: int) -> None:
        examples.append((items, min(middle, len(items))))

    collect()
    mail = who(IdentityKind.EMAIL, "p0@example.com")
    replaced = who(IdentityKind.EMAIL, NEW)
    for number, (items, middle) in enumerate(examples):
        start_us = database.now_us()
        (first,) = entries_of([([mail], {}, False)], ids, start_us - 10)
        early = entries_of(items[:middle], ids, start_us)
        late = entries_of(items[middle:], ids, start_us + 60_000_000)
        pictures = []
        for share in (0.0, 1.0, 0.5):
            own = await new_tenant()
            mix = random.Random(number)
            waiting = [entry for entry in early if mix.random() < share]
            await settled(database, own, ids, [first], 1)
            await settled(database, own, ids, [entry for entry in early if entry not in waiting], 1)
            await replace(mail.value, NEW, within=own)
            rest = waiting + late
            mix.shuffle(rest)
            await settled(database, own, ids, rest, 3)
            held = shown(await found(database, own, replaced))
            pictures.append(without_place(await picture(database, own) | {replaced: held}, mail.value))
        assert pictures[0] == pictures[1], f"history {number}"
        assert pictures[0] == pictures[2], f"history {number}"
