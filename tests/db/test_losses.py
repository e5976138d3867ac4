"""Attributes and events are edited and deleted: the automations that used them are changed in the same transaction."""

import asyncio

import msgspec
import pytest

from clarion import automations, errors, events, messaging, metrics, profiles
from clarion.api.nouns import metric, trait
from clarion.automations import LostTrait, Runner, Triggers
from clarion.automations.definition import SendMessage
from clarion.events import Lanes
from clarion.messaging import Email, TemplateWish
from clarion.metrics import Attribute, Declaration
from clarion.model import ProfileChange, Source
from tests import managed
from tests.db.support import email, windowed
from tests.db.test_meanwhile import blocked

LEFT = "cart.left"
TOTAL = Attribute(code="total", type="decimal")
NO_PLAN = {"kind": "trait", "name": "plan", "operator": "is_not", "value": "gold"}
BIG = {"kind": "property", "name": "total", "operator": "at_least", "value": 5}
SEND = {"type": "send", "template": "hello", "next": "end"}
WAIT = {"type": "wait", "duration": "3s", "next": "ask"}


def asking(rule, first="ask", where=None):
    trigger = {"type": "event", "metric": LEFT} | ({"where": where} if where else {})
    branch = {"type": "branch", "rule": rule, "yes": "send", "no": "end"}
    nodes = {"wait": WAIT, "ask": branch, "send": SEND, "end": {"type": "exit"}}
    if first == "ask":
        del nodes["wait"]
    return automations.read(msgspec.json.encode({"trigger": trigger, "start": first, "nodes": nodes}))


class Later:
    """The database's clock, and as much later as a test says."""

    def __init__(self, database):
        self._database, self.later_us = database, 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    def now_us(self):
        return self._database.now_us() + self.later_us


@pytest.fixture
def clock(database):
    return Later(database)


@pytest.fixture
def lanes(database, vaults, ids):
    return Lanes(database, vaults, ids, [Triggers(database.now_us)])


@pytest.fixture
def own(database, vaults, ids):
    return managed.ports(database, vaults, ids)


@pytest.fixture
async def call(own, tenant):
    """A developer's, in a workspace with a trait `plan`, an event with a `total`, and a text that shows both."""
    made = managed.call(own, tenant)
    async with made.app() as tx:
        told = [Declaration(name=LEFT, attributes=(TOTAL, Attribute(code="note", type="text")))]
        await metrics.declare(tx, tenant.workspace_id, told, made_by="smartpush", metrics_max=50)
        text = Email(subject="Hello", html="<p>$!profile.plan ${event.properties.total}</p>")
        wish = TemplateWish(name="hello", channel="email", texts={"": text})
        await messaging.save_template(tx, tenant.workspace_id, wish, ids=own.ids)
    await trait.define(made, trait.Define(name="plan", type="text"))
    return made


async def known(tx, workspace_id):
    return {"hello": ("email",)}


@pytest.fixture
def publish_again(call):
    async def do(one, find_templates=known):
        async with call.app() as tx:
            return await automations.publish(
                tx, call.workspace_id, one.automation_id,
                find_templates=find_templates, now_us=call.ports.database.now_us(),
            )  # fmt: skip

    return do


@pytest.fixture
def publish(call):
    async def do(definition, name="welcome"):
        now_us = call.ports.database.now_us()
        async with call.app() as tx:
            one = await automations.draft(
                tx, call.workspace_id, name, definition, by="test", ids=call.ports.ids, now_us=now_us
            )
            return await automations.publish(
                tx, call.workspace_id, one.automation_id, find_templates=known, now_us=now_us
            )

    return do


@pytest.fixture
def standing(call):
    async def ask(one):
        async with call.app() as tx:
            held = await automations.read_automation(tx, call.workspace_id, one.automation_id)
            return held, await automations.list_runs(tx, call.workspace_id, one.automation_id, limit=10)

    return ask


@pytest.fixture
def happen(ingest, tenant, process_all, clock, vaults, ids):
    """An event of somebody, and all that comes of it: which templates were planned for a message."""

    async def do(*offers, later_us=0):
        planned = []

        async def plan(tx, workspace_id, sends):
            planned.extend(send.template for send in sends)

        await ingest.offer(tenant.credential, Source.SMASHSEND, list(offers))
        await process_all(tenant)
        clock.later_us = later_us
        runner = Runner(clock, vaults, ids, plan)
        while await runner._turn(tenant.workspace_id):
            continue
        return planned

    return do


def left(key, total=9):
    return windowed(key, name=LEFT, properties={"total": total})


