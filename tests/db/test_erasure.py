"""Erasing a person: nothing of them is left, the counts stay, and nothing that waits brings them back."""

import pytest

from clarion import events, profiles
from clarion.app.handlers import handlers
from clarion.errors import NotFound
from clarion.events.process import Bench
from clarion.jobs import Job, Queue
from clarion.model import Event, Identity, IdentityKind, Source, parse_id
from tests.db.support import email, event, ledger_total, mismatches, timeline, windowed
from tests.db.test_lanes import plant

S = Source.SMASHSEND
PERSONAL = ("identity", "address", "identity_link", "trait_blind", "profile_change")


async def find(database, tenant, who="ann@example.com"):
    async with database.app(tenant.workspace_id) as tx:
        return await profiles.find_by_identity(tx, tenant.workspace_id, email(who), vault=tenant.vault)


@pytest.fixture
def erase(database, tenant, vaults, ids):
    async def do(found, *, jobs_too=True):
        async with database.owner() as tx:
            receipt = await events.erase_person(
                tx, tenant.workspace_id, _uuid(found.id), actor="test", vault=tenant.vault, ids=ids
            )
        if jobs_too:
            await Queue(database, handlers(vaults, ids), ids).work_off(tenant.workspace_id)
        async with database.app(tenant.workspace_id) as tx:
            (receipt,) = await profiles.list_erasures(tx, tenant.workspace_id, receipt.erasure_id)
        return receipt

    return do


def _uuid(shown):
    return parse_id("prf", shown)


async def counted(database, tenant, table):
    async with database.owner() as tx:
        return await tx.fetchval(f"SELECT count(*) FROM {table} WHERE workspace_id = $1", tenant.workspace_id)


RICH = {"traits": {"firstName": "Ann", "plan": "pro"}, "session": "s-1", "context": {"ip": "192.0.2.1"}}


async def test_nothing_of_the_person_is_left_and_the_counts_stay(
    database, tenant, ingest, process_all, erase
):
    told = {"total": 12.5, "paid": True, "note": "for Ann", "tags": ["a"], "cart": {"items": 3, "who": "Ann"}}
    await ingest.offer(tenant.credential, S, [windowed("1", properties=told | {"email": "a@b.c"}, **RICH)])
    await ingest.offer(tenant.credential, S, [windowed("2", who="bob@example.com", traits={"plan": "free"})])
    await process_all(tenant)
    receipt = await erase(await find(database, tenant))
    assert receipt.complete
    assert receipt.lines["profiles"]["identities"] == 1
    assert receipt.lines["events"]["events made anonymous"] == 1
    assert await find(database, tenant) is None
    assert await find(database, tenant, "bob@example.com") is not None
    for table in PERSONAL:
        assert await counted(database, tenant, table) <= 1, f"Bob's alone in {table}"
    (anns,) = [
        one for one in await timeline(database, tenant) if one.profile_id.endswith(receipt.profile_id.hex)
    ]
    assert anns.properties == {"total": 12.5, "paid": True, "cart": {"items": 3}}
    assert (anns.session, anns.context) == (None, {})
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.stored, total.erased) == (2, 0)
    assert await mismatches(database, tenant.workspace_id) == []


@pytest.mark.parametrize("with_tombstones", [True, False], ids=["erased", "control"])
async def test_what_lies_in_the_journal_does_not_bring_them_back(
    database, tenant, ingest, process_all, erase, with_tombstones
):
    """The worker remembers her; without the tombstones she is back."""
    await ingest.offer(tenant.credential, S, [windowed("1", **RICH)])
    await process_all(tenant)
    ann = await find(database, tenant)
    await ingest.offer(tenant.credential, S, [windowed("2"), windowed("3", who="bob@example.com")])
    await erase(ann)
    if not with_tombstones:
        async with database.owner() as tx:
            await tx.execute("DELETE FROM tombstone WHERE workspace_id = $1", tenant.workspace_id)
    await process_all(tenant)
    assert await find(database, tenant, "bob@example.com") is not None
    assert await mismatches(database, tenant.workspace_id) == []
    total = await ledger_total(database, tenant.workspace_id)
    if with_tombstones:
        assert await find(database, tenant) is None
        assert (total.accepted, total.stored, total.erased) == (3, 3, 1)
    else:
        assert await find(database, tenant) is not None
        assert total.erased == 0


async def test_a_worker_forgets_exactly_whom_it_knew(database, tenant, ingest, process_all, erase):
    """What comes afterwards makes a new person: the memory of the old member would write for the tombstone."""
    await ingest.offer(tenant.credential, S, [windowed("1")])
    await process_all(tenant)
    ann = await find(database, tenant)
    await erase(ann)
    await ingest.offer(tenant.credential, S, [windowed("2", traits={"plan": "new"})])
    await process_all(tenant)
    again = await find(database, tenant)
    assert again is not None
    assert again.id != ann.id
    assert again.traits == {"plan": "new"}


