"""Readers answer by the links of a message: what stops, what still comes, and what changes nothing at all."""

import asyncio
import email
import email.policy
import re
import time
from html import unescape
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from starlette.applications import Starlette

from clarion import messaging, profiles
from clarion.channels.mailbox import Mailbox
from clarion.messaging import (
    Cause,
    Email,
    Links,
    MessageClass,
    PlannedSend,
    SendingRule,
    TemplateWish,
    Topic,
    links,
)
from clarion.model import Dedup, Identity, IdentityKind, Mode, Offer, ProfileChange, Reach, Source, parse_id
from clarion.public import Answering
from clarion.public.recipients import LOOK_EVERY_S, NOTES_PER_MINUTE, routes
from tests.db.support import failing, timeline

ANN = "ann@example.com"
BASE = "https://mail.shop.example"
HTML = '<p>News. <a href="https://shop.example/sale?a=1&amp;b=2">Sale</a> <a href="$unsubscribe_url">Stop</a></p>'
ONE_CLICK = {
    "content": "List-Unsubscribe=One-Click",
    "headers": {"content-type": "application/x-www-form-urlencoded"},
}


@pytest.fixture
async def web(database, vaults, ids):
    """Anybody with a browser, without cookies."""
    asked = Answering(
        database=database, vaults=vaults, ids=ids, reporting={}, now_s=time.time, clock_s=time.monotonic, tls=False
    )  # fmt: skip
    transport = httpx2.ASGITransport(app=Starlette(routes=routes(asked)))
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


class Post:
    """Has messages planned and delivered into the mailbox, and reads them there."""

    def __init__(self, database, vaults, ids, tenant):
        self.database, self.ids, self.tenant = database, ids, tenant
        providers = {"mailbox": Mailbox(database.app, vaults.of, ids)}
        self.delivery = messaging.Delivery(database, vaults, ids, providers, links=Links(BASE))
        self._planned = 0

    async def template(self, name="news", **more):
        wish = TemplateWish(name=name, channel="email", texts={"": Email(subject="News", html=HTML)}, **more)
        async with self.database.app(self.tenant.workspace_id) as tx:
            return (
                await messaging.save_template(tx, self.tenant.workspace_id, wish, ids=self.ids)
            ).template_id

    async def send(self, *, to=ANN, bulk=True, **more):
        """One message, as far as it comes; the send and what lies in the mailbox of it."""
        self._planned += 1
        if "template_id" not in more:
            more["content"] = Email(subject="Hello", html="<p>Hello</p>")
        wish = PlannedSend(
            key=str(self._planned), cause=Cause("call"), channel="email", recipient=to,
            message_class=MessageClass.MARKETING if bulk else MessageClass.TRANSACTIONAL, **more,
        )  # fmt: skip
        tenant = self.tenant
        async with self.database.app(tenant.workspace_id) as tx:
            (planned,) = await messaging.plan(
                tx, tenant.workspace_id, [wish], vault=tenant.vault, ids=self.ids
            )
        await self.delivery.work_off(tenant.workspace_id)
        async with self.database.app(tenant.workspace_id) as tx:
            sent = await messaging.read_send(tx, tenant.workspace_id, planned.send_id, vault=tenant.vault)
            landed = await messaging.list_landed(tx, tenant.workspace_id, vault=tenant.vault, limit=1)
        raw = landed[0].raw if landed and landed[0].send_id == planned.send_id else b""
        return sent, email.message_from_bytes(raw, policy=email.policy.default)


@pytest.fixture
def post(database, vaults, ids, tenant):
    return Post(database, vaults, ids, tenant)


def unsubscribe_url(mail):
    return mail["List-Unsubscribe"].strip("<>")


def html_of(mail):
    return mail.get_body(("html",)).get_content()


async def stored(database, tenant):
    """All that an answer of a reader could change."""
    async with database.owner() as tx:
        return [
            [
                dict(row)
                for row in await tx.fetch(
                    f"SELECT * FROM {table} WHERE workspace_id = $1", tenant.workspace_id
                )
            ]
            for table in ("suppression", "consent", "send", "journal")
        ]


async def test_one_click_stops_marketing_and_nothing_else(post, web, tenant):
    _, mail = await post.send()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = unsubscribe_url(mail)
    assert (
        url.startswith(f"{BASE}/p/unsubscribe/")
        and ANN not in url
        and "example" not in url.removeprefix(BASE)
    )
    answer = await web.post(url, **ONE_CLICK)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)
    stopped, _ = await post.send()
    assert (stopped.state, stopped.reason) == ("suppressed", "unsubscribed")
    receipt, _ = await post.send(bulk=False)
    assert receipt.state == "accepted"
    other, _ = await post.send(to="bob@example.com")
    assert other.state == "accepted"


