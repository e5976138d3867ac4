"""A commit whose reply is lost (T13): whoever tries again neither loses nor doubles anything.

The connection is cut after PostgreSQL has committed and before anybody hears of it (swallowing.py). Handlers that
run twice without a fault: see `TWICE`.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import pytest
from msgspec import Struct

from clarion import accounts, db, errors, events, jobs, messaging, profiles
from clarion.accounts import Vaults
from clarion.app.handlers import handlers
from clarion.db import Database
from clarion.dialects.esputnik.contacts import importing
from clarion.events import Ingest, Lanes
from clarion.jobs import Queue
from clarion.model import Accepted, Dedup, Duplicate, Ids, Mode, Offer, ProfileChange, Source, parse_id
from tests.db import test_erasure, test_outbox, test_trait_delete
from tests.db.esputnik import test_imports
from tests.db.support import email, event, ledger_total, mismatches, overriding, timeline, windowed
from tests.db.test_lanes import plant
from tests.trust.swallowing import Swallower, swallower


class Line(Struct):
    """The database through the proxy."""

    swallower: Swallower
    database: Database
    vaults: Vaults
    ids: Ids


@pytest.fixture
async def line(addresses, master) -> AsyncIterator[Line]:
    async with swallower(addresses) as (swallowing, through):
        database = await Database.open(through, app=3, owner=3)

        async def load(workspace_id):
            async with database.app() as tx:
                return await accounts.load_data_key(tx, workspace_id)

        yield Line(swallowing, database, Vaults(master, load), Ids(database.now_us))
        await database.close()


_COPY = b"PGCOPY"  # events go to the timeline
_SAVEPOINT = b"SAVEPOINT"  # a culprit is looked for

OFFERS = {
    "known for a window": windowed,
    "known for ever": lambda key: Offer(event(), Dedup(Mode.ONCE, key)),
    "overriding": overriding,
    "never known": lambda key: Offer(event(), Dedup(Mode.NONE, key)),
}


@pytest.mark.parametrize("kind", OFFERS)
async def test_what_was_accepted_unheard_is_accepted_once(database, tenant, line, process_all, kind):
    """The loop offers the same group again under its ids: the caller hears `Accepted`, not `Duplicate`."""
    await line.vaults.of(tenant.workspace_id)
    loop, stop = Ingest(line.database, line.vaults, line.ids), asyncio.Event()
    running = asyncio.create_task(loop.run(stop))
    make = OFFERS[kind]
    names_it = tenant.workspace_id.bytes  # the accept statement is the first that does
    line.swallower.swallow(names_it, names_it)
    outcomes = await loop.offer(tenant.credential, Source.SMASHSEND, [make("1"), make("2")])
    assert line.swallower.swallowed == 1
    assert [type(one) for one in outcomes] == [Accepted, Accepted]
    if kind.startswith("known"):
        (again,) = await loop.offer(tenant.credential, Source.SMASHSEND, [make("1")])
        assert isinstance(again, Duplicate)
    stop.set()
    await running
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 2
    assert await mismatches(database, tenant.workspace_id) == []


async def test_what_was_settled_unheard_is_settled_once(database, tenant, ingest, process_all, line):
    """The worker sees a database that is away, and then nothing to do."""
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed(str(n)) for n in range(20)])
    lanes = Lanes(line.database, line.vaults, line.ids)
    await line.vaults.of(tenant.workspace_id)
    line.swallower.swallow(_COPY)
    while not line.swallower.swallowed:
        await lanes.work_once()
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 20
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.quarantined) == (20, 20, 0)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_what_was_quarantined_unheard_stands_there_once(database, tenant, ids, process_all, line):
    poisoned = event("bad", properties={"text": "nul \x00 byte"})
    await plant(database, tenant, ids, [event(), poisoned, event()])
    lanes = Lanes(line.database, line.vaults, line.ids)
    line.swallower.swallow(_SAVEPOINT)
    while not line.swallower.swallowed:
        await lanes.work_once()
    await process_all(tenant)
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.quarantined) == (3, 2, 1)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_a_job_that_was_done_unheard_is_done_once(database, tenant, ingest, process_all, line, ids):
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed(str(n)) for n in range(3)])
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        ann = await profiles.find_by_identity(tx, tenant.workspace_id, email(), vault=tenant.vault)
    async with database.owner() as tx:
        receipt = await events.erase_person(
            tx, tenant.workspace_id, parse_id("prf", ann.id), actor="test", vault=tenant.vault, ids=ids
        )
    line.swallower.swallow(receipt.erasure_id.bytes)
    await Queue(line.database, handlers(line.vaults, line.ids), line.ids).work_off(tenant.workspace_id)
    assert line.swallower.swallowed == 1
    async with database.app(tenant.workspace_id) as tx:
        (told,) = await profiles.list_erasures(tx, tenant.workspace_id)
        assert await jobs.list_jobs(tx, tenant.workspace_id, limit=10) == []
    assert told.complete
    assert told.lines["events"]["events made anonymous"] == 3
    assert len(await timeline(database, tenant)) == 3


async def test_a_contact_that_was_written_unheard_is_there_once(database, tenant, line):
    """The caller hears 503 and tries again."""
    change = ProfileChange(identities=(email(),), traits={"first_name": "Ann"})

    async def write() -> UUID:
        async with line.database.app(tenant.workspace_id) as tx:
            written = await events.write_person(
                tx, tenant.workspace_id, change, vault=tenant.vault, ids=line.ids
            )
            return written.member

    line.swallower.swallow(tenant.workspace_id.bytes)
    with pytest.raises(errors.Unavailable):
        await write()
    assert line.swallower.swallowed == 1
    member = await write()
    async with database.app(tenant.workspace_id) as tx:
        assert await profiles.count_profiles(tx, tenant.workspace_id) == 1
        ann = await profiles.read_profile(tx, tenant.workspace_id, member, vault=tenant.vault)
        history = await profiles.history(tx, tenant.workspace_id, [member], vault=tenant.vault, limit=10)
    assert ann.traits == {"first_name": "Ann"}
    assert len(history) <= 1


#: Facts, and the test that runs their handlers twice.
TWICE = {
    profiles.ERASED: test_erasure.test_the_erasing_handler_run_twice_changes_nothing,
    profiles.TRAIT_DELETED: test_trait_delete.test_the_removing_handler_run_twice_changes_nothing,
    messaging.RULE_CHANGED: test_outbox.test_the_releasing_handler_run_twice_changes_nothing,
    importing.IMPORT: test_imports.test_the_importing_handler_run_twice_changes_nothing,
}


def test_every_handler_is_run_twice_by_a_test(vaults, ids):
    """A fact that is heard by somebody new gets its test, and a line in `TWICE`."""
    assert handlers(vaults, ids).keys() == TWICE.keys()


@pytest.mark.parametrize(
    "upkeep",
    [
        db.keep_partitions,
        partial(events.drop_old_blocks, keep_days=7),
        partial(
            events.drop_old_keys, keep_days=1, now_us=lambda: time.time_ns() // 1_000, stop=asyncio.Event()
        ),
        partial(events.drop_old_events, keep_months=1),
    ],
    ids=["partitions", "old blocks", "old keys", "old events"],
)
async def test_upkeep_done_twice_changes_nothing(database, tenant, ingest, process_all, upkeep):
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed(str(n)) for n in range(3)])
    await process_all(tenant)
    seen = []
    for _ in range(2):
        async with database.owner_connection() as connection:
            await upkeep(connection)
            tables = await connection.fetch(
                "SELECT relname::text FROM pg_class WHERE relispartition ORDER BY 1"
            )
            keys = await connection.fetchval(
                "SELECT count(*) FROM event_key WHERE workspace_id = $1", tenant.workspace_id
            )
        seen.append((tables, keys, len(await timeline(database, tenant))))
    assert seen[0] == seen[1]
    assert seen[0][2] == 3
