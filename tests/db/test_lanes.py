"""Processing: leases and fencing, culprits into quarantine, order that does not matter, a ledger that adds up."""

import asyncio
import random
import uuid
from datetime import UTC, datetime

import pytest

from clarion import events, metrics, profiles
from clarion.events import store
from clarion.events.journal import pack_block
from clarion.events.lanes import ITEMS_A_TRANSACTION, Lanes, LeaseLost, _Ahead, _Turn
from clarion.events.process import Bench
from clarion.model import ProfileChange, Source, first_id_at
from tests.db.support import email, event, ledger_total, mismatches, timeline, windowed

S = Source.SMASHSEND


async def plant(database, tenant, ids, items, payload=None):
    """A block as accept would write it, of items that the edge would never let in."""
    block_id = ids.next()
    items = [(ids.next(), inbound) for inbound in items]
    async with database.owner() as tx:
        await tx.execute(
            "INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected, duplicate,"
            " payload, accepted_us) VALUES ($1, $2, $3, $4, $5, $5, 0, 0, $6, $7)",
            tenant.workspace_id,
            int(S),
            block_id,
            database.now_us() // 60_000_000 * 60_000_000,
            len(items),
            payload or pack_block(tenant.vault, block_id, items),
            database.now_us(),
        )
    return block_id


