"""Messages are planned once and go out once: into the mailbox, or through a provider that behaves as it is told."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from clarion import errors, events, jobs, messaging, profiles
from clarion.api.nouns import message
from clarion.channels.mailbox import Mailbox
from clarion.db import instance
from clarion.jobs import Job
from clarion.messaging import Cause, Email, MessageClass, PlannedSend, SendingRule, TemplateWish, Topic
from clarion.messaging.port import Accepted, Deferred, Kind, Rejected, Unknown
from clarion.model import (
    Dedup,
    Identity,
    IdentityKind,
    Mode,
    Offer,
    ProfileChange,
    Reach,
    Source,
    parse_id,
    show_id,
)
from tests import managed

ANN = "ann@example.com"
HELLO = Email(subject="Hello", html="<p>Hello</p>")
CALL = Cause("call")


@pytest.fixture
def providers(database, vaults, ids):
    return {"mailbox": Mailbox(database.app, vaults.of, ids)}


@pytest.fixture
def delivery(database, vaults, ids, providers):
    return messaging.Delivery(database, vaults, ids, providers)


def wish(key="k", *, to=ANN, bulk=True, **more):
    more.setdefault("message_class", MessageClass.MARKETING if bulk else MessageClass.TRANSACTIONAL)
    made = {"content": HELLO} if "template_id" not in more else {}
    return PlannedSend(key=key, cause=CALL, channel="email", recipient=to, **made | more)


@pytest.fixture
def plan(database, tenant, ids):
    async def do(*sends):
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.plan(tx, tenant.workspace_id, sends, vault=tenant.vault, ids=ids)

    return do


@pytest.fixture
def explained(database, tenant):
    async def ask(send_id):
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.read_send(tx, tenant.workspace_id, send_id, vault=tenant.vault)

    return ask


@pytest.fixture
def mailbox(database, tenant):
    async def ask():
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.list_landed(tx, tenant.workspace_id, vault=tenant.vault, limit=100)

    return ask


async def test_a_planned_message_lands_in_the_mailbox_once(tenant, plan, delivery, mailbox, explained):
    (one,), (again,) = await plan(wish()), await plan(wish())
    assert one.new and not again.new and again.send_id == one.send_id
    await delivery.work_off(tenant.workspace_id)
    await delivery.work_off(tenant.workspace_id)
    (landed,) = await mailbox()
    assert (landed.send_id, landed.recipient, landed.title) == (one.send_id, ANN, "Hello")
    shown = await explained(one.send_id)
    assert shown.state == "accepted"
    assert [line.phase for line in shown.attempts] == ["open", "committing", "closed"]
    assert (shown.decision.decision, shown.decision.times) == ("send", 1)


class Scripted:
    """A provider that does what it is told: `say` is asked for each send whether it answers, hangs or fails, before
    or after the point of no return. What it took is `taken`.
    """

    def __init__(self, say, *, window_s=0):
        self.say, self.window_s, self.taken = say, window_s, []

    async def check(self, config):
        pass

    async def send(self, message, config, *, committing):
        answer = self.say(message)
        if isinstance(answer, Deferred | Rejected):
            return answer
        if callable(answer):
            answer = await answer(message, committing)
        else:
            await committing()
        self.taken.append(message)
        return answer

    def again_within_s(self, config):
        return self.window_s


@pytest.fixture
def through(database, vaults, ids):
    """A delivery whose every channel is carried by a scripted provider."""

    def make(say, *, window_s=0, at=None):
        provider = Scripted(say, window_s=window_s)
        more = {} if at is None else {"at": at}
        return provider, messaging.Delivery(database, vaults, ids, {"mailbox": provider}, **more)

    return make


@pytest.fixture
def later(database, tenant):
    """All that waits is due now, and all leases are over: time passes."""

    async def pass_(*, hours=0):
        async with database.owner() as tx:
            await tx.execute(
                "UPDATE send SET due_us = CASE WHEN state IN ('planned', 'deferred') THEN 0 ELSE due_us END,"
                " leased_us = 0, changed_us = changed_us - $2,"
                " sent_us = sent_us - $2, doubt_us = doubt_us - $2 WHERE workspace_id = $1",
                tenant.workspace_id,
                hours * 3_600_000_000,
            )

    return pass_


@pytest.fixture
def change_rule(database, tenant, ids):
    async def do(**what):
        async with database.app(tenant.workspace_id) as tx:
            rule = SendingRule(**what)
            await messaging.change_rule(tx, tenant.workspace_id, "email", lambda _: rule, ids=ids)

    return do


def around_now(hours=1):
    """Quiet hours that it is now."""
    now = datetime.now(UTC)
    minutes = now.hour * 60 + now.minute
    return {"quiet_from": (minutes - 60 * hours) % 1440, "quiet_until": (minutes + 60 * hours) % 1440}


@pytest.fixture
def suppress(database, tenant, ids):
    async def do(value, reason=profiles.Reason.UNSUBSCRIBED):
        async with database.app(tenant.workspace_id) as tx:
            await profiles.suppress(
                tx, tenant.workspace_id, "email", [value],
                reason=reason, source=Source.MANAGE, vault=tenant.vault, ids=ids,
            )  # fmt: skip

    return do


async def test_who_unsubscribes_after_the_plan_gets_no_marketing_and_still_the_receipt(
    tenant, plan, delivery, suppress, mailbox, explained
):
    bulk, receipt = await plan(wish("news"), wish("receipt", bulk=False))
    await suppress(ANN)
    await delivery.work_off(tenant.workspace_id)
    assert [landed.send_id for landed in await mailbox()] == [receipt.send_id]
    shown = await explained(bulk.send_id)
    assert (shown.state, shown.reason, shown.attempts) == ("suppressed", "unsubscribed", [])
    assert shown.decision.facts["suppressed"] == "unsubscribed"


async def test_who_unsubscribes_after_the_claim_gets_nothing_either(
    tenant, plan, through, suppress, explained
):
    """The decision is made in the transaction that opens the attempt. Deciding at the claim sends this one."""

    async def at(point, send_id):
        if point == "claimed":
            await suppress(ANN)

    provider, delivery = through(lambda message: Accepted("r"), at=at)
    (one,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    assert provider.taken == []
    assert (await explained(one.send_id)).reason == "unsubscribed"


async def test_a_bounce_stops_a_receipt_too(tenant, plan, delivery, suppress, explained):
    (receipt,) = await plan(wish(bulk=False))
    await suppress(ANN, profiles.Reason.HARD_BOUNCE)
    await delivery.work_off(tenant.workspace_id)
    assert (await explained(receipt.send_id)).reason == "hard_bounce"


async def test_topics_are_the_addresss(database, tenant, ids, plan, delivery, explained):
    async with database.app(tenant.workspace_id) as tx:
        await messaging.set_topic(tx, tenant.workspace_id, Topic(name="news"))
        await messaging.set_topic(tx, tenant.workspace_id, Topic(name="tips", opt_in=True))
        for value, agreed in (("no@example.com", {"news": False}), ("yes@example.com", {"tips": True})):
            assert await messaging.agree(
                tx, tenant.workspace_id, "email", value.upper(), agreed,
                source=Source.MANAGE, vault=tenant.vault, ids=ids,
            )  # fmt: skip
    found = await plan(
        wish("1", to="no@example.com", topic="news"),
        wish("2", to="no@example.com", topic="tips"),
        wish("3", to="yes@example.com", topic="tips"),
        wish("4", to="no@example.com", topic="news", bulk=False),
    )
    await delivery.work_off(tenant.workspace_id)
    states = [await explained(one.send_id) for one in found]
    assert [(one.state.value, one.reason) for one in states] == [
        ("suppressed", "topic_refused"),
        ("suppressed", "not_agreed"),
        ("accepted", None),
        ("accepted", None),
    ]


async def test_a_cap_holds_though_two_workers_open_at_once(
    tenant, database, plan, through, explained, change_rule
):
    """Without the lock on the address both count nothing and both send."""
    await change_rule(cap_messages=1, cap_hours=24)
    await plan(*(wish(str(n)) for n in range(120)))  # more than one worker begins at once
    claimed, both = 0, asyncio.Event()

    async def at(point, send_id):
        nonlocal claimed
        if point == "claimed":
            claimed += 1
            if claimed == 2:  # the first of each
                both.set()
            await both.wait()

    workers = [through(lambda message: Accepted("r"), at=at) for _ in range(2)]
    async with asyncio.timeout(30):
        await asyncio.gather(*(delivery.work_off(tenant.workspace_id) for _, delivery in workers))
    assert sum(len(provider.taken) for provider, _ in workers) == 1


async def test_what_failed_for_now_is_tried_again_and_ends(tenant, plan, through, later, explained):
    said = iter([Deferred(reason="greylisted"), Deferred(reason="busy", retry_after_s=60), Accepted("r7")])
    provider, delivery = through(lambda message: next(said))
    (one,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    shown = await explained(one.send_id)
    assert (shown.state, shown.tries, len(provider.taken)) == ("deferred", 1, 0)
    await later()
    await delivery.work_off(tenant.workspace_id)
    shown = await explained(one.send_id)
    assert shown.due_us - shown.changed_us >= 60_000_000
    await later()
    delivery = messaging.Delivery(
        delivery._carrying.database, delivery._carrying.vaults, delivery._carrying.ids, {"mailbox": provider}
    )  # its predecessor leaves the provider alone, as it asked
    await delivery.work_off(tenant.workspace_id)
    shown = await explained(one.send_id)
    assert (shown.state, shown.tries, shown.provider_ref) == ("accepted", 3, "r7")


async def test_after_eight_attempts_it_is_given_up(
    tenant, database, vaults, ids, plan, through, later, explained
):
    (one,) = await plan(wish())
    for _ in range(9):
        _, delivery = through(lambda message: Deferred(reason="busy"))
        await delivery.work_off(tenant.workspace_id)
        await later()
    shown = await explained(one.send_id)
    assert (shown.state, shown.reason, shown.tries) == ("rejected", "gave_up", 8)


@pytest.mark.parametrize("kind", [Kind.REFUSED_CONTENT, Kind.BAD_ADDRESS])
async def test_what_is_refused_for_good_is_not_tried_again(tenant, plan, through, later, explained, kind):
    _provider, delivery = through(lambda message: Rejected(reason="550 no", permanent=True, kind=kind))
    (one,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    await later()
    await delivery.work_off(tenant.workspace_id)
    shown = await explained(one.send_id)
    assert (shown.state, shown.reason, shown.tries) == ("rejected", kind.value, 1)
    assert shown.attempts[-1].said == "550 no"


async def test_past_the_point_of_no_return_without_an_answer_nobody_knows(
    database, tenant, plan, through, later, explained
):
    """Nothing is sent twice: after a day marketing is given up. Trying again on silence sends two."""
    provider, delivery = through(lambda message: Unknown("the connection broke"))
    bulk, receipt = await plan(wish("news"), wish("receipt", bulk=False))
    await delivery.work_off(tenant.workspace_id)
    await later(hours=1)
    await delivery.settle()
    await delivery.work_off(tenant.workspace_id)
    assert len(provider.taken) == 2
    assert [(await explained(one.send_id)).state for one in (bulk, receipt)] == ["unknown", "unknown"]
    await later(hours=24)
    await delivery.settle()
    assert [(await explained(one.send_id)).state for one in (bulk, receipt)] == ["abandoned", "unknown"]
    async with database.app(tenant.workspace_id) as tx:
        counts = await messaging.count_sends(tx, tenant.workspace_id)
    assert (sum(counts.values()), counts["abandoned"], counts["unknown"]) == (2, 1, 1)


async def test_a_provider_that_knows_repeats_is_asked_again_inside_its_window(
    tenant, plan, through, later, explained
):
    said = iter([Unknown("silence"), Accepted("r")])
    provider, delivery = through(lambda message: next(said), window_s=3_600)
    (one,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    await later()
    await delivery.work_off(tenant.workspace_id)
    assert (await explained(one.send_id)).state == "accepted"
    assert [message.send_id for message in provider.taken] == [one.send_id] * 2


async def test_past_its_window_it_is_not(tenant, plan, through, later, explained):
    provider, delivery = through(lambda message: Unknown("silence"), window_s=3_600)
    (one,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    await later(hours=2)
    await delivery.work_off(tenant.workspace_id)
    assert (await explained(one.send_id)).state == "unknown"
    assert len(provider.taken) == 1


@pytest.fixture
def template(database, tenant, ids):
    async def save(name, **texts):
        texts = {language.replace("all", ""): content for language, content in texts.items()}
        wish = TemplateWish(name=name, channel="email", texts=texts)
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.save_template(tx, tenant.workspace_id, wish, ids=ids)

    return save


@pytest.fixture
async def ann(database, tenant, ingest, process_all):
    """A person with an address, a language and a zone."""
    who = Identity(IdentityKind.EMAIL, "", ANN)
    traits = {"first_name": "Ann", "language": "uk", "timezone": "Asia/Tokyo"}
    change = ProfileChange(identities=(who,), reaches=(Reach("email", ANN),), traits=traits)
    await ingest.offer(tenant.credential, Source.SMASHSEND, [Offer(change, Dedup(Mode.NONE))])
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        found = await profiles.find_by_identity(tx, tenant.workspace_id, who, vault=tenant.vault)
    return parse_id("prf", found.id)


async def test_whoever_was_merged_is_written_to_where_they_were_reached_last(
    database, tenant, ids, plan, ann, ingest, process_all, delivery, mailbox
):
    """Both members' messages go to the newest address of the person, with the traits that they hold together."""
    bob = Identity(IdentityKind.EXTERNAL_ID, "", "b7")
    change = ProfileChange(
        identities=(bob,), reaches=(Reach("email", "new@example.com"),), traits={"plan": "gold"}
    )
    await ingest.offer(tenant.credential, Source.SMASHSEND, [Offer(change, Dedup(Mode.NONE))])
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        other = parse_id(
            "prf", (await profiles.find_by_identity(tx, tenant.workspace_id, bob, vault=tenant.vault)).id
        )
        await profiles.merge(
            tx, tenant.workspace_id, ann, other, vault=tenant.vault, ids=ids, now_us=database.now_us()
        )
        texts = {"": Email(subject="$profile.first_name $profile.plan", html="<p>Hello</p>")}
        wished = TemplateWish(name="news", channel="email", texts=texts, message_class=MessageClass.MARKETING)
        template = await messaging.save_template(tx, tenant.workspace_id, wished, ids=ids)
    await plan(
        wish("1", to=None, profile_id=ann, template_id=template.template_id),
        wish("2", to=None, profile_id=other, template_id=template.template_id),
    )
    await delivery.work_off(tenant.workspace_id)
    assert [(one.recipient, one.title) for one in await mailbox()] == [("new@example.com", "Ann gold")] * 2


