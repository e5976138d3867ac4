"""eSputnik's prepared messages: templates, kept and found under small numbers."""

import asyncio
import json

import pytest

from clarion import automations, messaging
from clarion.app.acting import templates
from clarion.automations import read
from tests.db.esputnik.sending import EMAILS, SHOP, Outbox, prepare, smartsend, to

WORKFLOW = {
    "trigger": {"type": "event", "metric": "m"},
    "start": "mail",
    "nodes": {"mail": {"type": "send", "template": "for email", "next": "end"}, "end": {"type": "exit"}},
}


@pytest.fixture
def outbox(database, vaults, ids, tenant):
    return Outbox(database, vaults, ids, tenant)


async def test_a_message_is_kept_shown_and_found(ask):
    made = await ask("POST", EMAILS, {
        "name": "Order shipped", "from": SHOP, "subject": "Your order", "htmlText": "<p>Hi</p>", "tags": ["orders"],
    })  # fmt: skip
    shown = await ask("GET", f"{EMAILS}/{made['id']}")
    assert shown == {
        "id": made["id"], "name": "Order shipped", "from": SHOP, "subject": "Your order", "htmlText": "<p>Hi</p>",
        "plainText": None, "preheader": "", "tags": ["orders"], "languages": [],
    }  # fmt: skip
    for word in ("", "shipped", "SHIP", "ord"):
        assert await ask("GET", f"{EMAILS}?search={word}") == [shown]
    assert await ask("GET", f"{EMAILS}?search=else") == []


async def test_each_channel_has_its_own(ask, refused, knock, tenant):
    email, sms = await prepare(ask), await prepare(ask, "sms")
    assert [one["id"] for one in await ask("GET", EMAILS)] == [email]
    assert await ask("GET", "/api/v1/messages/sms") == [
        {
            "id": sms,
            "name": "for sms",
            "from": None,
            "text": "$!data.get('code')",
            "tags": [],
            "languages": [],
        }
    ]
    assert await ask("GET", "/api/v1/messages/viber") == []
    assert await refused("GET", f"{EMAILS}/{sms}") == (404, f"Message with id='{sms}' not found")


async def test_pages_are_told_with_how_many_there_are(knock, tenant, ask):
    numbers = [await prepare(ask, name=f"m {n}") for n in range(5)]
    page = await knock(tenant, "GET", f"{EMAILS}?startindex=2&maxrows=2")
    assert [one["id"] for one in page.json()] == [numbers[3], numbers[2]]
    assert page.headers["totalcount"] == "5"


async def test_what_is_named_is_changed_and_the_rest_stays(ask, outbox):
    """The id stays under another name; what was planned is written as it was."""
    number = await prepare(ask, htmlText="<p>one</p>", tags=["a"], **{"from": SHOP})
    await smartsend(ask, number, to("ann@example.com"))
    assert await ask("PUT", f"{EMAILS}/{number}", {"name": "renamed", "htmlText": "<p>two</p>"}) == {
        "id": number
    }
    shown = await ask("GET", f"{EMAILS}/{number}")
    assert (shown["name"], shown["subject"], shown["htmlText"]) == ("renamed", "Hello", "<p>two</p>")
    assert (shown["tags"], shown["from"]) == (["a"], SHOP)
    await smartsend(ask, number, to("bob@example.com"))
    first, second = await outbox.landed()
    assert b"<p>one</p>" in first.raw and b"<p>two</p>" in second.raw


async def test_a_language_is_added_and_taken_away(ask, refused):
    number = await prepare(ask)
    text = {"subject": "Вітаю", "htmlText": "<p>x</p>"}
    await ask("PUT", f"{EMAILS}/{number}/uk", text)
    await ask("PUT", f"{EMAILS}/{number}/uk", {"subject": "Ще раз"})
    assert (await ask("GET", f"{EMAILS}/{number}"))["languages"] == ["uk"]
    await ask("DELETE", f"{EMAILS}/{number}/uk")
    assert (await ask("GET", f"{EMAILS}/{number}"))["languages"] == []
    assert await refused("DELETE", f"{EMAILS}/{number}/uk") == (
        404, f"Message with id='{number}' has no text in uk",
    )  # fmt: skip
    assert (await refused("PUT", f"{EMAILS}/{number}/u", text))[0] == 400


