"""Addresses that are not sent to: the address and not the profile, by reason, and past an erasure."""

from uuid import UUID

import asyncpg
import pytest

from clarion import errors, events, profiles
from clarion.model import Source, parse_id
from clarion.profiles import Reason
from tests.db.support import email, windowed

ANN = "ann@example.com"
LAST_ID = UUID(int=(1 << 128) - 1)


@pytest.fixture
def suppress(database, tenant, ids):
    async def do(*values, reason=Reason.UNSUBSCRIBED, channel="email"):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.suppress(
                tx, tenant.workspace_id, channel, values,
                reason=reason, source=Source.ESPUTNIK, vault=tenant.vault, ids=ids,
            )  # fmt: skip

    return do


@pytest.fixture
def unsuppress(database, tenant):
    async def do(*values, reasons=(Reason.UNSUBSCRIBED,)):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.unsuppress(
                tx, tenant.workspace_id, "email", values, reasons=reasons, vault=tenant.vault
            )

    return do


@pytest.fixture
def stopped(database, tenant):
    async def ask(*values, bulk=True, channel="email"):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.suppressed(
                tx, tenant.workspace_id, channel, values, bulk=bulk, vault=tenant.vault
            )

    return ask


@pytest.fixture
def listed(database, tenant):
    async def ask(limit=10, before=None):
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.list_suppressed(
                tx, tenant.workspace_id, vault=tenant.vault, limit=limit, before=before or LAST_ID
            )

    return ask


async def test_an_unsubscribed_address_gets_nothing_in_bulk_and_what_it_asked_for(suppress, stopped):
    assert await suppress(" Ann@Example.com", "bob@example.com", ANN) == 2
    asked = [ANN, "ANN@example.com", "carl@example.com", "no address"]
    assert await stopped(*asked) == dict.fromkeys(asked[:2], Reason.UNSUBSCRIBED)
    assert await stopped(*asked, bulk=False) == {}


@pytest.mark.parametrize("reason", [Reason.HARD_BOUNCE, Reason.COMPLAINT, Reason.BY_HAND])
async def test_every_other_reason_stops_everything(suppress, stopped, reason):
    await suppress(ANN)
    await suppress(ANN, reason=reason)
    assert await stopped(ANN) == {ANN: reason}
    assert await stopped(ANN, bulk=False) == {ANN: reason}


async def test_an_unsubscription_that_is_taken_back_leaves_a_bounce_standing(suppress, unsuppress, stopped):
    await suppress(ANN)
    await suppress(ANN, reason=Reason.HARD_BOUNCE)
    assert await unsuppress(ANN, "bob@example.com") == 1
    assert await stopped(ANN) == {ANN: Reason.HARD_BOUNCE}
    assert await unsuppress(ANN, reasons=list(Reason)) == 1
    assert await stopped(ANN) == {}


async def test_other_channels_stay(suppress, stopped):
    await suppress(ANN)
    assert await stopped("+380 44 123 45 67", channel="sms") == {}
    await suppress("380441234567", channel="sms")
    assert await stopped("+380 44 123 45 67", channel="sms") == {"+380 44 123 45 67": Reason.UNSUBSCRIBED}
    assert await stopped(ANN) == {ANN: Reason.UNSUBSCRIBED}


async def test_what_is_no_address_is_refused_with_all_that_came_along(suppress, stopped):
    with pytest.raises(errors.Invalid, match="address 2"):
        await suppress(ANN, "nobody")
    assert await stopped(ANN) == {}
    assert await suppress() == 0


async def test_another_workspace_is_not_asked(suppress, database, new_tenant):
    await suppress(ANN)
    other = await new_tenant()
    async with database.app(other.workspace_id) as tx:
        assert (
            await profiles.suppressed(tx, other.workspace_id, "email", [ANN], bulk=True, vault=other.vault)
            == {}
        )


async def test_pages_are_newest_first(suppress, listed):
    for n in range(5):
        await suppress(f"p{n}@example.com")
    assert await suppress("p0@example.com") == 0
    first = await listed(limit=3)
    rest = await listed(before=first[-1].suppression_id)
    assert [one.value for one in [*first, *rest]] == [f"p{n}@example.com" for n in (4, 3, 2, 1, 0)]
    assert {one.source for one in first} == {Source.ESPUTNIK}


async def test_an_erased_address_stays_suppressed_and_is_shown_no_more(
    database, tenant, ingest, ids, process_all, suppress, stopped, listed
):
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed("1")])
    await process_all(tenant)
    await suppress(ANN, "bob@example.com")
    async with database.owner() as tx:
        ann = await profiles.find_by_identity(tx, tenant.workspace_id, email(), vault=tenant.vault)
        receipt = await events.erase_person(
            tx, tenant.workspace_id, parse_id("prf", ann.id), actor="test", vault=tenant.vault, ids=ids
        )
    assert receipt.lines["profiles"]["suppressed addresses shown"] == 1
    assert await stopped(ANN) == {ANN: Reason.UNSUBSCRIBED}
    assert {one.value for one in await listed()} == {None, "bob@example.com"}
    async with database.owner() as tx:
        rows = await tx.fetch("SELECT sealed FROM suppression WHERE workspace_id = $1", tenant.workspace_id)
    assert sorted(row["sealed"] is None for row in rows) == [False, True]


async def test_the_closed_list_of_reasons_is_the_databases_too(database, tenant):
    for reason in [*Reason, "bored"]:
        insert = "INSERT INTO suppression VALUES ($1, 'email', $1, $2, gen_random_uuid(), 0)"
        async with database.app(tenant.workspace_id) as tx:
            if isinstance(reason, Reason):
                await tx.execute(insert, tenant.workspace_id, reason.value)
            else:
                with pytest.raises(asyncpg.CheckViolationError):
                    async with tx.transaction():
                        await tx.execute(insert, tenant.workspace_id, reason)