async def test_a_culprit_stands_alone_in_quarantine_and_the_others_arrive(
    database, tenant, ingest, ids, process_all
):
    good = [event(f"good.{number}") for number in range(20)]
    poisoned = event("bad", properties={"text": "nul \x00 byte"})
    await plant(database, tenant, ids, [*good[:13], poisoned, *good[13:]])
    await ingest.offer(tenant.credential, S, [windowed("after")])
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 21
    async with database.app(tenant.workspace_id) as tx:
        (item,) = await events.list_quarantine(tx, tenant.workspace_id, limit=10)
    assert (item.reason, item.items, item.ordinal) == ("refused_by_database", 1, 13)
    assert "22P05" in item.detail
    assert "nul" not in item.detail
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.quarantined) == (22, 21, 1)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_a_flood_of_one_workspace_lets_another_s_event_pass_after_one_transaction_at_most(
    database, tenant, new_tenant, ids, process_all
):
    """Seen to fail with one hand and turns that end only when their lane is empty: all of the flood was before."""
    other = await new_tenant()
    for _ in range(6):
        await plant(database, tenant, ids, [event("flood")] * (ITEMS_A_TRANSACTION // 2))
    await plant(database, other, ids, [event("single")])
    await process_all(tenant)
    async with database.owner() as tx:
        moments = await tx.fetch(
            "SELECT workspace_id, processed_at FROM journal WHERE workspace_id = ANY($1::uuid[])",
            [tenant.workspace_id, other.workspace_id],
        )
    (single,) = [row["processed_at"] for row in moments if row["workspace_id"] == other.workspace_id]
    flood = {row["processed_at"] for row in moments if row["workspace_id"] == tenant.workspace_id}
    assert len(flood) == 3
    assert sum(moment < single for moment in flood) <= 1


class Meeting:
    """A listener that goes on only when as many transactions as it waits for have come to it."""

    def __init__(self, parties):
        self._barrier = asyncio.Barrier(parties)

    async def hear(self, tx, bench, landed):
        async with asyncio.timeout(5):
            await self._barrier.wait()


async def test_two_workspaces_are_worked_on_at_once_and_neither_waits_for_a_row_of_the_other(
    database, tenant, new_tenant, vaults, ids
):
    """The same people, metrics and traits in both; the locks of all are held when the transactions meet.

    Seen to fail with one hand, and with an advisory lock that all workspaces share: they never meet, and nothing
    is settled.
    """
    other = await new_tenant()
    told = [event("seen", traits={"first_name": "Olena"}), event("heard")]
    for one in (tenant, other):
        await plant(database, one, ids, told)
    assert await Lanes(database, vaults, ids, [Meeting(2)]).work_once() == len(told)
    for one in (tenant, other):
        assert {found.name for found in await timeline(database, one)} == {"seen", "heard"}
        assert await mismatches(database, one.workspace_id) == []


async def test_a_block_that_cannot_be_read_is_put_aside_whole(database, tenant, ids, process_all):
    block_id = await plant(database, tenant, ids, [event(), event()], payload=b"\x01" + bytes(60))
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        (item,) = await events.list_quarantine(tx, tenant.workspace_id, limit=10)
    assert (item.quarantine_id, item.reason, item.items, item.ordinal) == (block_id, "unreadable", 2, None)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_a_quarantined_item_can_be_retried_and_discarded(database, tenant, ids, process_all):
    await plant(database, tenant, ids, [event("bad", properties={"text": "\x00"}), event("bad\x00")])
    await plant(database, tenant, ids, [event("fine")], payload=b"\x01" + bytes(60))
    await process_all(tenant)
    bench = Bench(tenant.workspace_id, tenant.vault, ids)
    async with database.app(tenant.workspace_id) as tx:
        broken, one, two = await events.list_quarantine(tx, tenant.workspace_id, limit=10)
    async with database.owner() as tx:
        still = await events.retry_quarantined(tx, bench, one.quarantine_id)
    assert still is not None
    assert still.attempts == 2
    async with database.owner() as tx:  # the operator mends the block (a key put back, say)
        mended = pack_block(tenant.vault, broken.block_id, [(ids.next(), event("fine"))])
        await tx.execute(
            "UPDATE quarantine SET payload = $2 WHERE quarantine_id = $1", broken.quarantine_id, mended
        )
    async with database.owner() as tx:
        assert await events.retry_quarantined(tx, bench, broken.quarantine_id) is None
    assert [found.name for found in await timeline(database, tenant)] == ["fine"]
    async with database.app(tenant.workspace_id) as tx:
        await events.discard_quarantined(tx, tenant.workspace_id, two.quarantine_id)
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.quarantined, total.discarded) == (3, 1, 1, 1)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_events_of_a_paused_metric_are_discarded_and_counted(database, tenant, ingest, process_all):
    await ingest.offer(tenant.credential, S, [windowed("1", name="noise")])
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        await metrics.set_status(tx, tenant.workspace_id, "noise", "paused")
    await ingest.offer(tenant.credential, S, [windowed("2", name="noise"), windowed("3", name="kept")])
    await process_all(tenant)
    assert {one.name for one in await timeline(database, tenant)} == {"noise", "kept"}
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.stored, total.discarded) == (2, 1)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_a_worker_that_slept_past_its_lease_writes_nothing(database, tenant, ingest, vaults, ids):
    await ingest.offer(tenant.credential, S, [windowed("k")])
    slow = Lanes(database, vaults, ids)
    bench = Bench(tenant.workspace_id, tenant.vault, ids)
    token = uuid.uuid4()
    async with database.owner() as tx:
        assert await store.lease_lane(tx, tenant.workspace_id, 0, token, "slow", 60)
    async with database.owner() as tx:
        assert not await store.lease_lane(tx, tenant.workspace_id, 0, uuid.uuid4(), "other", 60), (
            "it is leased"
        )
        await tx.execute("UPDATE lane SET leased_until = now() WHERE workspace_id = $1", tenant.workspace_id)
    async with database.owner_connection() as connection:
        with pytest.raises(LeaseLost):
            await slow._settle_next(_Turn(bench, 0, token, connection, _Ahead()), may_go_on=False)
    assert await timeline(database, tenant) == []


