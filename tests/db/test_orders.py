"""Orders: made, changed or the same, each change told once; exact amounts; sealed buyers; many writers at once."""

import asyncio
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import structs

from clarion import db, errors, orders, profiles
from clarion.model import Identity, IdentityKind, Source, parse_id
from clarion.orders import Item, NewOrder, Outcome, Shop
from tests.db.support import ledger_total, mismatches, timeline, windowed

SHOP = Shop(Source.ESPUTNIK, "esputnik")
MADE_US = int(datetime(2017, 3, 8, 7, 30, tzinfo=UTC).timestamp()) * 1_000_000
CREATED, CHANGED, UNCHANGED = Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED
DEVICE = Item(
    external_item_id="200600", name="Super Device", category="devices", quantity=Decimal(1), cost=Decimal(990),
    url="http://example.com/item/200600", description="High quality",
)  # fmt: skip


def order(number="100500", **fields):
    fields = {
        "status": "INITIALIZED", "date_us": MADE_US, "total_cost": Decimal("1000.10"), "currency": "USD",
        "external_customer_id": "12345", "email": "ann@example.com", "phone": "447911123456", "first_name": "Ann",
        "delivery_address": "First str. 1", "shipping": Decimal(10), "items": (DEVICE,),
    } | fields  # fmt: skip
    return NewOrder(external_order_id=number, **fields)


@pytest.fixture
def upsert(database, tenant, ids):
    async def do(*told, shop=SHOP):
        async def work(tx):
            return await orders.upsert(tx, tenant.workspace_id, told, shop, vault=tenant.vault, ids=ids)

        return await db.transact(database, tenant.workspace_id, work)

    return do


@pytest.fixture
def stored(database, tenant):
    async def ask(**which):
        async with database.app(tenant.workspace_id) as tx:
            return await orders.list_orders(
                tx, tenant.workspace_id, orders.Which(**which), vault=tenant.vault, limit=10_000
            )

    return ask


@pytest.fixture
def who(database, tenant):
    async def ask(kind, value, namespace=""):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.find_by_identity(
                tx, tenant.workspace_id, Identity(kind, namespace, value), vault=tenant.vault
            )

    return ask


async def test_an_order_is_stored_whole_and_told_once(database, tenant, upsert, stored, process_all):
    told = order(
        additional_info={"gift": True}, status_description="paid", source="online", discount=Decimal(0)
    )
    assert await upsert(told) == [CREATED]
    assert await upsert(told) == [UNCHANGED]
    (one,) = await stored()
    assert one.order == told
    assert [reached.status for reached in one.statuses] == ["INITIALIZED"]
    await process_all(tenant)
    (event,) = await timeline(database, tenant)
    assert (event.id, event.name) == (f"evt_{one.statuses[0].event_id.hex}", "orderINITIALIZED")
    assert event.profile_id == f"prf_{one.profile_id.hex}"
    assert event.occurred_at.startswith("2017-03-08T07:30:00")
    assert event.properties == orders.properties_of(told)
    assert event.properties["items"][0] | {"cost": 990, "quantity": 1} == event.properties["items"][0]
    assert (event.properties["totalCost"], event.properties["date"]) == (1000.1, "2017-03-08T07:30:00+00:00")
    assert (await ledger_total(database, tenant.workspace_id)).stored == 1
    assert await mismatches(database, tenant.workspace_id) == []


async def test_each_change_is_told_and_each_status_is_kept(database, tenant, upsert, stored, process_all):
    await upsert(order())
    assert await upsert(order(status="IN_PROGRESS")) == [CHANGED]
    assert await upsert(order(status="IN_PROGRESS", total_cost=Decimal("900.5"))) == [CHANGED]
    assert await upsert(order(status="DELIVERED", total_cost=Decimal("900.50"))) == [CHANGED]
    (one,) = await stored()
    assert [reached.status for reached in one.statuses] == ["INITIALIZED", "IN_PROGRESS", "DELIVERED"]
    await process_all(tenant)
    told = sorted((event.received_at, event.name) for event in await timeline(database, tenant))
    assert [name for _, name in told] == [
        "orderINITIALIZED", "orderIN_PROGRESS", "orderIN_PROGRESS", "orderDELIVERED"
    ]  # fmt: skip


async def test_what_a_report_does_not_say_stays(upsert, stored):
    await upsert(order())
    brief = {"items": None, "first_name": None, "delivery_address": None, "shipping": None}
    assert await upsert(order(**brief)) == [UNCHANGED]
    assert await upsert(order(**brief, status="CANCELLED")) == [CHANGED]
    (one,) = await stored()
    assert one.order == order(status="CANCELLED")
    assert await upsert(order(items=())) == [CHANGED]
    assert (await stored())[0].order.items == ()