async def audited(call):
    async with call.app() as tx:
        rows = await tx.fetch(
            "SELECT detail FROM audit WHERE workspace_id = $1 AND action = 'automation_lost'",
            call.workspace_id,
        )
    return [msgspec.json.decode(row["detail"]) for row in rows]


async def test_a_run_that_waits_takes_no_once_its_branchs_trait_is_deleted(call, publish, standing, happen):
    """The control is the next test's first line: `is not gold` holds for who has no plan, so left alone it would send.

    Seen to fail with `read_versions` looking at the run's own version: the message is planned.
    """
    one = await publish(asking(NO_PLAN, first="wait"))
    assert await happen(left("1")) == []
    gone = await trait.delete(call, trait.One("plan"))
    effects = [(effect.effect, effect.where) for effect in gone.automations[0].effects]
    assert effects == [("takes_no", "nodes.ask.rule"), ("warned", "nodes.send.template")]
    assert await happen(later_us=10_000_000) == []
    held, (run,) = await standing(one)
    assert (run.reason, held.status, held.live_version, held.version) == ("finished", "live", 2, 2)


async def test_without_a_loss_the_same_run_is_sent_its_message_and_after_it_new_ones_are_not(
    call, publish, happen
):
    await publish(asking(NO_PLAN, first="wait"))
    await happen(left("1"))
    assert await happen(later_us=10_000_000) == ["hello"]
    await trait.delete(call, trait.One("plan"))
    await happen(left("2"))
    assert await happen(later_us=10_000_000) == []


async def test_a_trait_of_another_type_is_lost_and_one_that_is_only_renamed_is_not(call, publish):
    await publish(asking(NO_PLAN))
    same = await trait.define(call, trait.Define(name="plan", type="text", group="shop"))
    assert same.automations == ()
    other = await trait.define(call, trait.Define(name="plan", type="choice", options=("gold",)))
    assert [one.name for one in other.automations] == ["welcome"]


async def test_a_deleted_event_pauses_what_it_started(call, publish, standing, happen):
    one = await publish(asking(BIG))
    gone = await metric.delete(call, metric.One(LEFT))
    assert [effect.effect for effect in gone.automations[0].effects] == ["paused"]
    assert (await standing(one))[0].status == "paused"
    assert await happen(left("1")) == [], "the event is discovered anew, and starts nothing"


@pytest.mark.parametrize(
    ("where", "lose"),
    [
        (None, lambda call: metric.delete(call, metric.One(LEFT))),
        (BIG, lambda call: metric.change(call, metric.Change(name=LEFT, attributes=()))),
    ],
    ids=["its metric", "what its rule asks of"],
)
async def test_what_lost_its_trigger_is_published_again_only_after_somebody_said_what_starts_it(
    call, publish, publish_again, happen, where, lose
):
    """The control is in it: nothing stands in the way of what is saved anew."""
    one = await publish(asking(NO_PLAN, where=where))
    await lose(call)
    with pytest.raises(errors.Invalid, match=r"trigger.lost says that .*cart.left is gone: make it anew"):
        await publish_again(one)
    assert await happen(left("1")) == []

    async with call.app() as tx:
        await automations.redraft(
            tx, call.workspace_id, one.automation_id, asking(NO_PLAN), by="test", now_us=1
        )
    assert (await publish_again(one)).status == "live"
    assert await happen(left("2")) == ["hello"]


async def test_what_sends_a_template_that_is_gone_is_not_published(call, publish, publish_again):
    one = await publish(asking(NO_PLAN))
    with pytest.raises(errors.Invalid, match="there is no template hello: make it, or name one of"):
        await publish_again(one, automations.no_templates)


async def test_an_attribute_that_is_edited_away_pauses_its_trigger_and_closes_its_branches(
    call, publish, standing, happen
):
    started = await publish(asking(NO_PLAN, where=BIG), "started")
    branched = await publish(asking(BIG), "branched")
    other = await publish(asking({"kind": "property", "name": "note", "operator": "is_set"}), "other")
    wish = metric.Change(name=LEFT, attributes=(Attribute(code="note", type="text"),))
    changed = await metric.change(call, wish)
    effects = {one.name: [effect.effect for effect in one.effects] for one in changed.automations}
    assert effects == {
        "started": ["paused", "warned"], "branched": ["takes_no", "warned"], "other": ["warned"],
    }  # fmt: skip
    assert (await standing(started))[0].status == "paused"
    assert (await standing(branched))[0].live_version == 2
    assert (await standing(other))[0].live_version == 1
    assert await happen(left("1")) == [], "neither at 9, where both sent before"


