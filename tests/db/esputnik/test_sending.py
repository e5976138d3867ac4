"""eSputnik's calls that send, at the composed door: what is planned, who it is for, what lands."""

import asyncio

import pytest

from clarion import events, messaging, profiles
from clarion.model import Source
from tests.db.esputnik.conftest import OUTBOX_MAX
from tests.db.esputnik.requests import ANN, CONTACT, emailed
from tests.db.esputnik.sending import SHOP, STATUS, Outbox, prepare, said, smartsend, to


@pytest.fixture
def outbox(database, vaults, ids, tenant):
    return Outbox(database, vaults, ids, tenant)


async def test_the_pages_story_two_recipients_with_different_items(ask, outbox):
    """Prepared, sent to two, each with items of its own; no workflow is needed."""
    number = await prepare(ask, subject="$!data.get('discount') off", **{"from": SHOP})
    ann = to("ann@example.com", discount="5%", field_name="0", items=[{"name": "Cup", "price": 5}])
    bob = to("bob@example.com", discount="7%", field_name="1",
             items=[{"name": "Pot", "price": 12}, {"name": "<Lid>", "price": 3}])  # fmt: skip
    told = await ask("POST", f"/api/v1/message/{number}/smartsend", {"recipients": [ann, bob]})
    assert told["id"] == 0
    assert [(one["id"], one["locator"], one["status"]) for one in told["results"]] == [
        (0, "ann@example.com", "OK"),
        (0, "bob@example.com", "OK"),
    ]
    first, second = await outbox.landed()
    assert [str(one.send_id) for one in (first, second)] == [one["requestId"] for one in told["results"]]
    assert (first.recipient, first.title) == ("ann@example.com", "5% off")
    assert (second.recipient, second.title) == ("bob@example.com", "7% off")
    shown = [said(one) for one in (first, second)]
    assert "<p>5% off</p><b>zero</b><ul><li>Cup: 5</li></ul>" in shown[0]
    assert "<p>7% off</p><ul><li>Pot: 12</li><li>&lt;Lid&gt;: 3</li></ul>" in shown[1]
    assert all("From: Shop <shop@example.com>" in one for one in shown)


async def test_one_recipient_is_answered_alone_and_its_status_too(ask, outbox):
    number = await prepare(ask)
    told = await ask("POST", f"/api/v1/message/{number}/smartsend/", {"recipients": [to("test@gmail.com")]})
    request = told["results"]["requestId"]
    assert told == {
        "id": "0",
        "results": {"id": "0", "locator": "test@gmail.com", "status": "OK", "requestId": request},
    }
    assert await ask("GET", STATUS + request) == {
        "results": {"status": "SCHEDULED", "requestId": request, "failed": "false", "delivered": "false"}
    }


async def test_every_recipient_in_has_an_outcome_out(ask, outbox):
    """One that is wrong stops no other; what is queued is planned, and nothing else."""
    number = await prepare(ask, htmlText="<p>$!data.get('a')</p>")
    results = await smartsend(
        ask, number, to("ann@example.com", a=1), {"locator": "bob@example.com", "jsonParam": "{a}"},
        to("bob@"), 7, {"contactId": 99}, {}, to("ann@example.com", a=2), {"contactId": "x"},
    )  # fmt: skip
    assert [(one["status"], one.get("message")) for one in results] == [
        ("OK", None),
        ("ERROR", "jsonParam is not a JSON object"),
        ("ERROR", "'bob@' is not valid email"),
        ("ERROR", "A recipient must be an object"),
        ("ERROR", "Contact with id='99' not found"),
        ("ERROR", "Either contactId or locator is required"),
        ("OK", None),
        ("ERROR", "An id must be a number, not 'x'"),
    ]
    assert [one["id"] for one in results] == [0] * 8
    landed = await outbox.landed()
    assert [one.recipient for one in landed] == ["ann@example.com", "ann@example.com"]
    assert ["<p>1</p>" in said(landed[0]), "<p>2</p>" in said(landed[1])] == [True, True]