async def test_several_reports_of_one_order_count_in_their_order(
    database, tenant, upsert, stored, process_all
):
    told = [order(), order("2"), order(status="DELIVERED"), order("2"), order(status="DELIVERED")]
    assert await upsert(*told) == [CREATED, CREATED, CHANGED, UNCHANGED, UNCHANGED]
    assert {one.order.external_order_id: one.order.status for one in await stored()} == {
        "100500": "DELIVERED", "2": "INITIALIZED"
    }  # fmt: skip
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 3


@pytest.mark.parametrize("amount", ["0.1", "0.30", "1000", "123456789012.345", "-5.55", "1E+3"])
async def test_amounts_are_exact(upsert, stored, database, tenant, amount):
    told = order(total_cost=Decimal(amount), items=(structs.replace(DEVICE, cost=Decimal(amount)),))
    await upsert(told)
    (one,) = await stored()
    assert (one.order.total_cost, one.order.items[0].cost) == (Decimal(amount), Decimal(amount))
    assert await upsert(told) == [UNCHANGED]
    assert Decimal(str(orders.properties_of(told)["totalCost"])) == Decimal(amount)


async def test_the_customers_id_wins_and_finds_whom_the_email_found(
    database, tenant, upsert, stored, ingest, process_all, who
):
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed("1", traits={"plan": "gold"})])
    await process_all(tenant)
    await upsert(order())
    by_id = await who(IdentityKind.EXTERNAL_ID, "12345", "esputnik")
    assert by_id == await who(IdentityKind.EMAIL, "ann@example.com"), (
        "one person, before anything is processed"
    )
    assert by_id.traits == {"plan": "gold"}
    assert [one["value"] for one in by_id.addresses if one["channel"] == "sms"] == ["+447911123456"]
    await upsert(order("2", external_customer_id="777"))
    another = await who(IdentityKind.EXTERNAL_ID, "777", "esputnik")
    assert another.id != by_id.id, "an id of the same shop is another customer, whatever the e-mail"
    await process_all(tenant)
    assert (await who(IdentityKind.EMAIL, "ann@example.com")).traits["first_name"] == "Ann"
    ids_of = {one.order.external_order_id: one.profile_id for one in await stored()}
    members = [
        parse_id("prf", member) for member in (await who(IdentityKind.EMAIL, "ann@example.com")).members
    ]
    assert ids_of["100500"] in members
    assert ids_of["2"] not in members
    assert {one.order.external_order_id for one in await stored(profile_ids=members)} == {"100500"}


@pytest.mark.parametrize(
    ("lacks", "kind", "value"),
    [
        ({"external_customer_id": None}, IdentityKind.EMAIL, "ann@example.com"),
        ({"external_customer_id": None, "email": None}, IdentityKind.PHONE, "+447911123456"),
    ],
)
async def test_without_an_id_the_email_says_who_else_the_phone(upsert, who, lacks, kind, value):
    await upsert(order(**lacks))
    assert await who(kind, value) is not None


async def test_the_past_is_told_as_history(database, tenant, upsert, process_all):
    shop = Shop(Source.ESPUTNIK, "esputnik", history=True)
    await upsert(order(status="DELIVERED"), shop=shop)
    await upsert(order(status="CANCELLED"), shop=shop)
    await process_all(tenant)
    told = await timeline(database, tenant)
    assert [(event.history, event.occurred_at[:10]) for event in told] == [(True, "2017-03-08")] * 2


async def test_a_change_that_fails_later_in_its_transaction_leaves_neither_order_nor_event(
    database, tenant, ids, stored, process_all
):
    async def fails(tx):
        await orders.upsert(tx, tenant.workspace_id, [order()], SHOP, vault=tenant.vault, ids=ids)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.transact(database, tenant.workspace_id, fails)
    await process_all(tenant)
    assert await stored() == await timeline(database, tenant) == []


@pytest.mark.parametrize("count", [0, 1_001])
async def test_one_to_a_thousand_at_once(upsert, count):
    with pytest.raises(errors.Invalid):
        await upsert(*[order(str(n)) for n in range(count)])


async def test_a_flaw_refuses_all(upsert, stored):
    for told in ([order("1", status="LOST")], [order("1"), order("2", email="nobody")]):
        with pytest.raises(errors.Invalid):
            await upsert(*told)
    assert await stored() == []


async def test_a_thousand_at_once_become_a_thousand(database, tenant, upsert, stored, process_all):
    told = [
        order(str(n), external_customer_id=f"c{n % 300}", email=f"p{n % 300}@example.com")
        for n in range(1_000)
    ]
    assert set(await upsert(*told)) == {CREATED}
    assert set(await upsert(*told)) == {UNCHANGED}
    await process_all(tenant)
    assert len(await stored()) == len(await timeline(database, tenant)) == 1_000
    assert await mismatches(database, tenant.workspace_id) == []