async def test_the_audit_names_what_is_lost_and_what_is_changed(call, publish):
    one = await publish(asking(BIG))
    await metric.change(call, metric.Change(name=LEFT, attributes=()))
    (told,) = await audited(call)
    assert told["lost"] == f"note, total of metric {LEFT}"
    assert (told["automation"], told["automation_id"]) == ("welcome", str(one.automation_id))
    assert told["effects"] == ["takes_no nodes.ask.rule", "warned nodes.send.template"]


async def test_where_the_deletion_fails_the_automation_stays_as_it_is(call, publish, standing, happen):
    one = await publish(asking(BIG))
    assert await happen(left("1")) == ["hello"]
    with pytest.raises(errors.Invalid, match="has events on the timeline"):
        await metric.delete(call, metric.One(LEFT))
    assert (await standing(one))[0].status == "live"
    assert await audited(call) == []


async def test_a_draft_and_what_is_live_are_both_changed_and_the_draft_stays_the_newest(
    call, publish, standing
):
    one = await publish(asking(NO_PLAN))
    draft = asking({"kind": "all", "rules": [NO_PLAN, BIG]})
    async with call.app() as tx:
        await automations.redraft(tx, call.workspace_id, one.automation_id, draft, by="test", now_us=1)
    await trait.delete(call, trait.One("plan"))
    held, _ = await standing(one)
    assert (held.version, held.live_version) == (4, 3)
    async with call.app() as tx:
        await automations.lose(tx, call.workspace_id, LostTrait("plan"), by="test", now_us=1)
    assert (await standing(one))[0].version == 4, "a second time there is nothing to change"


async def test_a_draft_that_names_what_no_template_can_be_called_is_in_nobodys_way(call):
    draft = msgspec.structs.replace(asking(NO_PLAN), nodes={"send": SendMessage(template="a\0b")})
    async with call.app() as tx:
        await automations.draft(
            tx, call.workspace_id, "strange", draft, by="test", ids=call.ports.ids, now_us=1
        )
    await trait.define(call, trait.Define(name="plan", type="choice"))


async def folds(tx, call):
    change = ProfileChange(identities=(email(),), traits={"plan": "gold"})
    vault = await call.vault()
    await profiles.write(tx, call.workspace_id, change, vault=vault, ids=call.ports.ids, now_us=1)


async def discards(tx, call):
    metric_id = await tx.fetchval("SELECT metric_id FROM metric WHERE workspace_id = $1", call.workspace_id)
    await metrics.count_discarded(tx, call.workspace_id, {metric_id: 1})


@pytest.mark.parametrize(
    ("settles", "lose"),
    [
        (folds, lambda call: trait.define(call, trait.Define(name="plan", type="choice"))),
        (folds, lambda call: trait.delete(call, trait.One("plan"))),
        (
            discards,
            lambda call: metric.change(call, metric.Change(name=LEFT, attributes=(), status="paused")),
        ),
        (discards, lambda call: metric.delete(call, metric.One(LEFT))),
    ],
    ids=["a trait of another type", "a deleted trait", "an edited event", "a deleted event"],
)
async def test_what_is_just_being_processed_is_waited_for_and_waits_for_nobody(
    call, publish, database, settles, lose
):
    """Seen to deadlock where the definition, or the metric, was locked before the lanes."""
    await publish(asking({"kind": "all", "rules": [NO_PLAN, BIG]}))
    async with database.owner() as processing:
        await events.raise_listening(processing, call.workspace_id)  # has the lanes, as who processes
        losing = asyncio.create_task(lose(call))
        await blocked(database)
        await settles(processing, call)
    assert [one.name for one in (await losing).automations] == ["welcome"]


@pytest.mark.parametrize("verb", ["publish", "pause", "archive"])
async def test_whoever_publishes_meanwhile_waits_for_a_loss_and_the_loss_not_for_them(call, publish, verb):
    """Seen to deadlock where the automation was locked before the lanes."""
    one = await publish(asking(NO_PLAN))
    now = {"now_us": call.ports.database.now_us()} | ({"find_templates": known} if verb == "publish" else {})

    async def do():
        async with call.app() as tx:
            return await getattr(automations, verb)(tx, call.workspace_id, one.automation_id, **now)

    async with call.app() as tx:
        await events.stop_processing(tx, call.workspace_id)
        doing = asyncio.create_task(do())
        await blocked(call.ports.database)
        (affected,) = await automations.lose(tx, call.workspace_id, LostTrait("plan"), by="test", now_us=1)
    assert affected.name == "welcome"
    assert (await doing).version == 2
