"""What is told of messages later: by gateways, signed, and by mails that come back; in any order, and again."""

import itertools
import time

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette

from clarion import events, messaging, profiles
from clarion.channels import template, webhook
from clarion.channels.mailbox import Mailbox
from clarion.jobs import Job
from clarion.messaging import (
    Cause,
    Email,
    Links,
    MessageClass,
    PlannedSend,
    Report,
    Text,
    configs,
    links,
    reporting,
)
from clarion.messaging.port import Accepted, Returned, Unknown
from clarion.messaging.returning import NotOurs, settle_returned
from clarion.model import Identity, IdentityKind, show_id
from clarion.public import Answering
from clarion.public import reports as reports_
from tests.db.support import failing

ANN, PHONE = "ann@example.com", "+380441234567"
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
BASE = "https://mail.shop.example"


class Says:
    """A provider that answers as it is told, after it has called `before`."""

    def __init__(self, answer, before=None):
        self.answer, self.before = answer, before

    async def check(self, config):
        pass

    async def send(self, message, config, *, committing):
        await committing()
        if self.before is not None:
            await self.before(message)
        return self.answer

    def again_within_s(self, config):
        return 0


@pytest.fixture
def sent(database, vaults, ids, tenant):
    """Has a message sent; through the mailbox, unless a provider is given."""
    number = itertools.count()

    async def do(channel="sms", to=PHONE, *, bulk=True, provider=None, profile_id=None):
        carrying = {"mailbox": provider or Mailbox(database.app, vaults.of, ids)}
        content = Text(text="Hello") if channel != "email" else Email(subject="Hello", html="<p>Hello</p>")
        wish = PlannedSend(
            key=str(next(number)), cause=Cause("call"), channel=channel, recipient=to, content=content,
            profile_id=profile_id, message_class=MessageClass.MARKETING if bulk else MessageClass.TRANSACTIONAL,
        )  # fmt: skip
        async with database.app(tenant.workspace_id) as tx:
            (planned,) = await messaging.plan(tx, tenant.workspace_id, [wish], vault=tenant.vault, ids=ids)
        await messaging.Delivery(database, vaults, ids, carrying, links=Links(BASE)).work_off(
            tenant.workspace_id
        )
        return planned.send_id

    return do


@pytest.fixture
def shown(database, tenant):
    async def do(send_id):
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.read_send(tx, tenant.workspace_id, send_id, vault=tenant.vault)

    return do


@pytest.fixture
def hear(database, tenant, ids):
    async def do(send_id, state, *, hard=False, channel="sms"):
        told = Report(provider_ref=None, send_id=send_id, state=state, reason="words", raw={}, hard=hard)
        async with database.app(tenant.workspace_id) as tx:
            return await reporting.hear(
                tx, tenant.workspace_id, channel, [told],
                origin="provider", vault=tenant.vault, ids=ids, now_us=database.now_us(),
            )  # fmt: skip

    return do


async def test_whatever_the_order_and_the_repeats_the_highest_report_holds(sent, hear, shown):
    """24 orders, each report twice. With the first of bounced and delivered holding, half of them end otherwise."""
    numbers = itertools.count(1_000_000)

    async def ends(news):
        found = set()
        for order in itertools.permutations(news):
            send_id = await sent(to=f"+38044{next(numbers)}")
            for state in (*order, *order):
                await hear(send_id, state)
            found.add(((await shown(send_id)).state, (await shown(send_id)).reason))
        return found

    assert await ends(["accepted", "delivered", "bounced"]) == {("bounced", "soft_bounce")}
    assert await ends(["accepted", "delivered", "bounced", "complained"]) == {("complained", "complaint")}


@pytest.mark.parametrize(
    ("state", "hard", "stops"),
    [
        ("bounced", True, "hard_bounce"),
        ("complained", False, "complaint"),
        ("bounced", False, None),
        ("delivered", True, None),
    ],
)
async def test_what_suppresses_the_address_stops_a_receipt_too(sent, hear, shown, state, hard, stops):
    assert (await hear(await sent(), state, hard=hard)).taken == 1
    for bulk in (True, False):
        later = await shown(await sent(bulk=bulk))
        assert later.reason == stops
    assert (await shown(await sent(to="+380447654321"))).reason is None


async def test_a_repeat_does_not_suppress_again_what_somebody_took_back(sent, hear, shown, database, tenant):
    send_id = await sent()
    await hear(send_id, "bounced", hard=True)
    async with database.app(tenant.workspace_id) as tx:
        await profiles.unsuppress(
            tx, tenant.workspace_id, "sms", [PHONE], reasons=list(profiles.Reason), vault=tenant.vault
        )
    again = await hear(send_id, "bounced", hard=True)
    assert (again.taken, again.repeated) == (0, 1)
    assert (await shown(await sent())).reason is None