@pytest.mark.parametrize("bad", ["item", "block"])
async def test_what_fails_in_blocks_read_ahead_stands_alone_in_quarantine(
    database, tenant, ids, process_all, bad
):
    """Seen to fail for a block where one that could not be read ahead counts as empty."""
    for number in range(6):
        items = [event("flood")] * (ITEMS_A_TRANSACTION // 2)
        if number == 3 and bad == "item":
            items[7] = event("bad", properties={"text": "nul \x00 byte"})
        payload = b"\x01" + bytes(60) if number == 3 and bad == "block" else None
        await plant(database, tenant, ids, items, payload)
    await process_all(tenant)
    total = await ledger_total(database, tenant.workspace_id)
    lost = 1 if bad == "item" else ITEMS_A_TRANSACTION // 2
    assert (total.in_flight, total.quarantined, total.stored) == (0, lost, total.accepted - lost)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_blocks_read_ahead_that_somebody_else_settled_are_not_settled_again(
    database, tenant, vaults, ids, process_all
):
    """Seen to fail with a close that does not ask whether they were open: applied is 2."""
    await plant(database, tenant, ids, [ProfileChange(identities=(email(),), traits={"a": 1})])
    async with database.owner() as tx:
        blocks = await store.take_blocks(tx, tenant.workspace_id, 0, 100)
    await process_all(tenant)
    slow, token, ahead = Lanes(database, vaults, ids), uuid.uuid4(), _Ahead()
    ahead.begin(blocks, tenant.vault)
    async with database.owner() as tx:
        assert await store.lease_lane(tx, tenant.workspace_id, 0, token, "slow", 60)
    bench = Bench(tenant.workspace_id, tenant.vault, ids)
    async with database.owner_connection() as connection:
        with pytest.raises(LeaseLost):
            await slow._settle_next(_Turn(bench, 0, token, connection, ahead), may_go_on=False)
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.applied) == (1, 1)


async def test_two_workers_never_settle_a_block_twice(database, tenant, ingest, vaults, ids, process_all):
    workers = [Lanes(database, vaults, ids) for _ in range(3)]
    for start in range(0, 200, 10):
        await ingest.offer(
            tenant.credential, S, [windowed(str(number)) for number in range(start, start + 10)]
        )
    await asyncio.gather(*(worker.work_once() for worker in workers))
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 200
    assert await mismatches(database, tenant.workspace_id) == []


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_blocks_gives_the_same_traits(
    database, new_tenant, ids, vaults, process_all, seed
):
    """The newer stamp wins, whichever block is processed first; imports fill only what is not set."""
    dice = random.Random(seed)
    told = [
        event(traits={dice.choice("abc"): dice.randrange(100)}, history=dice.random() < 0.3)
        for _ in range(30)
    ]
    outcomes = []
    for order in ("forth", "back"):
        tenant = await new_tenant()
        stamped = list(enumerate(told))
        for place, one in stamped if order == "forth" else reversed(stamped):
            # A block a transaction, so that each is processed before the next is there.
            block_id = await plant_at(database, tenant, one, stamp_us=1_000_000 + place)
            assert block_id
            await process_all(tenant)
        async with database.app(tenant.workspace_id) as tx:
            found = await profiles.find_by_identity(tx, tenant.workspace_id, email(), vault=tenant.vault)
        outcomes.append(found.traits)
    assert outcomes[0] == outcomes[1]


async def plant_at(database, tenant, inbound, *, stamp_us):
    """One item accepted at a given time (its id rises with it)."""
    item_id = uuid.UUID(int=first_id_at(database.now_us()).int & ~0xFFFF | stamp_us & 0xFFFF)
    block_id = item_id
    async with database.owner() as tx:
        await tx.execute(
            "INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected, duplicate,"
            " payload, accepted_us) VALUES ($1, 1, $2, 0, 1, 1, 0, 0, $3, $4)",
            tenant.workspace_id,
            block_id,
            pack_block(tenant.vault, block_id, [(item_id, inbound)]),
            stamp_us,
        )
    return block_id