@pytest.mark.parametrize("count", [0, 1_001])
async def test_1_to_1000_recipients(ask, refused, outbox, count):
    number = await prepare(ask)
    body = {"recipients": [to(f"p{n}@example.com") for n in range(count)]}
    assert await refused("POST", f"/api/v1/message/{number}/smartsend", body) == (
        400, "recipients must hold 1 to 1000 recipients",
    )  # fmt: skip
    assert await outbox.counts() == {}


async def test_a_thousand_are_planned_in_one_call(ask, outbox):
    number = await prepare(ask)
    results = await smartsend(ask, number, *(to(f"p{n}@example.com", n=n) for n in range(1_000)))
    assert {one["status"] for one in results} == {"OK"}
    planned = {str(one.send_id): one.recipient for one in await outbox.sends()}
    assert planned == {one["requestId"]: f"p{n}@example.com" for n, one in enumerate(results)}


async def test_an_unknown_message_is_404_and_nothing_is_made_of_its_recipients(ask, refused, outbox):
    body = {"recipients": [to("new@example.com")]}
    for number in ("77", "x", "99999999999"):
        told = await refused("POST", f"/api/v1/message/{number}/smartsend", body)
        assert told == (404, f"Message with id='{number}' not found")
    assert await ask("GET", "/api/v1/contacts?email=new@example.com") == []


@pytest.mark.parametrize("channel", ["sms", "viber"])
async def test_sms_and_viber_go_to_phone_numbers(ask, outbox, channel):
    number = await prepare(ask, channel)
    results = await smartsend(
        ask, number, to("447911123456", code="7"), to("ann@example.com"), to("447911123457") | {"email": True}
    )
    assert [one["status"] for one in results] == ["OK", "ERROR", "ERROR"]
    assert results[1]["message"] == "'ann@example.com' is not valid phone"
    assert results[2]["message"] == f"The message is for {channel}; email: true says otherwise"
    (landed,) = await outbox.landed()
    assert (landed.channel, landed.recipient) == (channel, "+447911123456")
    assert "7" in said(landed)


async def test_a_repeated_call_sends_once_more(ask, outbox):
    """The vendor knows no repeats here: two calls are two messages."""
    number = await prepare(ask)
    for _ in range(2):
        await smartsend(ask, number, to("ann@example.com"), externalRequestId="same")
    assert len(await outbox.landed()) == 2


async def test_a_known_address_is_its_contacts_and_a_new_one_makes_a_contact(ask, outbox):
    """Found by what identifies it, or only reaches; a new one has its channel and nothing else."""
    ann = int((await ask("POST", CONTACT, ANN))["id"])
    number, text = await prepare(ask, htmlText="<p>$!profile.first_name</p>"), await prepare(ask, "sms")
    await smartsend(ask, number, to("Ann@example.com"), to("new@example.com"))
    await smartsend(ask, text, to("447911123456", code="1"), to("447911123999", code="2"))
    landed = await outbox.landed()
    assert "<p>Ann</p>" in said(landed[0]), "her e-mail"
    people = [one.profile_id for one in await outbox.sends()]
    assert people[0] == people[2] and len(set(people)) == 3, "her phone only reaches, and is hers"
    assert [one["id"] for one in await ask("GET", "/api/v1/contacts?email=ann@example.com")] == [ann]
    (new,) = await ask("GET", "/api/v1/contacts?email=new@example.com")
    assert new["channels"] == [{"type": "email", "value": "new@example.com"}]
    (phone,) = await ask("GET", "/api/v1/contacts?sms=447911123999")
    assert phone["channels"] == [{"type": "sms", "value": "+447911123999"}]


