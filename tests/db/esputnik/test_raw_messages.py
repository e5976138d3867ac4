"""eSputnik's messages that are sent as they stand, and what became of any message."""

import pytest

from clarion import messaging
from tests.db.esputnik.sending import SHOP, STATUS, Outbox, prepare, said, smartsend, to

EMAIL, SMS, VIBER = (f"/api/v1/message/{channel}" for channel in ("email", "sms", "viber"))
HELLO = {"subject": "Hi, $name", "htmlText": "<p>#if 5% & $data</p>"}


@pytest.fixture
def outbox(database, vaults, ids, tenant):
    return Outbox(database, vaults, ids, tenant)


async def test_an_email_is_sent_as_it_stands(ask, outbox):
    """What looks like a template is text."""
    told = await ask(
        "POST", EMAIL, HELLO | {"from": SHOP, "emails": ["ann@example.com"], "tags": ["receipt"]}
    )
    request = told["results"].pop("requestId")
    assert told == {"id": "0", "results": {"id": "0", "locator": "ann@example.com", "status": "OK"}}
    (landed,) = await outbox.landed()
    assert (str(landed.send_id), landed.title) == (request, "Hi, $name")
    assert said(landed) == "From: Shop <shop@example.com>\n<p>#if 5% & $data</p>"
    assert b"X-Tag: receipt" in landed.raw
    (send,) = await outbox.sends()
    assert (send.message_class, send.cause_kind) == ("transactional", "call")


async def test_a_plain_text_is_enough(ask, outbox):
    await ask("POST", EMAIL, {"subject": "Hi", "plainText": "Hello, Ann", "emails": ["ann@example.com"]})
    (landed,) = await outbox.landed()
    assert b"Hello, Ann" in landed.raw and b"text/html" not in landed.raw


@pytest.mark.parametrize(("path", "channel"), [(SMS, "sms"), (VIBER, "viber")])
async def test_sms_and_viber_are_sent_as_they_stand(ask, outbox, path, channel):
    body = {"from": "Shop", "text": "Code $7", "phoneNumbers": ["447911123456", "x", 447911123457]}
    told = await ask("POST", path, body)
    assert [(one["locator"], one["status"], one.get("message")) for one in told["results"]] == [
        ("447911123456", "OK", None), ("x", "ERROR", "'x' is not valid phone"), ("447911123457", "OK", None)
    ]  # fmt: skip
    first, second = await outbox.landed()
    assert (first.channel, first.recipient, second.recipient) == (channel, "+447911123456", "+447911123457")
    assert "Code $7" in said(first)


async def test_what_viber_has_beside_its_text_reaches_the_gateways_template(
    ask, outbox, database, tenant, vaults, ids
):
    more = {
        "img": "https://x.example/a.png",
        "caption": "Buy",
        "action": "https://x.example",
        "ttlSeconds": 60,
    }
    await ask("POST", VIBER, {"text": "Hi", "phoneNumbers": ["447911123456"]} | more)
    seen = []

    class Gateway:
        async def check(self, config):
            pass

        async def send(self, message, config, *, committing):
            await committing()
            seen.append(message)
            return messaging.Accepted("r")

        def again_within_s(self, config):
            return 0

    await messaging.Delivery(database, vaults, ids, {"mailbox": Gateway()}).work_off(tenant.workspace_id)
    (message,) = seen
    assert message.values == more
    (send,) = await outbox.sends()
    assert send.expires_us - send.due_us == pytest.approx(60_000_000, abs=5_000_000)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (EMAIL, HELLO | {"emails": []}, "emails must have at least 1 element"),
        (EMAIL, HELLO | {"emails": ["a@b.co"] * 1_001}, "emails must have at most 1000 elements"),
        (EMAIL, {"subject": "Hi", "emails": ["a@b.co"]}, "htmlText is required, or plainText"),
        (EMAIL, {"htmlText": "Hi", "emails": ["a@b.co"]}, "subject is required"),
        (EMAIL, HELLO | {"subject": "a\r\nBcc: x@b.co", "emails": ["a@b.co"]},
         "subject must not have a line's end or a control character"),
        (EMAIL, HELLO | {"from": "Shop", "emails": ["a@b.co"]},
         "from: 'Shop' is not an e-mail address, nor `Name <address>`"),
        (EMAIL, {"subject": "Hi", "htmlText": "x" * 1_000_000, "emails": ["a@b.co"] * 100},
         "The message times its recipients is more than 32 MB: send to fewer at once"),
        (SMS, {"text": "Hi"}, "phoneNumbers must hold 1 to 1000 numbers"),
        (SMS, {"text": "Hi", "groupId": 5}, "groupId is not spoken by this server: give phoneNumbers"),
        (VIBER, {"text": "\0", "phoneNumbers": ["447911123456"]}, "A text must not contain the character U+0000"),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_to_anybody_is_400_and_nothing_is_planned(
    refused, outbox, path, body, told
):
    assert await refused("POST", path, body) == (400, told)
    assert await outbox.counts() == {}