async def test_a_deleted_message_is_gone_and_what_was_planned_is_sent(ask, refused, outbox):
    """Its name is free again, its number is not."""
    number = await prepare(ask)
    await smartsend(ask, number, to("ann@example.com"))
    assert await ask("DELETE", f"{EMAILS}/{number}") == {"id": number}
    gone = (404, f"Message with id='{number}' not found")
    assert await refused("GET", f"{EMAILS}/{number}") == gone
    assert await refused("PUT", f"{EMAILS}/{number}", {"subject": "x"}) == gone
    assert await refused("DELETE", f"{EMAILS}/{number}") == gone
    assert (
        await refused("POST", f"/api/v1/message/{number}/smartsend", {"recipients": [to("a@b.co")]}) == gone
    )
    assert await ask("GET", EMAILS) == []
    assert len(await outbox.landed()) == 1
    assert await prepare(ask) > number


async def test_what_a_workflow_sends_is_neither_deleted_nor_renamed(ask, refused, database, tenant, ids):
    number = await prepare(ask)
    workspace_id, now_us = tenant.workspace_id, database.now_us()
    definition = read(json.dumps(WORKFLOW))
    async with database.owner() as tx:
        made = await automations.draft(
            tx, workspace_id, "Welcome", definition, by="test", ids=ids, now_us=now_us
        )
        await automations.publish(
            tx, workspace_id, made.automation_id, find_templates=templates, now_us=now_us
        )
    told = (409, f"Message with id='{number}' is sent by the workflow Welcome")
    assert await refused("DELETE", f"{EMAILS}/{number}") == told
    assert await refused("PUT", f"{EMAILS}/{number}", {"name": "else"}) == told
    await ask("PUT", f"{EMAILS}/{number}", {"subject": "else"})
    async with database.owner() as tx:
        await automations.archive(tx, workspace_id, made.automation_id, now_us=now_us)
    await ask("DELETE", f"{EMAILS}/{number}")


@pytest.mark.parametrize(
    ("wish", "status", "told"),
    [
        ({"name": "for email"}, 409, "There is a message named for email already"),
        ({"name": "77"}, 400, "name must have a letter"),
        ({"name": ""}, 400, "name must have at least 1 character"),
        ({"name": "x", "htmlText": "#if($data.get('a'))"}, 400, None),
        ({"name": "x", "subject": ""}, 400, "subject and htmlText are required"),
        ({"name": "x", "htmlText": None}, 400, "subject and htmlText are required"),
        ({"name": "x", "tags": ["\0"]}, 400, "A text must not contain the character U+0000"),
        ({"name": "x", "from": "Shop"}, 400, "from: 'Shop' is not an e-mail address, nor `Name <address>`"),
    ],
)
async def test_what_cannot_be_sent_cannot_be_kept(ask, refused, wish, status, told):
    await prepare(ask)
    answered, said = await refused("POST", EMAILS, {"subject": "Hi", "htmlText": "<p>Hi</p>"} | wish)
    assert answered == status
    assert told is None or said == told
    assert len(await ask("GET", EMAILS)) == 1


async def test_two_changes_at_once_are_both_there(ask, database, tenant):
    """Read and written under a lock; without it one takes the other's language away."""
    number = await prepare(ask)
    languages = ["uk", "de", "fr", "pl", "es", "it"]
    text = {"subject": "x", "htmlText": "<p>x</p>"}
    await asyncio.gather(*(ask("PUT", f"{EMAILS}/{number}/{one}", text) for one in languages))
    assert (await ask("GET", f"{EMAILS}/{number}"))["languages"] == sorted(languages)
    async with database.app(tenant.workspace_id) as tx:
        found = await messaging.find_template(tx, tenant.workspace_id, number)
    assert found.version == 7


async def test_of_messages_that_are_made_at_once_under_one_name_one_is_kept(ask, knock, tenant):
    """The others are told so; without a look at the version each is told the same id, and the last is what is kept."""
    wishes = [{"name": "Hello", "subject": f"{n}", "htmlText": "<p>Hi</p>"} for n in range(6)]
    sms = {"name": "Hello", "text": "Hi"}
    answers = await asyncio.gather(
        *(knock(tenant, "POST", EMAILS, wish) for wish in wishes),
        *(knock(tenant, "POST", "/api/v1/messages/sms", sms) for _ in range(6)),
    )
    assert sorted(one.status_code for one in answers) == [200] + [409] * 11
    made = next(n for n, one in enumerate(answers) if one.status_code == 200)
    kept = await ask("GET", EMAILS) + await ask("GET", "/api/v1/messages/sms")
    assert [one["id"] for one in kept] == [answers[made].json()["id"]]
    assert made >= len(wishes) or kept[0]["subject"] == wishes[made]["subject"]