@pytest.mark.parametrize("asked", [None, MessageClass.MARKETING])
async def test_a_template_says_its_class_where_its_sender_does_not(
    database, tenant, ids, plan, ann, explained, asked
):
    wish_ = TemplateWish(
        name="receipt", channel="email", texts={"": HELLO}, message_class=MessageClass.TRANSACTIONAL
    )
    async with database.app(tenant.workspace_id) as tx:
        receipt = await messaging.save_template(tx, tenant.workspace_id, wish_, ids=ids)
    (one,) = await plan(wish(to=None, profile_id=ann, template_id=receipt.template_id, message_class=asked))
    shown = await explained(one.send_id)
    assert shown.message_class is (asked or MessageClass.TRANSACTIONAL)


async def test_a_template_is_written_for_its_reader_and_by_the_version_that_was_planned(
    plan, template, delivery, tenant, ann, mailbox
):
    first = await template("hi", all=HELLO, uk=Email(subject="Вітаю, $profile.first_name", html="$data.x"))
    await plan(wish(to=None, profile_id=ann, template_id=first.template_id, data={"x": "<1>"}))
    second = await template("hi", all=Email(subject="New", html="New"))
    assert (second.version, second.number) == (2, first.number)
    await delivery.work_off(tenant.workspace_id)
    (landed,) = await mailbox()
    assert (landed.recipient, landed.title) == (ANN, "Вітаю, Ann")


