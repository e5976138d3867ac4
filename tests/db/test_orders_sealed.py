"""Who bought is in no table in plain, and goes with an erasure; what and for how much stays."""

from decimal import Decimal

import pytest
from msgspec import structs

from clarion import events, jobs, orders, profiles
from clarion.app.handlers import handlers
from clarion.errors import NotFound
from clarion.model import IdentityKind, parse_id
from clarion.orders import NewOrder, Outcome
from clarion.orders.order import anonymous
from clarion.vault import Vault
from tests.db.support import mismatches, timeline
from tests.db.test_orders import DEVICE, MADE_US, order, stored, upsert, who

__all__ = ["stored", "upsert", "who"]  # fixtures
MARK = "zqxkanari"
BIRD = {
    "external_customer_id": f"{MARK}1", "email": f"{MARK}2@birds.example", "phone": "+4915177701003",
    "first_name": f"{MARK}4", "last_name": f"{MARK}5", "delivery_address": f"{MARK}6",
}  # fmt: skip
#: Sealed where orders are kept; on the timeline the closed list of names decides.
WORDS = {
    "status_description": f"{MARK}7", "restore_url": f"https://x.example/?m={MARK}8",
    "additional_info": {"gift": f"{MARK}9"},
}  # fmt: skip
#: What an order that is told of again has to say.
LEAST = {
    "external_order_id": "100500",
    "date_us": MADE_US,
    "total_cost": Decimal("1000.10"),
    "currency": "USD",
}
WORDLESS = dict.fromkeys(("name", "url", "image_url", "description"))
NEEDLES = (MARK.encode(), MARK.encode().hex().encode(), b"15177701003", b"15177701003".hex().encode())


async def plain_places(database, tenant):
    """Tables of this workspace in whose rows a canary can be read."""
    found = []
    async with database.owner() as tx:
        tables = await tx.fetch(
            "SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND a.attname = 'workspace_id'"
        )
        for table in tables:
            rows = await tx.fetch(
                f"SELECT t::text AS whole FROM {table['name']} t WHERE workspace_id = $1", tenant.workspace_id
            )
            if any(needle in row["whole"].encode() for row in rows for needle in NEEDLES):
                found.append(table["name"])
    return set(found)


async def test_who_bought_is_readable_in_no_table(database, tenant, upsert, stored, process_all):
    await upsert(order(**BIRD))
    await upsert(order(**BIRD, status="DELIVERED"))
    assert await plain_places(database, tenant) == set(), "while it waits"
    await process_all(tenant)
    assert await plain_places(database, tenant) == set(), "when it is processed"
    await upsert(order("2", **BIRD, **WORDS))
    assert "customer_order" not in await plain_places(database, tenant)
    assert (await stored())[0].order == order("2", **BIRD, **WORDS)


async def test_control_without_the_seal_it_is_found(database, tenant, upsert, process_all, monkeypatch):
    monkeypatch.setattr(Vault, "seal", lambda vault, plain, place: plain)
    await upsert(order(**BIRD))
    assert "customer_order" in await plain_places(database, tenant)


@pytest.fixture
def begin_erasing(database, tenant, ids):
    """Answered, and the rooms above are not done yet."""

    async def do(found):
        async with database.owner() as tx:
            receipt = await events.erase_person(
                tx, tenant.workspace_id, parse_id("prf", found.id), actor="test", vault=tenant.vault, ids=ids
            )
        assert not receipt.complete
        return receipt

    return do


@pytest.fixture
def erase(database, tenant, vaults, ids, begin_erasing):
    async def do(found):
        receipt = await begin_erasing(found)
        await jobs.Queue(database, handlers(vaults, ids), ids).work_off(tenant.workspace_id)
        async with database.app(tenant.workspace_id) as tx:
            (receipt,) = await profiles.list_erasures(tx, tenant.workspace_id, receipt.erasure_id)
        return receipt

    return do


async def test_an_erasure_takes_who_bought_and_leaves_what_was_paid(
    database, tenant, upsert, stored, who, process_all, erase
):
    engraved = structs.replace(DEVICE, name="For Ann", cost=Decimal("123456789012.345"))
    told = order(**BIRD, **WORDS, delivery_method="to Ann", items=(engraved,))
    bobs = order("2", email="bob@example.com", external_customer_id="bob")
    await upsert(told, bobs)
    await process_all(tenant)
    receipt = await erase(await who(IdentityKind.EMAIL, BIRD["email"]))
    assert receipt.complete
    assert receipt.lines["orders"] == {"orders made anonymous": 1}
    by_number = {one.order.external_order_id: one for one in await stored()}
    assert by_number["2"].order == bobs
    assert not by_number["2"].erased
    left = by_number["100500"]
    assert left.erased
    assert [one.status for one in left.statuses] == ["INITIALIZED"]
    kept = {name for name, value in structs.asdict(left.order).items() if value is not None}
    assert kept == {
        "external_order_id", "status", "date_us", "total_cost", "currency", "shipping", "items"
    }  # fmt: skip
    (item,) = left.order.items
    assert (item.external_item_id, item.cost, item.name, item.url) == ("200600", engraved.cost, None, None)
    assert await plain_places(database, tenant) == set()
    assert len(await timeline(database, tenant)) == 2
    assert await mismatches(database, tenant.workspace_id) == []