async def test_a_report_settles_what_nobody_knew(sent, hear, shown):
    send_id = await sent(provider=Says(Unknown("no answer")))
    assert (await shown(send_id)).state == "unknown"
    await hear(send_id, "delivered")
    assert (await shown(send_id)).state == "delivered"


async def test_a_report_before_the_providers_own_answer_holds_as_well(sent, hear, shown):
    """It comes while the attempt is under way. Without `_move` asking for reports, this send ends as accepted."""

    async def report(message):
        heard = await hear(message.send_id, "delivered")
        assert heard.taken == 1

    for answer in (Accepted("ref"), Unknown("no answer")):
        send_id = await sent(provider=Says(answer, report))
        assert (await shown(send_id)).state == "delivered"


async def test_what_was_never_tried_and_other_channels_are_not_touched(sent, hear, shown, database, tenant):

    send_id = await sent()
    assert (await hear(send_id, "bounced", channel="email")).unknown == 1
    assert (await shown(send_id)).state == "accepted"


async def test_of_somebody_erased_a_report_counts_and_its_words_are_not_kept(
    sent, hear, shown, database, tenant, ids
):
    """A provider's words name the address. Seen to fail while they were kept whoever they were about."""
    ann = Identity(IdentityKind.EMAIL, "", ANN)
    async with database.app(tenant.workspace_id) as tx:
        who = (await events.meet_people(tx, tenant.workspace_id, [ann], vault=tenant.vault, ids=ids))[ann]
    send_id = await sent("email", ANN, profile_id=who)
    await hear(send_id, "delivered", channel="email")
    async with database.owner() as tx:
        fact = profiles.Erased((await _erasure(tx, tenant, who, ids)), [who], database.now_us())
        job = Job(
            workspace_id=tenant.workspace_id, job_id=ids.next(), kind=profiles.ERASED,
            payload=profiles.pack_erased(fact), attempts=1,
        )  # fmt: skip
        await messaging.eraser()(tx, job)
    assert (await hear(send_id, "complained", channel="email")).taken == 1
    assert (await shown(send_id)).state == "complained"
    async with database.app(tenant.workspace_id) as tx:
        kept = await messaging.read_reports(tx, tenant.workspace_id, send_id, vault=tenant.vault)
    assert [(one.state, one.said) for one in kept] == [("delivered", None), ("complained", None)]


async def _erasure(tx, tenant, who, ids):
    await events.erase_person(tx, tenant.workspace_id, who, actor="test", vault=tenant.vault, ids=ids)
    return await tx.fetchval("SELECT erasure_id FROM erasure WHERE workspace_id = $1", tenant.workspace_id)


# ---- by HTTP


@pytest.fixture
async def gateway(database, vaults, ids, tenant):
    """Tells, as a gateway of the tenant; `said` is what was answered."""
    config = configs.Http(url="https://sms.example.com/", report_secret=SECRET)
    async with database.app(tenant.workspace_id) as tx:
        await messaging.set_provider(
            tx, tenant.workspace_id, "sms", "http", config, vault=tenant.vault, ids=ids
        )
    asked = Answering(
        database=database, vaults=vaults, ids=ids, reporting={"http": template},
        now_s=time.time, clock_s=time.monotonic, tls=False,
    )  # fmt: skip
    transport = httpx2.ASGITransport(app=Starlette(routes=[reports_.route(asked)]))

    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:

        async def tell(*told, secret=SECRET, url=None, at=None, body=None):
            url = url or Links("").reports(tenant.vault, tenant.workspace_id, "sms")
            body = msgspec.json.encode({"reports": list(told)}) if body is None else body
            at = int(time.time() if at is None else at)
            headers = {
                "webhook-id": "msg_1", "webhook-timestamp": str(at),
                "webhook-signature": webhook.signature(secret, "msg_1", at, body),
            }  # fmt: skip
            return await client.post(url, content=body, headers=headers)

        yield tell


async def test_a_gateway_tells_by_its_own_name_or_ours(gateway, sent, shown):
    by_ref, by_id = await sent(), await sent(to="+380447654321")
    ref = (await shown(by_ref)).provider_ref
    news = [{"state": "delivered", "ref": ref}, {"state": "bounced", "send_id": str(by_id), "hard": True}]
    answer = await gateway(*news)
    assert (answer.status_code, answer.json()) == (200, {"taken": 2, "repeated": 0, "unknown": 0})
    assert ((await shown(by_ref)).state, (await shown(by_id)).state) == ("delivered", "bounced")
    answer = await gateway(*news, {"state": "delivered", "ref": "nobody's"})
    assert (answer.status_code, answer.json()) == (200, {"taken": 0, "repeated": 2, "unknown": 1})


