"""Automations at work: which events start a run, and what becomes of it."""

import asyncio

import msgspec
import pytest

from clarion import automations, errors, events, profiles
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
                tx,
                tenant.workspace_id,
                name,
                made or definition(),
                by="test",
                ids=ids,
                now_us=database.now_us(),
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
            return await automations.list_runs(
                tx, tenant.workspace_id, automation.automation_id, limit=10_000
            )

    return ask


def left(key, **fields):
    return windowed(key, name=METRIC, **fields)


async def test_an_event_of_the_metric_starts_one_run_and_plans_one_message(
    publish, offer, runs, work, planned
):
    one = await publish()
    (told,) = await offer(left("1"))
    await offer(windowed("2", name="other"), left("1"))
    await work()
    (run,) = await runs(one)
    assert (run.event_id, run.reason) == (told.item_id, "finished")
    (send,) = planned
    assert send.send_key == automations.send_key_of(run.run_id, "first")
    assert (send.template, send.channel, send.message_class) == ("hello", "email", None), (
        "its template's own class"
    )


async def test_the_rule_of_the_trigger_decides(publish, offer, runs):
    rule = {"kind": "property", "name": "cart.total", "operator": "at_least", "value": 100}
    one = await publish(definition(where=rule))
    await offer(
        left("1", properties={"cart": {"total": "99.9"}}), left("2", properties={"cart": {"total": 100}})
    )
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
    await offer(left("1"))
    await offer(overriding("2", name=METRIC))
    await offer(overriding("2", name=METRIC, properties={"total": 2}))
    before = {run.run_id for run in await runs(one)}
    assert len(before) == 2
    await work()
    for _ in range(2):
        assert await replayed(database, tenant) == 0
    await work()
    assert {run.run_id for run in await runs(one)} == before
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


def shopper(number, mail=None):
    found = (Identity(IdentityKind.EXTERNAL_ID, "club", str(number)),)
    return found if mail is None else (*found, email(mail))


def at_club(key, who):
    happened = Event(name=METRIC, occurred_at_us=event().occurred_at_us, identities=who)
    return Offer(happened, Dedup(Mode.ONCE, key, window_s=86_400))


async def test_who_may_come_in_again(publish, offer, runs, work):
    """The control: with `always`, each event starts one."""
    always, after_end, never = [
        await publish(definition(nodes=WAITING, again=again), name=again)
        for again in ("always", "after_end", "never")
    ]
    await offer(left("1"), left("2"))
    await offer(left("3"))
    assert [len(await runs(one)) for one in (always, after_end, never)] == [3, 1, 1]


async def test_in_again_after_the_end_or_never(publish, offer, runs, work):
    after_end, never = [
        await publish(definition(again=again), name=again) for again in ("after_end", "never")
    ]
    await offer(left("1"))
    await work()
    await offer(left("2"))
    assert [len(await runs(one)) for one in (after_end, never)] == [2, 1]


@pytest.mark.parametrize("again", ["after_end", "never", "always"])
@pytest.mark.parametrize("older_is_over", [False, True])
async def test_a_merge_ends_the_younger_run(publish, offer, runs, work, planned, clock, again, older_is_over):
    """Also where the older one ended before anybody looked. `always` is the control: both go on."""
    one = await publish(definition(nodes=WAITING, again=again))
    await offer(at_club("1", shopper(1)))
    await work()
    if older_is_over:
        clock.later_us = 3_000_000
    await offer(at_club("2", (email(),)))
    await work()
    assert len(await runs(one)) == 2
    joined = ProfileChange(identities=shopper(1, "ann@example.com"))
    await offer(Offer(joined, Dedup(Mode.NONE)))
    clock.later_us += 4_000_000
    await work()
    reasons = [run.reason for run in reversed(await runs(one))]
    if again == "always":
        assert reasons == ["finished", "finished"]
    else:
        assert reasons == ["finished", "merged"]
        assert len(planned) == 1


async def test_what_is_paused_stands_still_and_goes_on(
    database, tenant, publish, offer, runs, work, planned, clock
):
    one = await publish(definition(nodes=WAITING))
    await offer(left("1"))
    await work()
    async with database.app(tenant.workspace_id) as tx:
        await automations.pause(tx, tenant.workspace_id, one.automation_id, now_us=database.now_us())
    await offer(left("2"))
    clock.later_us = 4_000_000
    await work()
    assert len(await runs(one)) == 1, "nothing starts meanwhile"
    assert planned == []
    async with database.app(tenant.workspace_id) as tx:
        await automations.publish(
            tx, tenant.workspace_id, one.automation_id, find_templates=both, now_us=database.now_us()
        )
    await work()
    assert len(planned) == 1
    await offer(left("3"))
    assert len(await runs(one)) == 2


async def both(tx, workspace_id):
    return {"hello": ("email",), "bye": ("email",)}


async def test_what_is_archived_ends(database, tenant, publish, offer, runs, work, planned, clock):
    one = await publish(definition(nodes=WAITING))
    await offer(left("1"))
    await work()
    async with database.app(tenant.workspace_id) as tx:
        await automations.archive(tx, tenant.workspace_id, one.automation_id, now_us=database.now_us())
    clock.later_us = 4_000_000
    await work()
    assert [run.reason for run in await runs(one)] == ["archived"]
    assert planned == []


async def test_runs_keep_the_version_they_began_with(
    database, tenant, publish, offer, runs, work, planned, clock
):
    one = await publish(definition(nodes=WAITING))
    await offer(left("1"))
    await work()
    changed = definition(nodes={"first": SEND | {"template": "bye"}})
    async with database.app(tenant.workspace_id) as tx:
        here = (tx, tenant.workspace_id, one.automation_id)
        again = await automations.redraft(*here, changed, by="test", now_us=database.now_us())
        assert (again.status, again.version, again.live_version) == ("live", 2, 1)
        await automations.publish(*here, find_templates=both, now_us=database.now_us())
    await offer(left("2"))
    clock.later_us = 4_000_000
    await work()
    assert sorted(send.template for send in planned) == ["bye", "hello"]