async def test_what_cannot_be_written_touches_nobody_else(
    plan, template, delivery, tenant, mailbox, explained
):
    broken = await template("broken", all=Email(subject="$data.list.get(7)", html=""))
    bad, good = await plan(
        wish("bad", template_id=broken.template_id, data={"list": [1]}), wish("good", to="bob@example.com")
    )
    await delivery.work_off(tenant.workspace_id)
    assert [landed.send_id for landed in await mailbox()] == [good.send_id]
    shown = await explained(bad.send_id)
    assert (shown.state, shown.reason, shown.tries) == ("rejected", "not_written", 0)
    assert "line 1" in shown.decision.facts["unwritable"]


async def test_a_person_without_an_address_gets_nothing(plan, delivery, tenant, ids, explained):
    (one,) = await plan(wish(to=None, profile_id=ids.next()))
    await delivery.work_off(tenant.workspace_id)
    assert (await explained(one.send_id)).reason == "no_person"


async def test_quiet_hours_hold_a_message_and_one_record_says_how_often(
    change_rule, plan, delivery, tenant, later, mailbox, explained
):
    await change_rule(**around_now())
    bulk, receipt = await plan(wish("news"), wish("receipt", bulk=False))
    for _ in range(2):
        await delivery.work_off(tenant.workspace_id)
        await later()
    shown = await explained(bulk.send_id)
    assert (shown.state, shown.decision.decision, shown.decision.reason, shown.decision.times) == (
        "planned", "hold", "quiet_hours", 2,
    )  # fmt: skip
    assert [landed.send_id for landed in await mailbox()] == [receipt.send_id]


