"""What callers were refused is kept: sealed, bounded, shown to the workspace that it belongs to."""

import asyncio

import pytest

from clarion import errors, model
from clarion.api import views
from clarion.api.nouns import credential
from clarion.dialects.smashsend import mapping
from clarion.events import Ingest
from clarion.events.rejected import KEPT
from clarion.model import Sample, Source
from tests import managed
from tests.db import support

S = Source.SMASHSEND
REFUSED = b'{"event": "user.signup", "identify": {"email": "zoe at example.com"}}'


@pytest.fixture
def own(database, vaults, ids):
    return managed.ports(database, vaults, ids)


@pytest.fixture
async def refuse(database, vaults, ids, tenant):
    """Refuse samples, a request a list; they are in the table when it returns."""

    async def offer(*requests, offers=()):
        ingest, stop = Ingest(database, vaults, ids), asyncio.Event()
        running = asyncio.create_task(ingest.run(stop))
        for samples in requests:
            await ingest.offer(tenant.credential, S, offers, rejected=len(samples), samples=samples)
        stop.set()
        await running

    return offer


def numbered(*numbers):
    return [Sample.of("CODE", f"number {n}", b"{}") for n in numbers]


async def shown(own, tenant, **wish):
    one = model.show_id(views.CREDENTIAL, tenant.credential.credential_id)
    return await credential.rejected(
        managed.call(own, tenant), credential.Rejections(credential_id=one, **wish)
    )


async def kept(database, tenant):
    async with database.owner() as tx:
        return await tx.fetch("SELECT * FROM rejected_sample WHERE workspace_id = $1", tenant.workspace_id)


async def test_a_refused_event_is_seen_with_its_reason_and_the_audit_notes_who_looked(
    own, tenant, refuse, database
):
    judged = mapping.judge(REFUSED, database.now_us())
    await refuse([mapping.sample(REFUSED, judged)])
    (one,) = await shown(own, tenant)
    assert (one.code, one.body) == ("INVALID_EMAIL", REFUSED.decode())
    assert one.message == judged[0].message
    assert abs(database.now_us() - model.time_us_of((await kept(database, tenant))[0]["rejected_id"])) < 60e6
    async with database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT actor, action FROM audit WHERE workspace_id = $1", tenant.workspace_id
        )
    assert tuple(row) == ("test", "rejected_opened")


async def test_rejected_ones_of_a_request_with_good_ones_are_seen_too(own, tenant, refuse, database):
    await refuse(numbered(1, 2), offers=[support.windowed("good")])
    assert [one.message for one in await shown(own, tenant)] == ["number 2", "number 1"]
    assert (await support.ledger_total(database, tenant.workspace_id)).received == 3


async def test_body_and_message_lie_sealed_in_the_table(tenant, refuse, database):
    await refuse([Sample.of("CODE", "a message that names zoe", REFUSED)])
    (row,) = await kept(database, tenant)
    assert b"zoe" not in row["sealed"]
    opened = tenant.vault.open(row["sealed"], b"rejected" + row["rejected_id"].bytes)
    assert opened.count(b"zoe") == 2, "the control: the search would have found it"


async def test_of_a_body_its_first_4_kb_are_kept(own, tenant, refuse):
    await refuse([Sample.of("CODE", "long", b"x" * 5_000)])
    (one,) = await shown(own, tenant)
    assert one.body == "x" * 4_096


async def test_the_1001st_pushes_the_oldest_out(own, tenant, refuse, database):
    await refuse(numbered(*range(KEPT)))
    assert (await shown(own, tenant, limit=1000))[-1].message == "number 0", "the control: it was there"
    await refuse(numbered(KEPT))
    found = await shown(own, tenant, limit=1000)
    assert [one.message for one in found] == [f"number {n}" for n in range(KEPT, 0, -1)]
    assert len(await kept(database, tenant)) == KEPT


async def test_in_memory_the_newest_of_a_credential_wait(own, tenant, refuse):
    await refuse(*[numbered(n) for n in range(KEPT + 5)])
    found = await shown(own, tenant, limit=1000)
    assert (found[0].message, found[-1].message) == (f"number {KEPT + 4}", "number 5")


async def test_another_workspace_finds_no_such_credential(own, tenant, refuse, new_tenant):
    await refuse(numbered(1))
    one = model.show_id(views.CREDENTIAL, tenant.credential.credential_id)
    stranger = managed.call(own, await new_tenant())
    with pytest.raises(errors.NotFound):
        await credential.rejected(stranger, credential.Rejections(credential_id=one))
    assert len(await shown(own, tenant)) == 1


async def test_a_database_that_is_away_costs_no_sample(own, tenant, database, vaults, ids):
    ingest = Ingest(database, vaults, ids)
    await ingest.offer(tenant.credential, S, [], rejected=1, samples=numbered(1))
    working = ingest._samples._database.app

    def away(workspace_id):
        raise errors.Unavailable("away", retry_after_s=1)

    database.app = away
    try:
        await ingest._write_samples()
    finally:
        database.app = working
    assert await shown(own, tenant) == []
    await ingest._write_samples()
    assert len(await shown(own, tenant)) == 1