async def test_a_contact_is_reached_where_it_was_told_last(ask, outbox):
    ann = int((await ask("POST", CONTACT, ANN))["id"])
    only_sms = {"channels": [{"type": "sms", "value": "447911123999"}]}
    nobody = int((await ask("POST", CONTACT, only_sms))["id"])
    gone = int((await ask("POST", CONTACT, emailed("gone")))["id"])
    await ask("DELETE", f"{CONTACT}/{gone}")
    number = await prepare(ask, htmlText="<p>$!profile.first_name</p>")
    results = await smartsend(
        ask, number, {"contactId": ann}, {"contactId": str(ann), "locator": "else@example.com"},
        {"contactId": nobody}, {"contactId": gone},
    )  # fmt: skip
    assert [(one["locator"], one["status"]) for one in results[:2]] == [
        ("ann@example.com", "OK"), ("else@example.com", "OK"),
    ]  # fmt: skip
    assert [one["message"] for one in results[2:]] == [
        f"Contact with id='{nobody}' has no email", f"Contact with id='{gone}' not found",
    ]  # fmt: skip
    landed = await outbox.landed()
    assert [one.recipient for one in landed] == ["ann@example.com", "else@example.com"]
    assert all("<p>Ann</p>" in said(one) for one in landed)


async def test_an_unsubscribed_address_gets_no_bulk_mail_and_still_its_receipt(
    ask, outbox, database, tenant, ids
):
    """Whoever has it. The control: once it is off the list, bulk mail goes there."""
    number = await prepare(ask)
    await ask("POST", "/api/v1/emails/unsubscribed/add", {"emails": ["ann@example.com"]})

    async def bulk(key):
        async with database.app(tenant.workspace_id) as tx:
            template = await messaging.find_template(tx, tenant.workspace_id, number)
            wish = messaging.PlannedSend(
                key=key, cause=messaging.Cause("campaign"), channel="email", template_id=template.template_id,
                recipient="ann@example.com",
            )  # fmt: skip
            await messaging.plan(tx, tenant.workspace_id, [wish], vault=tenant.vault, ids=ids)

    await bulk("first")
    await smartsend(ask, number, to("ANN@example.com"))
    assert len(await outbox.landed()) == 1
    news, receipt = await outbox.sends()
    assert (news.state, news.reason, news.message_class) == ("suppressed", "unsubscribed", "marketing")
    assert (receipt.state, receipt.message_class) == ("accepted", "transactional")
    await ask("POST", "/api/v1/emails/unsubscribed/delete", {"emails": ["ann@example.com"]})
    await bulk("second")
    assert len(await outbox.landed()) == 2


async def test_nothing_goes_to_an_address_that_bounced_and_its_status_says_failed(
    ask, outbox, database, tenant, ids
):
    number = await prepare(ask)
    async with database.app(tenant.workspace_id) as tx:
        await profiles.suppress(
            tx, tenant.workspace_id, "email", ["ann@example.com"], reason=profiles.Reason.HARD_BOUNCE,
            source=Source.ESPUTNIK, vault=tenant.vault, ids=ids,
        )  # fmt: skip
    (one,) = await smartsend(ask, number, to("ann@example.com"))
    assert await outbox.landed() == []
    assert (await ask("GET", STATUS + one["requestId"]))["results"] == {
        "status": "UNDELIVERED", "requestId": one["requestId"], "failed": "true", "delivered": "false"
    }  # fmt: skip


async def test_a_message_that_cannot_be_written_for_one_is_sent_to_the_others(ask, outbox):
    """A missing index is an error at sending, as the vendor says."""
    number = await prepare(ask, htmlText="<p>$data.get('items').get(0).get('name')</p>")
    ann, bob = await smartsend(
        ask, number, to("ann@example.com", items=[]), to("bob@example.com", items=[{"name": "Cup"}])
    )
    (landed,) = await outbox.landed()
    assert landed.recipient == "bob@example.com"
    told = await ask("GET", f"{STATUS}{ann['requestId']},{bob['requestId']}")
    assert [(one["status"], one["failed"]) for one in told["results"]] == [
        ("UNDELIVERED", "true"), ("SENT", "false"),
    ]  # fmt: skip


async def test_a_reader_gets_the_text_in_the_language_that_the_caller_says(ask, outbox):
    number = await prepare(ask, htmlText="<p>Hello</p>")
    await ask("PUT", f"/api/v1/messages/email/{number}/uk", {"subject": "Вітаю", "htmlText": "<p>x</p>"})
    await smartsend(
        ask, number, to("a@example.com") | {"languageCode": "uk"}, to("b@example.com") | {"languageCode": "uk-UA"},
        to("c@example.com") | {"languageCode": "de"}, to("d@example.com"),
    )  # fmt: skip
    assert [one.title for one in await outbox.landed()] == ["Вітаю", "Вітаю", "Hello", "Hello"]