async def test_a_receipt_carries_no_list_headers(post):
    _, mail = await post.send(bulk=False)
    assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None


async def test_one_click_works_as_multipart_and_a_second_time(post, web):
    _, mail = await post.send()
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    for _ in range(2):
        answer = await web.post(
            unsubscribe_url(mail), content=body, headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 200
    assert (await post.send())[0].state == "suppressed"


async def test_nothing_but_a_post_acts(post, web, database, tenant):
    """Scanners and previews fetch every link, many times. With the GET route acting, the first of these fails."""
    template_id = await post.template()
    _, mail = await post.send(template_id=template_id)
    url = unsubscribe_url(mail)
    before = await stored(database, tenant)
    for path in (url, url.replace("unsubscribe", "preferences"), url.replace("unsubscribe", "subscribe")):
        for method in ("GET", "HEAD", "GET"):
            assert (await web.request(method, path + "?List-Unsubscribe=One-Click")).status_code == 200
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            assert (await web.request(method, path)).status_code == 405
    assert await stored(database, tenant) == before
    assert (await post.send())[0].state == "accepted"


async def test_the_page_says_who_and_to_whom_but_not_all_of_the_address(post, web, tenant):
    _, mail = await post.send()
    page = await web.get(unsubscribe_url(mail))
    assert tenant.name in page.text and "an…@example.com" in page.text and ANN not in page.text
    assert '<form method="post"' in page.text and "<script" not in page.text
    assert page.headers["x-robots-tag"].startswith("noindex") and page.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_who_changes_their_mind_is_subscribed_again(post, web):
    _, mail = await post.send()
    url = unsubscribe_url(mail)
    page = (await web.post(url, **ONE_CLICK)).text
    (again,) = re.findall(r'action="([^"]+)"', page)
    assert (await web.post(again)).status_code == 200
    assert (await post.send())[0].state == "accepted"


async def test_subscribing_again_takes_back_no_complaint(post, web, database, tenant, ids):
    _, mail = await post.send()
    url = unsubscribe_url(mail)
    async with database.app(tenant.workspace_id) as tx:
        for reason in (profiles.Reason.COMPLAINT, profiles.Reason.UNSUBSCRIBED):
            await profiles.suppress(
                tx, tenant.workspace_id, "email", [ANN],
                reason=reason, source=Source.MANAGE, vault=tenant.vault, ids=ids,
            )  # fmt: skip
    await web.post(url.replace("unsubscribe", "subscribe"))
    assert (await post.send())[0].reason == "complaint"


async def test_topics_are_chosen_box_by_box(post, web, database, tenant):
    async with database.app(tenant.workspace_id) as tx:
        for topic in (Topic(name="sales", title="Sales & <offers>"), Topic(name="events", opt_in=True)):
            await messaging.set_topic(tx, tenant.workspace_id, topic)
    _, mail = await post.send(topic="sales")
    assert (await post.send(topic="events"))[0].reason == "not_agreed"
    url = unsubscribe_url(mail).replace("unsubscribe", "preferences")
    page = (await web.get(url)).text
    assert "Sales &amp; &lt;offers&gt;" in page
    assert (
        'value="sales" checked' in page
        and 'value="events" checked' not in page
        and 'value="1" checked' in page
    )
    saved = await web.post(url, data={"all": "1", "topic": ["events", "nonsense"]})
    assert 'value="events" checked' in saved.text and 'role="status"' in saved.text
    assert (await post.send(topic="sales"))[0].reason == "topic_refused"
    assert (await post.send(topic="events"))[0].state == "accepted"
    assert (await post.send())[0].state == "accepted"
    await web.post(url, data={"topic": ["events"]})
    assert (await post.send(topic="events"))[0].reason == "unsubscribed"
    await web.post(url, data={"all": "1", "topic": ["events"]})
    assert (await post.send(topic="events"))[0].state == "accepted"


async def test_a_forged_or_foreign_or_cut_off_link_has_a_friendly_page_and_does_nothing(
    post, web, new_tenant, database, tenant
):
    _, mail = await post.send()
    path = urlsplit(unsubscribe_url(mail)).path
    token = path.rpartition("/")[2]
    foreign = await new_tenant()
    read = links.parse(token)
    reader = links.reader_of(tenant.vault, read)
    forged = [
        token[:-1], token + "A", token[:-1] + ("A" if token[-1] != "A" else "B"), token.upper(), "x", "é", "a" * 300,
        ("B" if token[0] == "A" else "A") + token[1:],
        links.reader_token(foreign.vault, reader),
        links.reader_token(tenant.vault, links.Reader(workspace_id=foreign.workspace_id, send_id=reader.send_id,
                                                      channel="email", blind=reader.blind)),
        Links("").opened(tenant.vault, tenant.workspace_id, reader.send_id).rpartition("/")[2],
    ]  # fmt: skip
    before = await stored(database, tenant)
    for bad in forged:
        for kind in ("unsubscribe", "subscribe", "preferences"):
            for method in ("GET", "POST"):
                answer = await web.request(method, f"/p/{kind}/{quote(bad)}")
                assert answer.status_code == 404, (kind, bad)
                assert "This link does not work" in answer.text
    assert (await web.get("/p/unsubscribe/")).status_code == 404
    assert await stored(database, tenant) == before


async def test_a_link_outlives_its_message_and_its_person(post, web, database, tenant):
    """Retention and erasure take the send; who unsubscribes then is unsubscribed all the same."""
    _, mail = await post.send()
    async with database.owner() as tx:
        await tx.execute("DELETE FROM send WHERE workspace_id = $1", tenant.workspace_id)
    page = await web.get(unsubscribe_url(mail))
    assert page.status_code == 200 and "this address" in page.text.lower()
    assert (await web.post(unsubscribe_url(mail), **ONE_CLICK)).status_code == 200
    assert (await post.send())[0].reason == "unsubscribed"


async def test_a_template_prints_its_links(post, web):
    template_id = await post.template()
    _, mail = await post.send(template_id=template_id)
    assert f'href="{unsubscribe_url(mail)}"' in unescape(html_of(mail))


async def test_a_link_that_is_used_too_often_says_when_to_come_again(post, web):
    _, mail = await post.send()
    answers = [(await web.get(unsubscribe_url(mail))).status_code for _ in range(70)]
    assert answers.count(200) in (60, 61) and answers[-1] == 429
    assert int((await web.get(unsubscribe_url(mail))).headers["retry-after"]) >= 1


async def test_links_that_are_made_up_keep_no_reader_from_theirs(post, web, new_tenant, ids):
    """Seen to be 429 while all links of workspaces that the process had not seen shared one bound."""
    _, mail = await post.send()
    stranger = await new_tenant()
    made_up = [
        links.reader_token(
            stranger.vault,
            links.Reader(workspace_id=ids.next(), send_id=ids.next(), channel="email", blind=ids.next()),
        )
        for _ in range(700)
    ]
    assert {(await web.get(f"/p/unsubscribe/{one}")).status_code for one in made_up} <= {404, 429}
    assert (await web.post(unsubscribe_url(mail), **ONE_CLICK)).status_code == 200


async def test_a_new_workspaces_link_is_known_within_a_second(post, web, database, vaults, ids, new_tenant):
    _, mail = await post.send()
    assert (await web.get(unsubscribe_url(mail))).status_code == 200
    later = Post(database, vaults, ids, await new_tenant())
    _, mail = await later.send()
    await asyncio.sleep(LOOK_EVERY_S)
    assert (await web.get(unsubscribe_url(mail))).status_code == 200


async def test_the_page_speaks_the_nearest_language_and_a_long_form_is_refused(post, web):
    _, mail = await post.send()
    page = await web.get(unsubscribe_url(mail), headers={"accept-language": "xx-YY,xx;q=0.9"})
    assert '<html lang="en">' in page.text
    url = unsubscribe_url(mail).replace("unsubscribe", "preferences")
    assert (await web.post(url, content=b"topic=" + b"x" * 70_000)).status_code == 413
    assert (await web.post(url, content=b"&".join([b"a=b"] * 2000))).status_code == 413


# ---- opens and clicks


@pytest.fixture
async def track(database, tenant, ids):
    async def do(**what):
        async with database.app(tenant.workspace_id) as tx:
            rule = SendingRule(**what)
            await messaging.change_rule(tx, tenant.workspace_id, "email", lambda _: rule, ids=ids)

    return do


@pytest.fixture
async def ann(ingest, process_all, tenant):
    """A person we know."""
    who = (Identity(IdentityKind.EMAIL, "", ANN),)
    change = ProfileChange(identities=who, reaches=(Reach("email", ANN),), traits={"first_name": "Ann"})
    await ingest.offer(tenant.credential, Source.SMASHSEND, [Offer(change, Dedup(Mode.NONE))])
    await process_all(tenant)


async def known(database, tenant):
    async with database.app(tenant.workspace_id) as tx:
        found = await profiles.find_by_identity(
            tx, tenant.workspace_id, Identity(IdentityKind.EMAIL, "", ANN), vault=tenant.vault
        )
    return parse_id("prf", found.id)


async def test_nothing_is_tracked_unless_a_rule_says_so(post):
    _, mail = await post.send(template_id=await post.template())
    assert "/p/open/" not in html_of(mail) and "/p/click/" not in html_of(mail)


async def test_opens_and_clicks_are_told_once_a_send(post, web, track, ann, process_all, database, tenant):
    await track(track_opens=True, track_clicks=True)
    profile_id = await known(database, tenant)
    _, mail = await post.send(template_id=await post.template(), profile_id=profile_id)
    html = html_of(mail)
    (pixel,) = re.findall(r'<img src="([^"]+)"', html)
    clicks = [unescape(url) for url in re.findall(r'href="([^"]+)"', html)]
    (click,) = [url for url in clicks if "/p/click/" in url]
    assert unsubscribe_url(mail) in clicks, "our own links are not led around"
    assert "/p/click/" not in mail.get_body(("plain",)).get_content()
    assert (await web.head(pixel)).status_code == 200
    for _ in range(3):
        shown = await web.get(pixel)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/gif")
        led = await web.get(click)
        assert (led.status_code, led.headers["location"]) == (302, "https://shop.example/sale?a=1&b=2")
    await process_all(tenant)
    events = {one.name: one for one in await timeline(database, tenant)}
    assert set(events) == {"email_opened", "email_clicked"}
    assert len(await timeline(database, tenant)) == 2
    assert events["email_clicked"].properties["link"] == "https://shop.example/sale"
    assert events["email_opened"].properties["template"] == "news"


async def test_receipts_are_never_tracked(post, track):
    await track(track_opens=True, track_clicks=True)
    _, mail = await post.send(template_id=await post.template(), bulk=False)
    assert "/p/open/" not in html_of(mail) and "/p/click/" not in html_of(mail)


async def test_a_click_leads_nowhere_but_where_the_message_said(post, web, track):
    """Without the URL in the signature this is an open redirect."""
    await track(track_clicks=True)
    _, mail = await post.send(template_id=await post.template())
    (click,) = [unescape(url) for url in re.findall(r'href="([^"]+)"', html_of(mail)) if "/p/click/" in url]
    token = click.partition("?")[0]
    for other in (
        "https://evil.example/",
        "https://shop.example/sale?a=1&b=3",
        "",
        "//evil.example",
        "javascript:1",
    ):
        assert (await web.get(f"{token}?u={quote(other, safe='')}")).status_code == 404
    assert (await web.get(token)).status_code == 404
    assert (await web.get(click)).status_code == 302


@pytest.mark.parametrize("kind", ["open", "click"])
async def test_a_link_that_is_fetched_all_the_time_is_served_and_seldom_taken_to_the_database(
    post, web, track, ann, database, tenant, kind
):
    """Each fetch finds nothing noted; all of them were noted, a transaction each."""
    await track(track_opens=True, track_clicks=True)
    _, mail = await post.send(template_id=await post.template(), profile_id=await known(database, tenant))
    (link,) = re.findall(rf'"([^"]+/p/{kind}/[^"]+)"', html_of(mail))
    noted = 0
    for _ in range(NOTES_PER_MINUTE * 3):
        assert (await web.get(unescape(link))).status_code in (200, 302)
        async with database.owner() as tx:
            noted += await tx.fetchval(
                "SELECT count(opened_us) + count(clicked_us) FROM send WHERE workspace_id = $1",
                tenant.workspace_id,
            )
            await tx.execute(
                "UPDATE send SET opened_us = NULL, clicked_us = NULL WHERE workspace_id = $1",
                tenant.workspace_id,
            )
    assert NOTES_PER_MINUTE <= noted <= NOTES_PER_MINUTE + 2


#: The disk is full; the statement took too long; two waited for each other.
PASSES = ["53100", "57014", "40P01"]


@pytest.mark.parametrize("sqlstate", PASSES)
async def test_while_nothing_can_be_written_links_lead_on_and_who_unsubscribes_is_asked_to_come_again(
    post, web, track, database, tenant, sqlstate
):
    """Each of these was a 500: a page that does not come, and a one-click that mail services do not try again."""
    await track(track_opens=True, track_clicks=True)
    _, mail = await post.send(template_id=await post.template())
    (pixel,), (click,) = (
        re.findall(rf'"([^"]+/p/{kind}/[^"]+)"', html_of(mail)) for kind in ("open", "click")
    )
    async with failing(database, tenant.workspace_id, "send", sqlstate):
        shown, led = await web.get(pixel), await web.get(unescape(click))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/gif")
    assert (led.status_code, led.headers["location"]) == (302, "https://shop.example/sale?a=1&b=2")
    async with failing(database, tenant.workspace_id, "suppression", sqlstate):
        refused = await web.post(unsubscribe_url(mail), **ONE_CLICK)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert (await web.post(unsubscribe_url(mail), **ONE_CLICK)).status_code == 200