async def test_what_became_of_messages_is_told_however_they_began(ask, outbox, database, tenant, ids):
    """On any channel; by commas or repeated; of an automation's message too, whose id its lists show."""
    mail = (await ask("POST", EMAIL, HELLO | {"emails": ["a@b.co"]}))["results"]["requestId"]
    sms = (await ask("POST", SMS, {"text": "Hi", "phoneNumbers": ["447911123456"]}))["results"]["requestId"]
    async with database.app(tenant.workspace_id) as tx:
        template = await messaging.find_template(tx, tenant.workspace_id, await prepare(ask))
        wish = messaging.PlannedSend(
            key="a", cause=messaging.Cause("automation", ids.next()), channel="email",
            template_id=template.template_id, recipient="c@d.co",
        )  # fmt: skip
        (planned,) = await messaging.plan(tx, tenant.workspace_id, [wish], vault=tenant.vault, ids=ids)
    await outbox.deliver()
    later = (await ask("POST", EMAIL, HELLO | {"emails": ["e@f.co"]}))["results"]["requestId"]
    asked = f"{mail},{sms}, {planned.send_id.hex}&ids={later}&ids={ids.next()}"
    told = (await ask("GET", STATUS + asked))["results"]
    assert [(one["requestId"], one["status"]) for one in told] == [
        (mail, "SENT"), (sms, "SENT"), (str(planned.send_id), "SENT"), (later, "SCHEDULED"),
    ]  # fmt: skip
    assert {(one["failed"], one["delivered"]) for one in told} == {("false", "false")}


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("delivered", ("DELIVERED", "false", "true")),
        ("bounced", ("UNDELIVERED", "true", "false")),
        ("unknown", ("UNKNOWN", "false", "false")),
    ],
)
async def test_a_report_of_the_provider_is_told(ask, outbox, database, tenant, state, told):
    request = (await ask("POST", EMAIL, HELLO | {"emails": ["a@b.co"]}))["results"]["requestId"]
    async with database.owner() as tx:
        await tx.execute("UPDATE send SET state = $2 WHERE workspace_id = $1", tenant.workspace_id, state)
    assert (await ask("GET", STATUS + request))["results"] == {
        "status": told[0], "requestId": request, "failed": told[1], "delivered": told[2]
    }  # fmt: skip


async def test_the_older_status_calls_know_their_own_channel(ask, refused):
    request = (await ask("POST", SMS, {"text": "Hi", "phoneNumbers": ["447911123456"]}))["results"][
        "requestId"
    ]
    assert (await ask("GET", f"{SMS}/status?ids={request}"))["results"]["status"] == "SCHEDULED"
    for path in (EMAIL, VIBER):
        told = await refused("GET", f"{path}/status?ids={request}")
        assert told == (404, "None of these messages was found")


async def test_nobody_asks_after_another_workspaces_messages(ask, knock, new_tenant, outbox):
    number = await prepare(ask)
    (one,) = await smartsend(ask, number, to("ann@example.com"))
    other = await new_tenant("esputnik")
    for method, path, body in (
        ("GET", STATUS + one["requestId"], None),
        ("POST", f"/api/v1/message/{number}/smartsend", {"recipients": [to("ann@example.com")]}),
        ("GET", f"/api/v1/messages/email/{number}", None),
        ("DELETE", f"/api/v1/messages/email/{number}", None),
    ):
        assert (await knock(other, method, path, body)).status_code == 404
