""" "Seen before?": the three kinds of keys and the modes, on the real database."""

import asyncio
import random
import uuid

import pytest

from clarion import events, metrics
from clarion.db.migrate import migrations
from clarion.events.accept import Group, Policy, accept, pack
from clarion.model import Accepted, Dedup, Duplicate, Mode, Offer, Source
from tests.db.support import DAY_S, event, ledger_total, mismatches, overriding, timeline, windowed

S = Source.SMASHSEND


def kinds(outcomes: list[Accepted | Duplicate]) -> str:
    return "".join("a" if isinstance(outcome, Accepted) else "d" for outcome in outcomes)


async def test_the_first_of_a_key_is_accepted_and_later_ones_are_duplicates(tenant, ingest):
    offers = [windowed("a"), windowed("b"), windowed("a")]
    assert kinds(await ingest.offer(tenant.credential, S, offers)) == "aad"
    assert kinds(await ingest.offer(tenant.credential, S, [windowed("b"), windowed("c")])) == "da"


async def test_a_key_is_free_again_after_its_window(database, tenant, ingest, process_all):
    await ingest.offer(tenant.credential, S, [windowed("k")])
    await _age(database, tenant, DAY_S - 60)
    assert kinds(await ingest.offer(tenant.credential, S, [windowed("k")])) == "d", "a minute before 24 hours"
    await _age(database, tenant, 61)
    assert kinds(await ingest.offer(tenant.credential, S, [windowed("k")])) == "a", "a second after 24 hours"
    assert kinds(await ingest.offer(tenant.credential, S, [windowed("k")])) == "d", "and known again"
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 2


async def test_a_window_is_as_long_as_it_says(database, tenant, ids):
    short = Offer(event(), Dedup(Mode.ONCE, "k", window_s=60))
    seen = []
    for later_s in (0, 59, 2, 39):
        await _age(database, tenant, later_s)
        seen.append(await _accepted(database, tenant, ids, short))
    assert seen == [frozenset(), frozenset({0}), frozenset(), frozenset({0})], "a duplicate moves nothing"


async def test_two_copies_at_the_same_time_meet_in_one_row(database, tenant, ids):
    """The first is still being committed when the second asks."""
    async with database.connection(tenant.workspace_id) as before:
        hold = before.transaction()
        await hold.start()
        await _accept_with(before, tenant, ids, windowed("k"), hopeful=False)
        after = asyncio.create_task(_accepted(database, tenant, ids, windowed("k")))
        await asyncio.sleep(0.2)
        assert not after.done(), "it waits for the row that is being written"
        await hold.commit()
        assert await after == frozenset({0})


@pytest.mark.parametrize("offer", [windowed("k"), Offer(event(), Dedup(Mode.ONCE, "k", day=19_000))])
async def test_who_hopes_in_vain_that_all_are_new_hears_the_same(database, tenant, ids, offer):
    """And nothing is left of the vain try: one block, one key."""
    policy = Policy.of(offer.dedup)
    outcomes = []
    for hopeful in (True, True, False):
        async with database.connection(tenant.workspace_id) as tx:
            outcomes.append(await _accept_with(tx, tenant, ids, offer, hopeful=hopeful, policy=policy))
    assert [one.duplicates for one in outcomes] == [frozenset(), {0}, {0}]
    assert [one.met for one in outcomes] == [False, True, True]
    async with database.app(tenant.workspace_id) as tx:
        for table in ("event_key", "journal"):
            count = f"SELECT count(*) FROM {table} WHERE workspace_id = $1"
            assert await tx.fetchval(count, tenant.workspace_id) == 1


async def test_what_an_earlier_try_left_out_stays_left_out(database, tenant, ids):
    """Its reply was lost, and meanwhile the window of a repeat in it ended: taken over now, it would be nowhere."""
    short, fresh = (Offer(event(), Dedup(Mode.ONCE, key, window_s=60)) for key in "kn")
    await _accepted(database, tenant, ids, short)
    policy = Policy.of(short.dedup)
    packed = pack(tenant.vault.dedup, S, [ids.next(), ids.next()], [short, fresh])
    group = Group(block_id=ids.next(), requests=[packed])
    seen = []
    for again in (False, True):
        async with database.connection(tenant.workspace_id) as tx:
            seen.append(
                await accept(tx, tenant.workspace_id, S, policy, group, vault=tenant.vault, again=again)
            )
        await _age(database, tenant, 61)
    assert [one.duplicates for one in seen] == [{0}, {0}]