@pytest.mark.parametrize(
    ("statement", "term"),
    [
        ("DELETE FROM event WHERE ctid = (SELECT ctid FROM event WHERE workspace_id = $1 LIMIT 1)", "stored"),
        ("DELETE FROM quarantine WHERE workspace_id = $1", "quarantined"),
        ("UPDATE ledger SET applied = applied + 1 WHERE workspace_id = $1", "accepted"),
    ],
)
async def test_verify_names_the_minute_where_something_went_missing(
    database, tenant, ingest, ids, process_all, statement, term
):
    await ingest.offer(tenant.credential, S, [windowed(str(number)) for number in range(5)])
    await ingest.offer(tenant.credential, S, [windowed("0")], rejected=2)
    await plant(database, tenant, ids, [event(properties={"x": "\x00"})])
    await process_all(tenant)
    await asyncio.sleep(1.2)  # the counts of the request that left no block
    await ingest.offer(tenant.credential, S, [windowed("open")])
    assert await mismatches(database, tenant.workspace_id) == []
    async with database.owner() as tx:
        await tx.execute(statement, tenant.workspace_id)
    found = await mismatches(database, tenant.workspace_id)
    assert term in {one.term for one in found}
    assert all(one.minute_us > 1_700_000_000_000_000 for one in found)


async def test_old_days_of_the_journal_go_whole_but_none_with_an_open_block(
    database, tenant, ingest, ids, process_all
):
    async with database.owner_connection() as connection:
        for day in ("2020_01_01", "2020_01_02"):
            low, high = (
                first_id_at(int(datetime(2020, 1, int(day[-2:]) + more, tzinfo=UTC).timestamp()) * 10**6)
                for more in (0, 1)
            )
            await connection.execute(
                f"CREATE TABLE journal_{day} PARTITION OF journal FOR VALUES FROM ('{low}') TO ('{high}')"
            )
            block_id = uuid.UUID(int=low.int + 1)
            await connection.execute(
                "INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected, duplicate,"
                " payload, accepted_us, processed_at) VALUES ($1, 1, $2, 0, 1, 1, 0, 0, $3, 1, $4)",
                tenant.workspace_id,
                block_id,
                pack_block(tenant.vault, block_id, [(ids.next(), event())]),
                None if day == "2020_01_02" else datetime(2020, 1, 5, tzinfo=UTC),
            )
        await events.drop_old_blocks(connection, keep_days=7)
        left = await connection.fetch(
            "SELECT to_regclass('journal_2020_01_01') AS one, to_regclass('journal_2020_01_02') AS two"
        )
        assert (left[0]["one"], left[0]["two"]) == (None, "journal_2020_01_02")
        await process_all(tenant)
        await connection.execute(
            "UPDATE journal SET processed_at = '2020-01-05' WHERE block_id = $1", block_id
        )
        await events.drop_old_blocks(connection, keep_days=7)
        assert await connection.fetchval("SELECT to_regclass('journal_2020_01_02')") is None


async def test_a_day_is_counted_in_the_workspaces_zone(database, tenant, ingest, process_all):
    night = datetime(2026, 1, 1, 3, tzinfo=UTC)
    async with database.owner() as tx:
        await tx.execute(
            "UPDATE workspace SET zone = 'America/New_York' WHERE workspace_id = $1", tenant.workspace_id
        )
    early, late = (int(one.timestamp()) * 10**6 for one in (night, night.replace(hour=5)))
    offers = [
        windowed("1", occurred_at_us=early),
        windowed("2", occurred_at_us=late),
        windowed("3", occurred_at_us=early),
    ]
    await ingest.offer(tenant.credential, S, offers)
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        rows = await tx.fetch(
            "SELECT day::text, events FROM metric_day WHERE workspace_id = $1 ORDER BY day",
            tenant.workspace_id,
        )
    assert [tuple(row) for row in rows] == [("2025-12-31", 2), ("2026-01-01", 1)]