async def test_the_senders_name_may_be_the_calls(ask, outbox, refused):
    number = await prepare(ask, **{"from": SHOP})
    await smartsend(ask, number, to("a@example.com"), fromName="Ann of the Shop")
    (landed,) = await outbox.landed()
    assert "From: Ann of the Shop <shop@example.com>" in said(landed)
    body = {"recipients": [to("a@example.com")], "fromName": "a\r\nBcc: x@example.com"}
    told = await refused("POST", f"/api/v1/message/{number}/smartsend", body)
    assert told == (400, "fromName must not have a line's end or a control character")


async def test_a_full_outbox_is_told_and_nothing_is_planned(ask, knock, tenant, outbox, database):
    """Full of its channel's own receipts: neither another channel's nor a campaign's backlog holds them up."""
    number, text = await prepare(ask), await prepare(ask, "sms")

    async def waiting(message_class, sends):
        async with database.owner() as tx:
            await tx.execute(
                "INSERT INTO send (workspace_id, send_id, send_key, cause_kind, channel, class, due_us, changed_us) "
                "SELECT $1, gen_random_uuid(), gen_random_uuid(), 'call', 'email', $2, 0, 0 "
                "FROM generate_series(1, $3::int)", tenant.workspace_id, message_class, sends,
            )  # fmt: skip

    path, body = f"/api/v1/message/{number}/smartsend", {"recipients": [to("a@example.com")]}
    await waiting("marketing", OUTBOX_MAX)
    await waiting("transactional", OUTBOX_MAX - 1)
    assert (await knock(tenant, "POST", path, body)).status_code == 200
    told = await knock(tenant, "POST", path, body | {"recipients": [to("b@example.com")]})
    assert (told.status_code, told.headers["retry-after"]) == (503, "30")
    assert (await outbox.counts())["planned"] == 2 * OUTBOX_MAX
    assert await ask("GET", "/api/v1/contacts?email=b@example.com") == []
    (one,) = await smartsend(ask, text, to("447911123456"))
    assert one["status"] == "OK"


async def test_an_erasure_takes_what_was_to_be_sent(ask, outbox, work_off):
    """Also of an address that was nobody's before."""
    number = await prepare(ask)
    (one,) = await smartsend(ask, number, to("new@example.com", secret="told"))
    (contact,) = await ask("GET", "/api/v1/contacts?email=new@example.com")
    await ask("DELETE", f"{CONTACT}/{contact['id']}?erase=true")
    await work_off()
    assert await outbox.landed() == []
    (send,) = await outbox.sends()
    assert (send.recipient, send.state, send.reason) == (None, "suppressed", "no_person")
    assert (await ask("GET", STATUS + one["requestId"]))["results"]["status"] == "UNDELIVERED"


async def test_who_is_erased_while_a_call_looks_for_them_is_not_found(
    ask, knock, outbox, database, tenant, ids
):
    """Seen to be planned for the erased person: their erasure may have looked for messages by then."""
    contact = int((await ask("POST", CONTACT, ANN))["id"])
    number = await prepare(ask)
    await smartsend(ask, number, {"contactId": contact})
    (known,) = await outbox.sends()
    path, body = f"/api/v1/message/{number}/smartsend", {"recipients": [{"contactId": contact}]}
    async with database.owner() as tx:
        await events.erase_person(
            tx, tenant.workspace_id, known.profile_id, actor="test", vault=tenant.vault, ids=ids
        )
        asking = asyncio.create_task(knock(tenant, "POST", path, body))
        await asyncio.wait({asking}, timeout=0.3)
    result = (await asking).json()["results"]
    assert (result["status"], result["message"]) == ("ERROR", f"Contact with id='{contact}' not found")
    assert len(await outbox.sends()) == 1