async def test_after_a_repeat_nobody_hopes_for_a_while(tenant, ingest, monkeypatch):
    """A vain try costs a statement and a line in PostgreSQL's log, so a caller who repeats costs them once."""
    hoped = []

    async def counting(*given, **named):
        hoped.append(named["hopeful"])
        return await accept(*given, **named)

    monkeypatch.setattr("clarion.events.ingest.accept", counting)
    for key in ("a", "b", "b", "c", "c"):
        await ingest.offer(tenant.credential, S, [windowed(key)])
    assert hoped == [True, True, True, False, False]


async def test_a_key_with_its_own_day_is_known_for_ever(tenant, ingest):
    def fingerprint(day: int) -> Offer:
        return Offer(event(), Dedup(Mode.ONCE, "print", day=day))

    offers = [fingerprint(19_000), fingerprint(19_001), fingerprint(19_000)]
    assert kinds(await ingest.offer(tenant.credential, Source.SMARTAPPPUSH, offers)) == "aad"
    assert kinds(await ingest.offer(tenant.credential, Source.SMARTAPPPUSH, offers)) == "ddd"


async def test_keys_from_before_they_had_one_place_are_known_still(database, tenant):
    """The migration, on a table as it was: windowed keys of two days become one, with its newest time."""
    today = 20_000
    kept = [
        (Source.SMASHSEND, windowed("w"), today),
        (Source.SMARTAPPPUSH, Offer(event(), Dedup(Mode.ONCE, "d", day=19_000)), 19_000),
        (Source.YOTPO, overriding("o"), 0),
    ]
    rows = [(*kept[0][:2], today - 1), *kept]
    migration = next(one for one in migrations() if one.name == "0035_keyplace.sql")
    async with database.owner_connection() as connection:
        change = connection.transaction()
        await change.start()
        await connection.execute(
            "CREATE TEMP TABLE event_key (workspace_id uuid, key_hash uuid NOT NULL, event_id uuid, seen_at bigint,"
            " bucket integer, revision integer DEFAULT 0, source smallint,"
            " CONSTRAINT event_key_pkey PRIMARY KEY (workspace_id, source, bucket, key_hash));"
            "CREATE POLICY tenant ON event_key USING (true)"
        )
        for source, offer, bucket in rows:
            key_hash = uuid.UUID(bytes=tenant.vault.dedup_keys("item", [offer.dedup.key])[0])
            await connection.execute(
                "INSERT INTO event_key VALUES ($1, $2, $1, $3::int::bigint, $3::int, 7, $4)",
                tenant.workspace_id, key_hash, bucket, int(source),
            )  # fmt: skip
        await connection.execute(migration.sql)
        found = await connection.fetch("SELECT key, seen_at, revision FROM event_key")
        await change.rollback()
    expected = {
        uuid.UUID(bytes=pack(tenant.vault.dedup, source, [one_id], [offer]).keys[0]): bucket
        for (source, offer, bucket), one_id in zip(kept, (uuid.uuid4() for _ in kept), strict=False)
    }
    assert {row["key"]: row["seen_at"] for row in found} == expected
    assert {row["revision"] for row in found} == {7}


async def test_without_a_key_every_item_is_new(database, tenant, ingest, process_all):
    offers = [Offer(event(), Dedup()) for _ in range(3)]
    assert kinds(await ingest.offer(tenant.credential, S, offers)) == "aaa"
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 3


async def test_workspaces_and_sources_do_not_know_each_others_keys(new_tenant, ingest):
    one, other = await new_tenant(), await new_tenant()
    assert kinds(await ingest.offer(one.credential, S, [windowed("k")])) == "a"
    assert kinds(await ingest.offer(other.credential, S, [windowed("k")])) == "a"
    assert kinds(await ingest.offer(one.credential, Source.SEGMENT, [windowed("k")])) == "a"


async def test_an_override_keeps_the_id_and_the_newest_revision_wins(database, tenant, ingest, process_all):
    await ingest.offer(tenant.credential, Source.YOTPO, [overriding("e", properties={"n": 1})])
    await process_all(tenant)
    before = await timeline(database, tenant)
    outcomes = await ingest.offer(
        tenant.credential,
        Source.YOTPO,
        [
            overriding("e", properties={"n": 2}, name="renamed", who="ben@example.com"),
            overriding("e", properties={"n": 3}, name="renamed", who="ben@example.com"),
        ],
    )
    assert kinds(outcomes) == "aa"
    await process_all(tenant)
    after = await timeline(database, tenant)
    assert [(one.id, one.name, one.properties, one.revision) for one in after] == [
        (before[0].id, "renamed", {"n": 3}, 2)
    ]
    assert after[0].profile_id != before[0].profile_id
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.replaced) == (3, 1, 2)
    assert await mismatches(database, tenant.workspace_id) == []
    async with database.app(tenant.workspace_id) as tx:
        counts = {
            metric.name: metric.events for metric in await metrics.list_metrics(tx, tenant.workspace_id)
        }
    assert counts == {"user.signup": 0, "renamed": 1}