async def test_many_writers_at_once_lose_and_double_nothing(database, tenant, upsert, stored, process_all):
    draw = random.Random(6)
    statuses = ["INITIALIZED", "IN_PROGRESS", "DELIVERED"]

    async def shop(writer):
        outcomes = []
        for status in statuses:
            told = [
                order(str(n), status=status, email=f"p{n % 7}@example.com", external_customer_id=None)
                for n in draw.sample(range(30), 30)
            ]
            outcomes += await upsert(*told)
        return outcomes

    working = asyncio.gather(*(shop(n) for n in range(6)))
    while not working.done():
        await process_all(tenant)
        await asyncio.sleep(0.01)
    outcomes = [one for some in await working for one in some]
    await process_all(tenant)
    assert outcomes.count(CREATED) == 30
    assert {one.order.status for one in await stored()} == {"DELIVERED"}
    told = await timeline(database, tenant)
    assert len(told) == outcomes.count(CREATED) + outcomes.count(CHANGED)
    assert await mismatches(database, tenant.workspace_id) == []


def plainly(number, **fields):
    """Of a customer with an e-mail alone: nothing but the order's own row is locked."""
    return order(number, external_customer_id=None, phone=None, **fields)


@pytest.fixture
def waiting(database, tenant, ids):
    """Has some reports wait for an order in the middle, at which another transaction stands; what became of them."""

    async def do(middle, *reports):
        async def write(told):
            async with database.app(tenant.workspace_id) as tx:
                return await orders.upsert(tx, tenant.workspace_id, told, SHOP, vault=tenant.vault, ids=ids)

        async with database.app(tenant.workspace_id) as tx:
            await orders.upsert(tx, tenant.workspace_id, [middle], SHOP, vault=tenant.vault, ids=ids)
            others = [asyncio.create_task(write(told)) for told in reports]
            done, _ = await asyncio.wait(others, timeout=0.5)
            assert not done, "they wait"
        return await asyncio.gather(*others)

    return do


async def test_two_changes_at_once_are_both_there(upsert, stored):
    """The control: without the lock one is made from what the other found, and takes its change back."""
    await upsert(plainly("1"))
    for n in range(20):
        one, other = {"delivery_method": f"by {n}"}, {"payment_method": f"in {n}"}
        done = await asyncio.gather(upsert(plainly("1", **one)), upsert(plainly("1", **other)))
        assert done == [[CHANGED], [CHANGED]]
        assert [found.order for found in await stored()] == [plainly("1", **one, **other)]


@pytest.mark.parametrize("are", ["new", "known"])
async def test_writers_that_name_orders_in_any_order_never_deadlock(upsert, stored, waiting, are):
    """Nobody tries again here. The control: taken in the order of the reports, or in any, they do."""
    await upsert(plainly("the customer"))
    numbers = list("abcdefghijklm")
    if are == "known":
        await upsert(*map(plainly, numbers))
    told = [plainly(number, delivery_method="post") for number in numbers]
    done = await waiting(told[6], told, told[::-1])
    assert [sum(outcomes.count(one) for outcomes in done) for one in (CREATED, CHANGED, UNCHANGED)] == (
        [12, 0, 14] if are == "new" else [0, 12, 14]
    )
    assert len(await stored()) == 14


async def test_an_order_that_is_deleted_while_it_is_reported_is_made_after_all(
    database, tenant, ids, upsert, stored, process_all
):
    """Found, and deleted before it is locked, while the report waits for another order of its own.

    The control: asked for once alone, it is answered as known and is nowhere.
    """
    told = [plainly("a"), plainly("b")]
    await upsert(plainly("the customer"), plainly("a"))

    async def write():
        async with database.app(tenant.workspace_id) as tx:
            return await orders.upsert(tx, tenant.workspace_id, told, SHOP, vault=tenant.vault, ids=ids)

    async with database.app(tenant.workspace_id) as tx:
        await orders.upsert(tx, tenant.workspace_id, [plainly("b")], SHOP, vault=tenant.vault, ids=ids)
        writing = asyncio.create_task(write())
        done, _ = await asyncio.wait([writing], timeout=0.5)
        assert not done, "it waits for b"
        async with database.app(tenant.workspace_id) as deleting:
            assert await orders.delete_order(deleting, tenant.workspace_id, "a") == 1
    assert await writing == [CREATED, UNCHANGED]
    found = await stored()
    assert {one.order.external_order_id for one in found} == {"the customer", "a", "b"}
    assert [one.status for one in found[0].statuses] == ["INITIALIZED"]
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 4
    assert await mismatches(database, tenant.workspace_id) == []
