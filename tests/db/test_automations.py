"""Automations at work: which events start a run, and what becomes of it."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from clarion import automations, db, events, profiles
from clarion.automations import Again, Runner, Triggers
from clarion.events import Lanes, Which
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, ProfileChange, Source, parse_id
from tests.db.support import email, event, overriding, timeline, windowed

DAY_US = 86_400_000_000
METRIC = "cart.left"


def definition(*, nodes=None, start="first", metric=METRIC, where=None, **entry):
    trigger = {"type": "event", "metric": metric} | ({"where": where} if where else {})
    steps = nodes or {"first": {"type": "send", "template": "hello", "next": "end"}}
    return automations.read(
        msgspec.json.encode(
            {"trigger": trigger, "entry": entry, "start": start, "nodes": {"end": {"type": "exit"}} | steps}
        )
    )


SEND = {"type": "send", "template": "hello", "next": "end"}
WAITING = {"first": {"type": "wait", "duration": "3s", "next": "mail"}, "mail": SEND}


class Clock:
    """The database's, and as much later as a test says."""

    def __init__(self, database):
        self._database, self.later_us = database, 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    def now_us(self):
        return self._database.now_us() + self.later_us


@pytest.fixture
def clock(database):
    return Clock(database)


@pytest.fixture
def lanes(database, vaults, ids):
    return Lanes(database, vaults, ids, [Triggers(database.now_us)])


@pytest.fixture
def planned():
    return []


@pytest.fixture
def runner(clock, vaults, ids, planned):
    async def plan(tx, workspace_id, sends):
        planned.extend(sends)

    return Runner(clock, vaults, ids, plan)


@pytest.fixture
def work(runner, tenant):
    async def off():
        while await runner._turn(tenant.workspace_id):
            continue

    return off


@pytest.fixture
def publish(database, tenant, ids):
    async def known(tx, workspace_id):
        return {"hello": ("email",), "bye": ("email",)}

    async def do(made=None, name="welcome"):
        async with database.app(tenant.workspace_id) as tx:
            one = await automations.draft(
                tx, tenant.workspace_id, name, made or definition(), by="test", ids=ids, now_us=database.now_us()
            )
            return await automations.publish(
                tx, tenant.workspace_id, one.automation_id, find_templates=known, now_us=database.now_us()
            )

    return do


@pytest.fixture
def offer(ingest, tenant, process_all):
    async def do(*offers):
        told = await ingest.offer(tenant.credential, Source.SMASHSEND, list(offers))
        await process_all(tenant)
        return told

    return do


@pytest.fixture
def runs(database, tenant):
    async def ask(automation):
        async with database.app(tenant.workspace_id) as tx:
            return await automations.list_runs(tx, tenant.workspace_id, automation.automation_id, limit=10_000)

    return ask


def left(key, **fields):
    return windowed(key, name=METRIC, **fields)


async def test_an_event_of_the_metric_starts_one_run_and_plans_one_message(publish, offer, runs, work, planned):
    one = await publish()
    (told,) = await offer(left("1"))
    await offer(windowed("2", name="other"), left("1"))
    await work()
    (run,) = await runs(one)
    assert (run.event_id, run.reason) == (told.item_id, "finished")
    (send,) = planned
    assert send.send_key == automations.send_key_of(run.run_id, "first")
    assert (send.template, send.channel, send.message_class) == ("hello", "email", "marketing")


async def test_the_rule_of_the_trigger_decides(publish, offer, runs):
    rule = {"kind": "property", "name": "cart.total", "operator": "at_least", "value": 100}
    one = await publish(definition(where=rule))
    await offer(left("1", properties={"cart": {"total": "99.9"}}), left("2", properties={"cart": {"total": 100}}))
    assert len(await runs(one)) == 1


async def test_two_years_of_the_past_start_nothing(database, publish, offer, runs):
    """The control: the same events with today's time and no mark of history start a run each."""
    one = await publish()
    now_us = database.now_us()
    past = [
        Offer(
            event(METRIC, who=f"{n}@example.com", occurred_at_us=now_us - n * DAY_US, history=True),
            Dedup(Mode.ONCE, f"past {n}", window_s=DAY_US // 1_000_000),
        )
        for n in range(730)
    ]
    old = [left(f"old {n}", occurred_at_us=now_us - DAY_US - n * DAY_US - 1) for n in range(30)]
    await offer(*past[:400])
    await offer(*past[400:], *old)
    assert await runs(one) == []
    await offer(*(left(f"new {n}", occurred_at_us=now_us) for n in range(30)))
    assert len(await runs(one)) == 30


async def test_the_entry_window_is_the_automations_own(database, publish, offer, runs):
    one = await publish(definition(window="2h"))
    now_us = database.now_us()
    await offer(
        left("1", occurred_at_us=now_us - 7_201_000_000), left("2", occurred_at_us=now_us - 7_100_000_000)
    )
    assert len(await runs(one)) == 1


async def test_a_replay_starts_nothing_twice_and_an_override_no_second_run(
    database, tenant, publish, offer, runs, work, planned
):
    """The control: with run ids that are drawn instead of made of the cause, each would start again."""
    one = await publish()
    await offer(left("1"), overriding("2", name=METRIC))
    await offer(overriding("2", name=METRIC, properties={"total": 2}))
    before = [run.run_id for run in await runs(one)]
    assert len(before) == 2
    await work()
    for _ in range(2):
        assert await replayed(database, tenant) == 0
    await work()
    assert [run.run_id for run in await runs(one)] == before
    assert len(planned) == 2
    another = await publish(name="another")
    assert await replayed(database, tenant) == 2
    assert len(await runs(another)) == 2


async def replayed(database, tenant):
    async with database.app(tenant.workspace_id) as tx:
        again = Again(tx, tenant.workspace_id, vault=tenant.vault, now_us=database.now_us())
        handlers = [again.hear]
        async for _ in events.replay(tx, tenant.workspace_id, Which(), vault=tenant.vault, handlers=handlers):
            pass
        return again.started


async def test_a_run_waits_and_goes_on_once(publish, offer, runs, work, planned, clock):
    one = await publish(definition(nodes=WAITING))
    await offer(left("1"))
    await work()
    (run,) = await runs(one)
    assert (run.node, run.ended_us, planned) == ("first", None, [])
    clock.later_us = 2_000_000
    await work()
    assert planned == []
    clock.later_us = 4_000_000
    await work()
    await work()
    assert [send.node for send in planned] == ["mail"]
    assert (await runs(one))[0].reason == "finished"