@pytest.fixture
def hear(database, tenant, ids):
    """The jobs that a changed rule leaves are done."""
    queue = jobs.Queue(database, {messaging.RULE_CHANGED: (messaging.releaser(),)}, ids)
    return lambda: queue.work_off(tenant.workspace_id)


async def test_what_quiet_hours_hold_goes_out_when_they_are_taken_back(
    change_rule, hear, plan, delivery, tenant, mailbox, explained, monkeypatch
):
    monkeypatch.setattr("clarion.messaging.releasing._AT_ONCE", 2)
    await change_rule(**around_now())
    held = await plan(*(wish(str(n), to=f"ann{n}@example.com") for n in range(5)))
    await delivery.work_off(tenant.workspace_id)
    assert await mailbox() == []
    await change_rule(**around_now(2))
    await hear()
    await delivery.work_off(tenant.workspace_id)
    decision = (await explained(held[0].send_id)).decision
    assert (decision.reason, decision.times) == ("quiet_hours", 2), "asked again, and held until later"
    await change_rule()
    await hear()
    await delivery.work_off(tenant.workspace_id)
    assert {landed.send_id for landed in await mailbox()} == {one.send_id for one in held}


async def test_the_releasing_handler_run_twice_changes_nothing(
    change_rule, plan, delivery, database, tenant, explained
):
    """What the new rule holds was told of by no older fact: the second time nothing is released."""
    await change_rule(**around_now())
    (held,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    await change_rule(**around_now(2))
    async with database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT workspace_id, job_id, kind, payload, attempts FROM job"
            " WHERE workspace_id = $1 AND kind = $2 ORDER BY job_id DESC LIMIT 1",
            tenant.workspace_id,
            messaging.RULE_CHANGED,
        )
    for _ in range(2):
        async with database.owner() as tx:
            await messaging.releaser()(tx, jobs.Job(**dict(row)))
        await delivery.work_off(tenant.workspace_id)
    assert (await explained(held.send_id)).decision.times == 2


