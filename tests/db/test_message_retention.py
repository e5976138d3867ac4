"""Messages go when nothing has happened to them for as long as the setting says, and no others."""

import asyncio

import pytest

from clarion import messaging, profiles
from clarion.messaging import MessageClass, SendingRule, readers
from clarion.messaging.links import Links, Reader
from clarion.model import first_id_at
from tests.db.test_message_erasure import ANN, LATER, WORDS, house

__all__ = ["house"]
DAY_US = 86_400_000_000
TABLES = ("send", "send_decision", "send_attempt", "send_report", "mailbox")


@pytest.fixture
def drop(database):
    async def do(days=100):
        async with database.owner_connection() as connection:
            await messaging.drop_old_messages(connection, days, now_us=database.now_us, stop=asyncio.Event())

    return do


@pytest.fixture
def age(database, tenant):
    """A message, with all that is noted of it, is of so many days ago; `changed` is when something last happened."""

    async def do(send_id, days, *, changed=None):
        now_us = database.now_us()
        older = first_id_at(now_us - days * DAY_US)
        async with database.owner() as tx:
            for table in TABLES:
                await tx.execute(
                    f"UPDATE {table} SET send_id = $3 WHERE workspace_id = $1 AND send_id = $2",
                    tenant.workspace_id, send_id, older,
                )  # fmt: skip
            await tx.execute(
                "UPDATE send SET changed_us = $3 WHERE workspace_id = $1 AND send_id = $2",
                tenant.workspace_id, older, now_us - (days if changed is None else changed) * DAY_US,
            )  # fmt: skip
        return older

    return do


async def rows(database, tenant):
    async with database.owner() as tx:
        return {
            table: {
                row["send_id"]
                for row in await tx.fetch(
                    f"SELECT send_id FROM {table} WHERE workspace_id = $1", tenant.workspace_id
                )
            }
            for table in TABLES
        }


async def test_what_is_over_goes_with_all_that_was_noted_of_it_and_nothing_else(
    database, tenant, house, drop, age, monkeypatch
):
    monkeypatch.setattr("clarion.messaging.tasks._AT_ONCE", 2)  # many rounds
    over = [await age(await house.send(ANN), days) for days in (103, 102, 101)]
    told = messaging.store.ReportRow(
        send_id=over[0], state="delivered", hard=False, origin="provider", heard_us=1, said=WORDS.encode()
    )
    async with database.app(tenant.workspace_id) as tx:
        await messaging.store.note_reports(tx, tenant.workspace_id, [told], vault=tenant.vault)
    recent = await age(await house.send(ANN), 99)
    told_lately = await age(await house.send(ANN), 105, changed=3)
    waiting = await age(await house.send(ANN, due_at=LATER), 500)
    held = {}
    for number, state in enumerate(("deferred", "attempting")):
        held[state] = await age(await house.send(ANN), 600 + number)
        async with database.owner() as tx:
            await tx.execute(
                "UPDATE send SET state = $3, due_us = due_us * 2, token = send_id, leased_us = due_us * 2"
                " WHERE workspace_id = $1 AND send_id = $2",
                tenant.workspace_id, held[state], state,
            )  # fmt: skip
    before = await rows(database, tenant)
    await drop()
    after = await rows(database, tenant)
    assert before["send_report"] == {over[0]}
    stay = {recent, told_lately, waiting, *held.values()}
    assert after["send"] == stay == before["send"] - set(over)
    for table in ("send_decision", "send_attempt", "send_report"):
        assert after[table] == before[table] - set(over), table
    assert recent in after["mailbox"]
    assert not after["mailbox"] & set(over)


async def test_one_run_deletes_so_many_and_the_next_the_rest(database, tenant, house, drop, age, monkeypatch):
    monkeypatch.setattr("clarion.messaging.tasks._AT_ONCE", 2)
    monkeypatch.setattr("clarion.messaging.tasks._A_RUN", 2)
    for days in (103, 102, 101):
        await age(await house.send(ANN), days)
    left = []
    for _ in range(2):
        await drop()
        left.append(len((await rows(database, tenant))["send"]))
    assert left == [1, 0]


async def test_suppressions_caps_and_links_outlive_the_message(
    database, tenant, vaults, ids, house, drop, age
):
    """A reader unsubscribes by the link of a message that is gone; the newest still counts for the cap."""
    async with database.app(tenant.workspace_id) as tx:
        rule = SendingRule(cap_messages=1, cap_hours=90 * 24)
        await messaging.change_rule(tx, tenant.workspace_id, "email", lambda _: rule, ids=ids)
    old = await age(await house.send(ANN), 120)
    await house.send(ANN, message_class=MessageClass.MARKETING)
    await drop()
    capped = await house.send(ANN, message_class=MessageClass.MARKETING)
    async with database.app(tenant.workspace_id) as tx:
        shown = await messaging.read_send(tx, tenant.workspace_id, capped, vault=tenant.vault)
        assert (shown.state, shown.decision.facts["sent_in_cap"]) == ("suppressed", 1)
        blind = messaging.store.blind_of(tenant.vault, "email", ANN)
        reader = Reader(workspace_id=tenant.workspace_id, send_id=old, channel="email", blind=blind)
        assert Links("https://a.example").printed(tenant.vault, reader)
        await readers.unsubscribe(tx, reader, vault=tenant.vault, ids=ids)
        found = await profiles.suppressed(
            tx, tenant.workspace_id, "email", [ANN], bulk=True, vault=tenant.vault
        )
    assert found == {ANN: profiles.Reason.UNSUBSCRIBED}


async def test_a_key_is_known_as_long_as_its_message(house, drop, age):
    """Afterwards the same key is a new message: docs/reference/configuration says so."""
    first = await house.send(ANN)
    house._keys = 0
    assert await house.send(ANN) == first
    await age(first, 120)
    await drop()
    house._keys = 0
    assert await house.send(ANN) != first
