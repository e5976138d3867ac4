"""Merging: any order in which the same accepted items are processed gives the same people."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion import errors, model, profiles
from clarion.events import Bench, process
from clarion.events.draft import Draft
from clarion.events.journal import Entry
from clarion.events.ledger import Tally
from clarion.model import Event, Identity, IdentityKind, Reach
from clarion.profiles import FoundProfile

EXTERNAL, EMAIL, PHONE, DEVICE = IdentityKind


def who(kind: IdentityKind, value: str, namespace: str = "") -> Identity:
    return Identity(kind, namespace or ("shop" if kind is EXTERNAL else ""), value)


IDENTITIES = [
    *(who(EXTERNAL, f"c{n}") for n in range(4)),
    who(EXTERNAL, "c0", "club"),
    *(who(EMAIL, f"p{n}@example.com") for n in range(4)),
    *(who(PHONE, f"+3805012345{n}1") for n in range(3)),
    *(who(DEVICE, f"d{n}") for n in range(3)),
]
ITEM = st.tuples(
    st.lists(
        st.sampled_from(IDENTITIES), min_size=1, max_size=3, unique_by=lambda one: (one.kind, one.namespace)
    ),
    st.dictionaries(
        st.sampled_from(["plan", "firstName", "visits"]), st.sampled_from(["a", "b", None]), max_size=2
    ),
    st.booleans(),
)


def entries_of(items: Sequence[Any], ids: Any, now_us: int) -> list[Entry]:
    found = []
    for place, (identities, traits, history) in enumerate(items):
        event = Event(
            name="seen", occurred_at_us=now_us, identities=tuple(identities), traits=traits, history=history,
            reaches=(Reach("sms", "+380501112233"),),
        )  # fmt: skip
        found.append(
            Entry(
                item_id=ids.next(),
                inbound=event,
                stamp_us=now_us + place // 2,
                minute_us=0,
                source=1,
                ordinal=place,
            )
        )
    return found


async def settled(database: Any, tenant: Any, ids: Any, entries: Sequence[Entry], chunk: int) -> None:
    bench = Bench(tenant.workspace_id, tenant.vault, ids)
    for start in range(0, len(entries), chunk):
        async with database.owner() as tx:
            await process.settle(tx, bench, Draft.of(entries[start : start + chunk], tenant.vault), Tally())


async def found(database: Any, tenant: Any, identity: Identity) -> FoundProfile | None:
    async with database.app(tenant.workspace_id) as tx:
        return await profiles.find_by_identity(tx, tenant.workspace_id, identity, vault=tenant.vault)


async def picture(database: Any, tenant: Any) -> dict[Any, Any]:
    """Whom each identity finds, without our ids."""
    return {identity: shown(await found(database, tenant, identity)) for identity in IDENTITIES}


def shown(person: FoundProfile | None) -> Any:
    """A person without our ids."""
    return person and (
        sorted((one["kind"], one["namespace"], one["value"]) for one in person.identities),
        sorted((one["channel"], one["value"]) for one in person.addresses),
        person.traits,
        len(person.members),
    )


@pytest.fixture
def run(database, ids, new_tenant):
    async def go(items: Sequence[Any], orders: Sequence[tuple[int, int]]) -> None:
        now_us = database.now_us()
        entries = entries_of(items, ids, now_us)
        first = None
        for seed, chunk in orders:
            tenant = await new_tenant()
            shuffled = list(entries)
            if seed:
                random.Random(seed).shuffle(shuffled)
            await settled(database, tenant, ids, shuffled, chunk)
            seen = await picture(database, tenant)
            first = first or seen
            assert seen == first

    return go


@pytest.mark.timeout(300)
async def test_any_order_of_processing_gives_the_same_people(run):
    """Forty made-up histories, each settled in order, shuffled, one by one and in chunks."""
    examples: list[Any] = []

    @given(st.lists(ITEM, min_size=2, max_size=12))
    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    def collect(items: list[Any]) -> None:
        examples.append(items)

    collect()
    for number, items in enumerate(examples):
        await run(items, [(0, 100), (number + 1, 1), (number + 100, 3)])


async def test_a_contested_email_stays_the_first_ones_whatever_comes_first(run):
    mail = who(EMAIL, "p0@example.com")
    items = [([who(EXTERNAL, f"c{n}"), mail], {"plan": "a" if n else "b"}, False) for n in range(3)]
    await run(items, [(0, 10), (3, 1), (4, 1), (5, 1)])


@pytest.fixture
def tell(database, ids, tenant):
    async def told(*identities: Identity, **traits: Any) -> None:
        entries = entries_of([(identities, traits, False)], ids, database.now_us())
        await settled(database, tenant, ids, entries, 1)

    return told


async def test_an_unmerge_gives_back_what_was_and_what_came_since(database, tenant, ids, tell):
    shop, mail = who(EXTERNAL, "c0"), who(EMAIL, "p0@example.com")
    await tell(mail, plan="old")
    await tell(shop, mail, plan="new")
    one = await found(database, tenant, mail)
    assert one.id == (await found(database, tenant, shop)).id
    assert one.traits["plan"] == "new"
    await tell(mail, visits="b")
    member = next(member for member in one.members if member != one.id)
    async with database.app(tenant.workspace_id) as tx:
        await profiles.unmerge(
            tx,
            tenant.workspace_id,
            profiles_id(member),
            vault=tenant.vault,
            ids=ids,
            now_us=database.now_us(),
        )
    by_mail, by_shop = await found(database, tenant, mail), await found(database, tenant, shop)
    assert (by_mail.id, by_mail.traits) == (member, {"plan": "old", "visits": "b"})
    assert by_shop.traits == {"plan": "new"}
    await tell(shop, mail, plan="newest")
    assert (await found(database, tenant, mail)).id == member, "links never join them again"
    async with database.app(tenant.workspace_id) as tx:
        await profiles.merge(
            tx, tenant.workspace_id, profiles_id(member), profiles_id(by_shop.id),
            vault=tenant.vault, ids=ids, now_us=database.now_us(),
        )  # fmt: skip
    assert (await found(database, tenant, mail)).traits == {"plan": "newest", "visits": "b"}


async def test_equal_ids_of_two_namespaces_are_two_people(database, tenant, tell):
    await tell(who(EXTERNAL, "c0"))
    await tell(who(EXTERNAL, "c0", "club"))
    one, other = who(EXTERNAL, "c0"), who(EXTERNAL, "c0", "club")
    assert (await found(database, tenant, one)).id != (await found(database, tenant, other)).id


async def test_who_is_one_person_already_is_not_merged(database, tenant, ids, tell):
    await tell(who(EXTERNAL, "c0"))
    one = profiles_id((await found(database, tenant, who(EXTERNAL, "c0"))).id)
    async with database.app(tenant.workspace_id) as tx:
        with pytest.raises(errors.Invalid):
            await profiles.merge(tx, tenant.workspace_id, one, one, vault=tenant.vault, ids=ids, now_us=1)
        with pytest.raises(errors.Invalid):
            await profiles.unmerge(tx, tenant.workspace_id, one, vault=tenant.vault, ids=ids, now_us=1)


def profiles_id(shown: str) -> Any:
    return model.parse_id("prf", shown)