async def test_an_override_that_is_processed_first_is_not_undone(database, tenant, ingest, process_all):
    """The blocks are processed in the other order: correctness never rests on order."""
    for number in (1, 2, 3):
        await ingest.offer(tenant.credential, Source.YOTPO, [overriding("e", properties={"n": number})])
    async with database.owner() as tx:
        blocks = await tx.fetch(
            "SELECT block_id FROM journal WHERE workspace_id = $1 ORDER BY block_id", tenant.workspace_id
        )
        hide = "UPDATE journal SET lane = $3 WHERE workspace_id = $1 AND block_id = $2"
        for row in blocks[:2]:
            await tx.execute(hide, tenant.workspace_id, row["block_id"], 7)
    lane_0_only = len(blocks) - 2
    assert lane_0_only == 1
    await process_one(database, tenant, process_all)
    assert [one.properties for one in await timeline(database, tenant)] == [{"n": 3}]
    async with database.owner() as tx:
        await tx.execute("UPDATE journal SET lane = 0 WHERE workspace_id = $1", tenant.workspace_id)
    await process_all(tenant)
    assert [(one.properties, one.revision) for one in await timeline(database, tenant)] == [({"n": 3}, 2)]
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.replaced) == (3, 1, 2)
    assert await mismatches(database, tenant.workspace_id) == []


async def process_one(database, tenant, process_all):
    """Work on lane 0 although blocks of another lane wait."""
    lanes = process_all.lanes
    for _ in range(200):
        await lanes.work_once()
        async with database.owner() as tx:
            waiting = await tx.fetchval(
                "SELECT count(*) FROM journal WHERE workspace_id = $1 AND lane = 0 AND processed_at IS NULL",
                tenant.workspace_id,
            )
        if not waiting:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("lane 0 is not worked off")


async def test_overlapping_groups_do_not_deadlock_and_each_key_is_new_once(
    tenant, new_tenant, database, ids, vaults
):
    loops = [events.Ingest(database, vaults, ids) for _ in range(3)]  # as three HTTP processes would
    keys = [f"k{number}" for number in range(300)]

    async def offer_shuffled(seed: int) -> list[Accepted | Duplicate]:
        shuffled = keys.copy()
        random.Random(seed).shuffle(shuffled)
        return await loops[seed % 3].offer(tenant.credential, S, [windowed(key) for key in shuffled])

    answers = await asyncio.gather(*(offer_shuffled(seed) for seed in range(12)))
    accepted = sum(kinds(answer).count("a") for answer in answers)
    assert accepted == len(keys)


async def test_a_group_that_was_offered_again_after_a_lost_connection_is_accepted_once(
    database, tenant, ids, process_all
):
    offers = [windowed("x"), windowed("y"), windowed("x")]
    policy = Policy(Mode.ONCE, DAY_S)
    packed = pack(tenant.vault.dedup, S, [ids.next() for _ in offers], offers)
    group = Group(block_id=ids.next(), requests=[packed])
    async with database.connection(tenant.workspace_id) as tx:
        first = await accept(tx, tenant.workspace_id, S, policy, group, vault=tenant.vault)
        again = await accept(tx, tenant.workspace_id, S, policy, group, vault=tenant.vault, again=True)
    assert first.duplicates == again.duplicates == frozenset({2})
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 2
    assert await mismatches(database, tenant.workspace_id) == []


async def _accepted(database, tenant, ids, offer):
    async with database.connection(tenant.workspace_id) as tx:
        return (await _accept_with(tx, tenant, ids, offer, hopeful=True)).duplicates


async def _accept_with(tx, tenant, ids, offer, *, hopeful, policy=None):
    policy = policy or Policy.of(offer.dedup)
    packed = pack(tenant.vault.dedup, S, [ids.next()], [offer])
    group = Group(block_id=ids.next(), requests=[packed])
    return await accept(tx, tenant.workspace_id, S, policy, group, vault=tenant.vault, hopeful=hopeful)


async def _age(database, tenant, seconds):
    """The workspace's keys become so much older."""
    async with database.owner() as tx:
        await tx.execute(
            "UPDATE event_key SET seen_at = seen_at - $2 WHERE workspace_id = $1",
            tenant.workspace_id,
            seconds * 1_000_000,
        )