async def test_a_rule_that_leaves_quiet_hours_as_they_are_wakes_nobody(
    change_rule, hear, plan, delivery, tenant, explained
):
    await change_rule(**around_now())
    (held,) = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    await change_rule(**around_now(), track_opens=True)
    await hear()
    await delivery.work_off(tenant.workspace_id)
    assert (await explained(held.send_id)).decision.times == 1


async def test_what_is_held_while_the_rule_changes_is_released_too(change_rule, hear, plan, through, tenant):
    """The rule is taken back between a worker's decision and its commit. Without the lock the message stays held."""
    await change_rule(**around_now())
    provider, delivery = through(lambda message: Accepted("r"))
    (held,) = await plan(wish())
    note, changing = messaging.store.note_decisions, []

    async def take_back():
        await change_rule()
        await hear()

    async def slowly(*args, **more):
        changing.append(asyncio.create_task(take_back()))
        await asyncio.sleep(0.3)
        await note(*args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messaging.store, "note_decisions", slowly)
        await delivery.work_off(tenant.workspace_id)
    await changing[0]
    await delivery.work_off(tenant.workspace_id)
    assert [message.send_id for message in provider.taken] == [held.send_id]


async def test_what_is_not_in_the_mailbox_says_where_it_is(
    database, vaults, ids, plan, delivery, tenant, suppress
):
    call = managed.call(managed.ports(database, vaults, ids), tenant)

    async def says(send_id):
        with pytest.raises(errors.NotFound) as refused:
            await message.raw(call, message.One(message_id=show_id("msg", send_id)))
        return str(refused.value)

    await suppress(ANN)
    stopped, sent = await plan(wish("a"), wish("b", to="bob@example.com"))
    assert "planned, due" in await says(sent.send_id)
    await delivery.work_off(tenant.workspace_id)
    assert "suppressed, reason unsubscribed" in await says(stopped.send_id)
    async with database.owner() as tx:
        await tx.execute("DELETE FROM mailbox WHERE workspace_id = $1", tenant.workspace_id)
    assert "keeps the newest" in await says(sent.send_id)
    assert await says(uuid4()) == "there is no such message in this workspace"