@pytest.mark.parametrize("jobs_too", [True, False], ids=["after the job", "before it"])
async def test_what_stands_in_quarantine_does_not_bring_them_back(
    database, tenant, ingest, ids, process_all, erase, jobs_too
):
    await ingest.offer(tenant.credential, S, [windowed("1")])
    await plant(database, tenant, ids, [event("bad", properties={"x": "\x00"})])
    await plant(database, tenant, ids, [event("bad", who="bob@example.com", properties={"x": "\x00"})])
    await process_all(tenant)
    receipt = await erase(await find(database, tenant), jobs_too=jobs_too)
    assert receipt.complete is jobs_too
    async with database.app(tenant.workspace_id) as tx:
        waiting = await events.list_quarantine(tx, tenant.workspace_id, limit=10)
    assert len(waiting) == (1 if jobs_too else 2), "Bob's stays"
    bench = Bench(tenant.workspace_id, tenant.vault, ids)
    for item in waiting:
        async with database.owner() as tx:
            await events.retry_quarantined(tx, bench, item.quarantine_id)
    assert await find(database, tenant) is None
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.erased, total.quarantined) == (3, 1, 1)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_a_late_repeat_is_a_duplicate_and_brings_nobody_back(
    database, tenant, ingest, process_all, erase
):
    await ingest.offer(tenant.credential, S, [windowed("1")])
    await process_all(tenant)
    await erase(await find(database, tenant))
    await ingest.offer(tenant.credential, S, [windowed("1")])
    await process_all(tenant)
    assert await find(database, tenant) is None


async def test_somebody_elses_item_that_mentions_the_address_is_not_lost(
    database, tenant, ingest, ids, process_all, erase
):
    await ingest.offer(tenant.credential, S, [windowed("1")])
    await process_all(tenant)
    ann = await find(database, tenant)
    other = Identity(IdentityKind.EXTERNAL_ID, "shop", "7")
    await plant(
        database, tenant, ids,
        [Event(name="gift", occurred_at_us=database.now_us(), identities=(other, email()))],
    )  # fmt: skip
    await erase(ann)
    await process_all(tenant)
    assert "gift" in {one.name for one in await timeline(database, tenant)}
    assert (await ledger_total(database, tenant.workspace_id)).erased == 0


async def test_the_erasing_handler_run_twice_changes_nothing(
    database, tenant, ingest, vaults, ids, process_all, erase
):
    await ingest.offer(tenant.credential, S, [windowed("1", **RICH)])
    await process_all(tenant)
    await erase(await find(database, tenant), jobs_too=False)
    async with database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT workspace_id, job_id, kind, payload, attempts FROM job WHERE workspace_id = $1",
            tenant.workspace_id,
        )
    job = Job(**dict(row))
    seen = []
    for _ in range(2):
        async with database.owner() as tx:
            for handler in handlers(vaults, ids)[job.kind]:
                await handler(tx, job)
        async with database.app(tenant.workspace_id) as tx:
            seen.append(await profiles.list_erasures(tx, tenant.workspace_id))
        seen.append(await timeline(database, tenant))
    assert seen[:2] == seen[2:]
    assert seen[0][0].complete


async def test_many_events_take_several_jobs_and_one_line(
    database, tenant, ingest, process_all, erase, monkeypatch
):
    monkeypatch.setattr("clarion.events.erasing.EVENTS_A_JOB", 4)
    monkeypatch.setattr("clarion.events.erasing._EVENTS_AT_ONCE", 2)
    await ingest.offer(tenant.credential, S, [windowed(str(n), properties={"s": "x"}) for n in range(11)])
    await process_all(tenant)
    receipt = await erase(await find(database, tenant))
    assert receipt.lines["events"]["events made anonymous"] == 11
    assert {str(one.properties) for one in await timeline(database, tenant)} == {"{}"}


async def test_nobody_is_erased_in_another_workspace(database, tenant, new_tenant, ingest, process_all, ids):
    other = await new_tenant()
    await ingest.offer(other.credential, S, [windowed("1")])
    await process_all(other)
    found = await find(database, other)
    with pytest.raises(NotFound):
        async with database.owner() as tx:
            await events.erase_person(
                tx, tenant.workspace_id, _uuid(found.id), actor="test", vault=tenant.vault, ids=ids
            )
    assert await find(database, other) is not None


@pytest.mark.parametrize("still", [True, False], ids=["still hers", "hers before"])
async def test_an_example_of_a_trait_goes_where_it_is_hers(
    database, tenant, ingest, process_all, erase, still
):
    """The first value that anybody has is the example; Bob's stays."""
    await ingest.offer(tenant.credential, S, [windowed("1", traits={"nick": "Annie", "size": 7})])
    await ingest.offer(tenant.credential, S, [windowed("2", who="bob@example.com", traits={"plan": "pro"})])
    await process_all(tenant)
    if not still:
        await ingest.offer(tenant.credential, S, [windowed("3", traits={"nick": "A.", "size": 8})])
        await process_all(tenant)
    receipt = await erase(await find(database, tenant))
    assert receipt.lines["profiles"]["trait examples"] == 2
    async with database.app(tenant.workspace_id) as tx:
        shown = await profiles.list_traits(tx, tenant.workspace_id)
    assert {one.name: one.example for one in shown} == {"nick": None, "size": None, "plan": "pro"}