async def test_what_is_not_signed_is_not_heard(gateway, sent, shown, new_tenant):
    """With `verify` saying yes to everything, the first of these delivers."""
    send_id = await sent()
    news = {"state": "delivered", "send_id": str(send_id)}
    assert (await gateway(news, secret=OTHER)).status_code == 401
    assert (await gateway(news, at=time.time() - 400)).status_code == 401
    assert (await gateway(news, at=time.time() + 400)).status_code == 401
    stranger = await new_tenant()
    for url in (
        Links("").reports(stranger.vault, stranger.workspace_id, "sms"),
        "/p/reports/AAAA",
        Links("").reports(stranger.vault, send_id, "sms"),
    ):
        assert (await gateway(news, url=url)).status_code == 404, url
    assert (await shown(send_id)).state == "accepted"


NO_TEXT = b'{"reports": [{"state": "delivered", "ref": "a\\u0000"}]}'  # which PostgreSQL does not keep


async def test_what_cannot_be_read_says_why(gateway):
    for body in (
        b"",
        b"[]",
        b'{"reports": [{"state": "eaten"}]}',
        b'{"reports": [{"state": "delivered"}]}',
        NO_TEXT,
    ):
        answer = await gateway(body=body)
        assert answer.status_code == 400 and answer.json()["error"]
    assert (await gateway(body=b"x" * 1_100_000)).status_code == 413


async def test_a_report_of_what_is_just_being_sent_is_asked_for_again(gateway, sent, shown):
    """The gateway's own name of a message is known when it has answered us, and it may tell before that."""
    heard = []

    async def report(_message):
        heard.append(await gateway({"state": "delivered", "ref": "early"}))

    send_id = await sent(provider=Says(Accepted("early"), report))
    (early,) = heard
    assert (early.status_code, early.headers["retry-after"]) == (503, "5")
    assert (await gateway({"state": "delivered", "ref": "early"})).status_code == 200
    assert (await shown(send_id)).state == "delivered"


@pytest.mark.parametrize("sqlstate", ["53100", "57014", "40P01"])
async def test_what_cannot_be_noted_now_is_asked_for_again(gateway, sent, shown, database, tenant, sqlstate):
    """It was a 500, after which a gateway may give up."""
    send_id = await sent()
    news = {"state": "delivered", "send_id": str(send_id)}
    async with failing(database, tenant.workspace_id, "send_report", sqlstate):
        answer = await gateway(news)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert (await gateway(news)).json()["taken"] == 1
    assert (await shown(send_id)).state == "delivered"


# ---- by mail


@pytest.fixture
def came_back(database, tenant, ids):
    async def do(*tags, tokens=(), state="bounced", hard=False, by=None):
        of = by or tenant
        returned = Returned(tags=tags, tokens=tokens, state=state, hard=hard, reason="5.1.1")
        async with database.app(of.workspace_id) as tx:
            return await settle_returned(
                tx, of.workspace_id, returned, vault=of.vault, ids=ids, now_us=database.now_us()
            )

    return do


async def test_a_mail_to_the_return_path_settles_its_send(came_back, sent, shown, tenant):
    send_id = await sent("email", ANN)
    tag = links.return_tag(tenant.vault, send_id)
    first = await came_back("a" * 40, tag.upper(), hard=True)
    assert (first.send_id, first.new) == (send_id, True)
    assert ((await shown(send_id)).state, (await shown(send_id)).reason) == ("bounced", "hard_bounce")
    assert (await came_back(tag, hard=True)).new is False
    assert (await shown(await sent("email", ANN, bulk=False))).reason == "hard_bounce"


async def test_a_complaint_is_known_by_the_link_that_came_along(came_back, sent, shown, tenant):
    send_id = await sent("email", ANN)
    blind = messaging.blind_of(tenant.vault, "email", ANN)
    reader = links.Reader(workspace_id=tenant.workspace_id, send_id=send_id, channel="email", blind=blind)
    await came_back(tokens=(links.reader_token(tenant.vault, reader),), state="complained")
    assert (await shown(send_id)).state == "complained"
    assert (await shown(await sent("email", ANN, bulk=False))).reason == "complaint"


async def test_a_forged_or_foreign_sign_settles_nothing(came_back, sent, shown, tenant, new_tenant):
    send_id, stranger = await sent("email", ANN), await new_tenant()
    tag = links.return_tag(tenant.vault, send_id)
    forged = links.return_tag(stranger.vault, send_id)
    changed = ("b" if tag[0] == "a" else "a") + tag[1:]
    for bad in (forged, changed, tag[:-1], show_id("msg", send_id), ""):
        with pytest.raises(NotOurs):
            await came_back(bad, hard=True)
    with pytest.raises(NotOurs):
        await came_back(tag, hard=True, by=stranger)
    assert (await shown(send_id)).state == "accepted"