TRAITS = {
    "first": {
        "type": "branch",
        "rule": {
            "kind": "all",
            "rules": [
                {"kind": "property", "name": "total", "operator": "greater", "value": 100},
                {"kind": "property", "name": "buyer.email", "operator": "is", "value": "ann@example.com"},
            ],
        },
        "yes": "gold",
        "no": "end",
    },
    "gold": {"type": "update_profile", "traits": {"plan": "gold", "old": None}, "next": "asked"},
    "asked": {
        "type": "branch",
        "rule": {"kind": "trait", "name": "plan", "operator": "is", "value": "gold"},
        "yes": "mail",
        "no": "end",
    },
    "mail": SEND,
}


async def test_branches_see_the_event_whole_and_the_profile_as_it_is_now(
    database, tenant, publish, offer, work, planned
):
    await publish(definition(nodes=TRAITS))
    await offer(
        left("1", properties={"total": 101, "buyer": {"email": "ann@example.com"}}, traits={"old": 1}),
        left("2", who="bo@example.com", properties={"total": 99, "buyer": {"email": "ann@example.com"}}),
    )
    await work()
    (send,) = planned
    async with database.app(tenant.workspace_id) as tx:
        ann = await profiles.find_by_identity(tx, tenant.workspace_id, email(), vault=tenant.vault)
        bo = await profiles.find_by_identity(
            tx, tenant.workspace_id, email("bo@example.com"), vault=tenant.vault
        )
    assert ann.traits == {"plan": "gold"}
    assert parse_id("prf", ann.id) == send.profile_id
    assert bo.traits == {}


async def test_a_run_that_fails_holds_up_nobody_and_ends_at_last(
    database, clock, vaults, ids, tenant, publish, offer, runs, planned
):
    one = await publish()
    await offer(*(left(str(n), who=f"{n}@example.com") for n in range(4)))
    poison = (await runs(one))[2].run_id

    async def plan(tx, workspace_id, sends):
        if any(send.run_id == poison for send in sends):
            raise ZeroDivisionError
        planned.extend(sends)

    runner = Runner(clock, vaults, ids, plan)
    for _ in range(8):
        await runner._turn(tenant.workspace_id)
        clock.later_us += 100_000_000
    by_id = {run.run_id: run for run in await runs(one)}
    assert (by_id[poison].reason, by_id[poison].last_error) == ("failed", "ZeroDivisionError")
    assert sum(run.reason == "finished" for run in by_id.values()) == 3
    assert len(planned) == 3


async def test_two_runners_at_once_take_each_step_once(
    clock, vaults, ids, tenant, publish, offer, runs, planned
):
    """The control: without the rows' locks both plan the same messages."""
    one = await publish()
    await offer(*(left(str(n), who=f"{n}@example.com") for n in range(300)))

    async def plan(tx, workspace_id, sends):
        await asyncio.sleep(0.01)
        planned.extend(sends)

    some = [Runner(clock, vaults, ids, plan) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(runner._turn(tenant.workspace_id) for runner in some))
    assert len({send.send_key for send in planned}) == len(planned) == 300
    assert {run.reason for run in await runs(one)} == {"finished"}


async def test_a_step_whose_transaction_fails_did_not_happen(
    database, clock, vaults, ids, tenant, publish, offer, runs, work, planned
):
    one = await publish(definition(nodes=TRAITS))
    await offer(left("1", properties={"total": 101, "buyer": {"email": "ann@example.com"}}))

    async def plan(tx, workspace_id, sends):
        raise ConnectionResetError

    with pytest.raises(errors.Unavailable):
        await Runner(clock, vaults, ids, plan)._turn(tenant.workspace_id)
    (run,) = await runs(one)
    assert (run.node, run.steps, run.ended_us) == ("first", 0, None)
    async with database.app(tenant.workspace_id) as tx:
        ann = await profiles.find_by_identity(tx, tenant.workspace_id, email(), vault=tenant.vault)
    assert ann.traits == {}
    await work()
    assert len(planned) == 1


async def test_who_is_just_being_erased_gets_nothing(
    database, tenant, vaults, ids, publish, offer, runs, work, planned, clock
):
    """Seen to be planned: their erasure may have looked for messages before it was there."""
    one = await publish(definition(nodes=WAITING))
    await offer(left("1"))
    await work()
    (happened,) = await timeline(database, tenant)
    clock.later_us = 4_000_000
    async with database.owner() as tx:
        who = parse_id("prf", happened.profile_id)
        await events.erase_person(tx, tenant.workspace_id, who, actor="test", vault=tenant.vault, ids=ids)
        working = asyncio.create_task(work())
        await asyncio.wait({working}, timeout=0.3)
    await working
    assert [run.reason for run in await runs(one)] == ["erased"]
    assert planned == []


async def test_the_erased_get_nothing(
    database, tenant, vaults, ids, publish, offer, runs, work, planned, clock
):
    one = await publish(definition(nodes=WAITING))
    await offer(left("1"))
    await work()
    (happened,) = await timeline(database, tenant)
    async with database.owner() as tx:
        who = parse_id("prf", happened.profile_id)
        await events.erase_person(tx, tenant.workspace_id, who, actor="test", vault=tenant.vault, ids=ids)
    clock.later_us = 4_000_000
    await work()
    assert [run.reason for run in await runs(one)] == ["erased"]
    assert planned == []