async def test_a_stale_message_expires(plan, delivery, tenant, explained):
    (one,) = await plan(wish(bulk=False, expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await delivery.work_off(tenant.workspace_id)
    assert (await explained(one.send_id)).state == "expired"


async def test_a_worker_that_slept_past_its_lease_sends_nothing(tenant, plan, through, later, explained):
    """Marks are fenced by the token. Without it the first sends what the second has in its hands."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def second_sends(message, committing):
        begun.set()
        await go.wait()
        await committing()
        return Accepted("second")

    second, awake = through(lambda message: second_sends)

    async def asleep(message, committing):
        await later()
        await awake.settle()
        await later()
        working = asyncio.create_task(awake.work_off(tenant.workspace_id))
        await begun.wait()
        try:
            await committing()
        finally:
            go.set()
            await working
        return Accepted("first")

    first, sleeper = through(lambda message: asleep)
    (one,) = await plan(wish())
    async with asyncio.timeout(30):
        await sleeper.work_off(tenant.workspace_id)
    assert (first.taken, len(second.taken)) == ([], 1)
    shown = await explained(one.send_id)
    assert (shown.state, shown.provider_ref) == ("accepted", "second")


async def test_an_answer_that_comes_after_the_lease_is_evidence(tenant, plan, through, later, explained):
    """What nobody knew is known again."""
    _, other = through(lambda message: None)

    async def slow(message, committing):
        await committing()
        await later()
        await other.settle()
        assert (await explained(message.send_id)).state == "unknown"
        return Accepted("late")

    _, delivery = through(lambda message: slow)
    provider_sends = await plan(wish())
    await delivery.work_off(tenant.workspace_id)
    shown = await explained(provider_sends[0].send_id)
    assert (shown.state, shown.attempts[-1].phase) == ("accepted", "evidence")


async def test_nothing_goes_out_while_acting_is_paused(database, plan, delivery, tenant, mailbox):
    await plan(wish())
    async with database.owner() as tx:
        await tx.execute("INSERT INTO instance (epoch) VALUES ($1) ON CONFLICT DO NOTHING", uuid4())
        await instance.pause(tx, actor="test", because="restored")
    try:
        await delivery.work_off(tenant.workspace_id)
        assert await mailbox() == []
    finally:
        async with database.owner() as tx:
            await instance.resume(tx, actor="test")


async def test_a_dead_provider_of_one_workspace_does_not_hold_up_another(new_tenant, database, vaults, ids):
    """A line each. In one line for all, the second waits for the first's ten minutes."""
    dead, alive = await new_tenant(), await new_tenant()
    for one in (dead, alive):
        async with database.app(one.workspace_id) as tx:
            sends = [wish(str(n)) for n in range(50)]
            await messaging.plan(tx, one.workspace_id, sends, vault=one.vault, ids=ids)
    never = asyncio.Event()

    async def hang(message, committing):
        await never.wait()
        return Deferred(reason="gave up")

    def say(message):
        return hang if message.workspace_id == dead.workspace_id else Accepted("r")

    provider = Scripted(say)
    delivery = messaging.Delivery(database, vaults, ids, {"mailbox": provider})
    stop, woken = asyncio.Event(), asyncio.Event()
    working = asyncio.create_task(delivery.work(stop, woken))
    async with asyncio.timeout(20):
        while sum(one.workspace_id == alive.workspace_id for one in provider.taken) < 50:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stop.set()
    never.set()
    await working


async def test_what_is_planned_while_a_line_is_busy_waits_for_no_other_look(
    tenant, database, vaults, ids, plan, providers, mailbox, monkeypatch
):
    """A wake-up reaches a line that is at its last attempt; ignored, the message waits for the next look."""
    monkeypatch.setattr("clarion.messaging.delivering.LOOK_EVERY_S", 15.0)
    at_last_step, go_on = asyncio.Event(), asyncio.Event()

    async def at(point, _send_id):
        if point == "before commit" and not at_last_step.is_set():
            at_last_step.set()
            await go_on.wait()

    delivery = messaging.Delivery(database, vaults, ids, providers, at=at)
    stop, woken = asyncio.Event(), asyncio.Event()
    await plan(wish("1"))
    working = asyncio.create_task(delivery.work(stop, woken))
    async with asyncio.timeout(20):
        await at_last_step.wait()
        await plan(wish("2"))
        woken.set()
        begun = asyncio.get_running_loop().time()
        while len(await mailbox()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        took_s = asyncio.get_running_loop().time() - begun
    go_on.set()
    stop.set()
    await working
    assert took_s < 10, f"it took {took_s:.2f} s"


async def test_one_that_cannot_even_be_opened_holds_up_nobody_else(tenant, database, plan, delivery, mailbox):
    """Its content is no ciphertext of ours. Taken with the others again and again, it would stop its whole line."""
    broken, *others = await plan(*(wish(str(n), bulk=False) for n in range(5)))
    async with database.owner() as tx:
        await tx.execute(
            "UPDATE send SET sealed = 'x', due_us = 1 WHERE workspace_id = $1 AND send_id = $2",
            tenant.workspace_id, broken.send_id,
        )  # fmt: skip
    await delivery.work_off(tenant.workspace_id)
    assert {landed.send_id for landed in await mailbox()} == {one.send_id for one in others}
    async with database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT state, leased_us > $2 AS later FROM send WHERE workspace_id = $1 AND send_id = $3",
            tenant.workspace_id, database.now_us(), broken.send_id,
        )  # fmt: skip
    assert dict(row) == {"state": "planned", "later": True}, "it is looked at again after a lease"


async def test_an_answer_that_cannot_be_noted_costs_its_own_message_only(tenant, plan, through, explained):
    """The answers of a group are noted together. Where one of them failed all, each was told so and none was tried
    again: after the lease nobody knew of any of them, and a provider that knows repeats was asked again for all.
    """
    broken, *others = [one.send_id for one in await plan(*(wish(str(n), bulk=False) for n in range(9)))]
    provider, delivery = through(
        lambda message: Accepted("no\0text" if message.send_id == broken else message.send_id.hex)
    )
    await delivery.work_off(tenant.workspace_id)
    assert len(provider.taken) == 9
    states = [(await explained(send_id)).state for send_id in (broken, *others)]
    assert states == ["attempting", *["accepted"] * 8]


async def test_states_are_read_by_ids_and_what_is_nobodys_is_left_out(tenant, database, plan, delivery, ids):
    (sent,) = await plan(wish("1"))
    await delivery.work_off(tenant.workspace_id)
    (waiting,) = await plan(wish("2"))
    async with database.app(tenant.workspace_id) as tx:
        found = await messaging.read_states(
            tx, tenant.workspace_id, [waiting.send_id, ids.next(), sent.send_id]
        )
    assert {one: found[one].state for one in found} == {
        sent.send_id: "accepted",
        waiting.send_id: "planned",
    }


async def test_an_erasure_takes_what_was_written_and_what_would_have_been(
    database, plan, delivery, tenant, ann, ids, explained, mailbox
):
    (sent,) = await plan(wish("1", profile_id=ann))
    await delivery.work_off(tenant.workspace_id)
    (waiting,) = await plan(wish("2", profile_id=ann))
    async with database.owner() as tx:
        await events.erase_person(tx, tenant.workspace_id, ann, actor="test", vault=tenant.vault, ids=ids)
        rows = await tx.fetch("SELECT * FROM erasure WHERE workspace_id = $1", tenant.workspace_id)
        fact = profiles.Erased(rows[0]["erasure_id"], [ann], rows[0]["erased_us"])
        job = Job(
            workspace_id=tenant.workspace_id, job_id=ids.next(), kind=profiles.ERASED,
            payload=profiles.pack_erased(fact), attempts=1,
        )  # fmt: skip
        await messaging.eraser()(tx, job)
    await delivery.work_off(tenant.workspace_id)
    assert await mailbox() == []
    assert [(await explained(one.send_id)).recipient for one in (sent, waiting)] == [None, None]
    assert (await explained(waiting.send_id)).reason == "no_person"


async def test_who_is_erased_while_a_provider_has_the_message_leaves_no_words_and_gets_no_second_try(
    database, plan, through, tenant, ann, later, explained
):
    async def busy(message, committing):
        async with database.owner() as tx:
            await messaging.store.erase_sends(tx, tenant.workspace_id, profiles.Erased(ann, [ann], 0))
        return Deferred(reason=f"450 {ANN} is busy")

    _, delivery = through(lambda message: busy)
    (one,) = await plan(wish(profile_id=ann))
    await delivery.work_off(tenant.workspace_id)
    shown = await explained(one.send_id)
    assert (shown.state, shown.reason, shown.recipient) == ("suppressed", "no_person", None)
    assert [line.said for line in shown.attempts] == ["", ""]


async def test_the_states_add_up_to_what_was_planned(database, plan, suppress, through, tenant):
    await suppress("0@example.com")
    said = {
        "1": Accepted("r"),
        "2": Unknown("x"),
        "3": Deferred(reason="y"),
        "4": Rejected(reason="z", permanent=True, kind=Kind.OTHER),
    }
    _, delivery = through(lambda message: said.get(message.recipient[0], Accepted("r")))
    cause = Cause("campaign", tenant.workspace_id)
    await plan(*(replace(wish(str(n), to=f"{n}@example.com"), cause=cause) for n in range(5)), wish("other"))
    await delivery.work_off(tenant.workspace_id)
    async with database.app(tenant.workspace_id) as tx:
        counts = await messaging.count_sends(tx, tenant.workspace_id, cause.id)
    assert {state.value: sends for state, sends in counts.items() if sends} == dict.fromkeys(
        ("suppressed", "accepted", "unknown", "deferred", "rejected"), 1
    )