async def test_an_order_that_is_reported_after_the_erasure_is_news_of_a_new_person(
    database, tenant, upsert, stored, who, process_all, erase
):
    await upsert(order(**BIRD))
    await process_all(tenant)
    before = await who(IdentityKind.EMAIL, BIRD["email"])
    await erase(before)
    assert await upsert(order(**BIRD)) == [Outcome.CHANGED]
    await process_all(tenant)
    after = await who(IdentityKind.EMAIL, BIRD["email"])
    assert after.id != before.id
    (one,) = await stored()
    assert (one.erased, one.profile_id) == (False, parse_id("prf", after.members[0]))
    assert await mismatches(database, tenant.workspace_id) == []


@pytest.mark.parametrize("report", ["the same", "of the same buyer", "of another buyer"])
async def test_an_order_that_is_reported_while_its_erasure_waits_keeps_nothing_of_who_bought(
    database, tenant, vaults, ids, upsert, stored, who, process_all, begin_erasing, report
):
    """The control: merged with what is still sealed, the report takes it to a member whom the job does not know."""
    engraved = structs.replace(DEVICE, name=f"{MARK} For Ann")
    bought = order(**BIRD, **WORDS, delivery_method="to Ann", items=(engraved,))
    await upsert(bought)
    await process_all(tenant)
    receipt = await begin_erasing(await who(IdentityKind.EMAIL, BIRD["email"]))
    told = {
        "the same": bought,
        "of the same buyer": NewOrder(**LEAST, status="CANCELLED", email=BIRD["email"]),
        "of another buyer": NewOrder(**LEAST, status="CANCELLED", email="bob@example.com"),
    }[report]
    assert await upsert(told) == [Outcome.CHANGED]
    await jobs.Queue(database, handlers(vaults, ids), ids).work_off(tenant.workspace_id)
    await process_all(tenant)
    (one,) = await stored()
    told_before = {"shipping": bought.shipping, "items": (structs.replace(bought.items[0], **WORDLESS),)}
    left = told if report == "the same" else structs.replace(told, **told_before)
    assert one.order == left
    (newest, *_) = await timeline(database, tenant)
    assert newest.properties == orders.properties_of(left)
    async with database.app(tenant.workspace_id) as tx:
        (receipt,) = await profiles.list_erasures(tx, tenant.workspace_id, receipt.erasure_id)
    assert receipt.complete


async def test_what_a_job_leaves_of_an_order_is_what_a_report_meanwhile_builds_on(
    upsert, stored, who, process_all, erase, tenant
):
    told = order(**BIRD, **WORDS, delivery_method="to Ann", discount=Decimal("1.5"), taxes=Decimal(2))
    await upsert(told)
    await process_all(tenant)
    await erase(await who(IdentityKind.EMAIL, BIRD["email"]))
    assert (await stored())[0].order == anonymous(told)


async def test_what_waits_of_an_erased_person_brings_nobody_back(
    database, tenant, upsert, who, process_all, erase
):
    """The event is still in the journal; the order already stands, and is made anonymous."""
    await upsert(order(**BIRD))
    await erase(await who(IdentityKind.EMAIL, BIRD["email"]))
    await process_all(tenant)
    assert await who(IdentityKind.EMAIL, BIRD["email"]) is None
    assert await who(IdentityKind.EXTERNAL_ID, BIRD["external_customer_id"], "esputnik") is None
    assert await plain_places(database, tenant) == set()
    assert await mismatches(database, tenant.workspace_id) == []


async def test_an_order_of_another_workspace_is_nowhere(database, tenant, new_tenant, upsert, stored):
    await upsert(order())
    (one,) = await stored()
    other = await new_tenant()
    async with database.app(other.workspace_id) as tx:
        with pytest.raises(NotFound):
            await orders.read_order(tx, other.workspace_id, one.order_id, vault=other.vault)
        which = orders.Which()
        assert await orders.list_orders(tx, other.workspace_id, which, vault=other.vault, limit=5) == []
