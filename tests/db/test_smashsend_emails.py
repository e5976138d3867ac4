"""SMASHSEND's e-mails and templates, through the door as it is composed, to the mailbox."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from clarion import events, messaging
from clarion.dialects.smashsend.emails import mapping
from clarion.events import Ingest
from clarion.messaging import Email, MessageClass, State, TemplateWish
from tests.db.conftest import knocking

RAW = {
    "from": "Shop <hello@shop.example>",
    "to": "Ann@Example.com",
    "subject": "Your order has shipped!",
    "html": "<h1>Great news</h1>",
}


@pytest.fixture
def ask(knock, tenant):
    async def asking(method: str, path: str, body: Any = None, **beside: Any) -> Any:
        answer = await knock(tenant, method, path, body, **beside)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asking


@pytest.fixture
def refused(knock, tenant):
    async def refusing(method: str, path: str, body: Any = None, **beside: Any) -> tuple[int, str]:
        answer = await knock(tenant, method, path, body, **beside)
        told = answer.json()
        assert set(told) == {"statusCode", "error", "message"}
        assert told["statusCode"] == answer.status_code
        return answer.status_code, told["message"]

    return refusing


@pytest.fixture
def sends(database, tenant, vaults):
    async def read() -> list[Any]:
        vault = await vaults.of(tenant.workspace_id)
        async with database.app(tenant.workspace_id) as tx:
            found = await messaging.list_sends(tx, tenant.workspace_id, vault=vault, before=LAST, limit=100)
        return sorted(found, key=lambda one: one.send_id)

    return read


@pytest.fixture
def template(database, tenant, ids):
    async def save(name: str = "welcome-email", **fields: Any) -> Any:
        texts = {"": Email(subject="Hi $!firstName", html="<p>$!data.get('plan')</p>")}
        wish = TemplateWish(name=name, **{"channel": "email", "texts": texts} | fields)
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.save_template(tx, tenant.workspace_id, wish, ids=ids)

    return save


LAST = UUID(int=(1 << 128) - 1)


async def test_a_raw_email_is_planned_as_transactional_and_answered(ask, sends, tenant):
    told = (await ask("POST", "/v1/emails", RAW | {"previewText": "on its way", "groupBy": "shipped"}))[
        "email"
    ]
    (send,) = await sends()
    assert told == {
        "messageId": f"msg_{send.send_id.hex}", "status": "SCHEDULED", "to": "Ann@Example.com", "type": "raw",
        "from": "Shop <hello@shop.example>", "subject": "Your order has shipped!", "groupBy": "shipped",
    }  # fmt: skip
    assert send.message_class is MessageClass.TRANSACTIONAL
    assert send.recipient == "ann@example.com"
    assert (send.kept.sender, send.kept.sender_name) == ("hello@shop.example", "Shop")
    assert send.kept.content == Email(
        subject="Your order has shipped!", html="<h1>Great news</h1>", preheader="on its way"
    )
    assert (send.cause_kind, send.cause_id) == ("call", tenant.credential.credential_id)


async def test_a_key_sends_once_and_answers_the_first_answer_again(ask, refused, sends):
    wish = RAW | {"idempotencyKey": "order-1"}
    first = await ask("POST", "/v1/emails", wish)
    assert await ask("POST", "/v1/emails", dict(reversed(wish.items()))) == first, "keys in any order"
    assert await refused("POST", "/v1/emails", wish | {"subject": "Another"}) == (
        409, '"idempotencyKey" was used for another email'
    )  # fmt: skip
    assert len(await sends()) == 1
    await ask("POST", "/v1/emails", RAW)
    await ask("POST", "/v1/emails", RAW)
    assert len(await sends()) == 3, "without a key each is its own"


async def test_a_key_used_at_once_by_many_sends_once(ask, sends):
    wish = RAW | {"idempotencyKey": "k", "contactProperties": {"firstName": "Ann"}}
    answers = await asyncio.gather(*(ask("POST", "/v1/emails", wish) for _ in range(8)))
    assert len({one["email"]["messageId"] for one in answers}) == 1
    assert len(await sends()) == 1


async def test_a_repeat_does_not_write_the_contact_again(ask):
    wish = RAW | {"idempotencyKey": "k", "contactProperties": {"plan": "old"}}
    await ask("POST", "/v1/emails", wish)
    await ask("POST", "/v1/contacts", {"properties": {"email": RAW["to"], "plan": "new"}})
    await ask("POST", "/v1/emails", wish)
    found = (await ask("GET", f"/v1/contacts/search?email={RAW['to']}"))["contact"]
    assert found["properties"]["plan"] == "new"


async def test_contact_properties_are_written_with_the_email(ask, sends, refused):
    await ask("POST", "/v1/emails", RAW | {"contactProperties": {"firstName": "Ann"}})
    contact = (await ask("GET", f"/v1/contacts/search?email={RAW['to']}"))["contact"]
    (send,) = await sends()
    assert contact["properties"]["firstName"] == "Ann"
    assert contact["id"] == f"ctc_{send.profile_id.hex}"
    status, _ = await refused("POST", "/v1/emails", RAW | {"contactProperties": {"x": {"y": 1}}})
    assert status == 400


async def test_nobody_is_made_by_an_email_alone_but_who_is_known_is_named(ask, sends):
    await ask("POST", "/v1/emails", RAW)
    assert (await ask("GET", f"/v1/contacts/search?email={RAW['to']}"))["contact"] is None
    known = (await ask("POST", "/v1/contacts", {"properties": {"email": RAW["to"]}}))["contact"]
    await ask("POST", "/v1/emails", RAW)
    first, second = await sends()
    assert first.profile_id is None
    assert f"ctc_{second.profile_id.hex}" == known["id"]


async def test_an_email_by_template_carries_its_variables(ask, refused, sends, template):
    made = await template()
    wish = {"template": "welcome-email", "to": "ann@example.com", "variables": {"firstName": "Ann"}}
    told = (await ask("POST", "/v1/emails", wish))["email"]
    (send,) = await sends()
    assert told == {
        "messageId": f"msg_{send.send_id.hex}", "status": "SCHEDULED", "to": "ann@example.com",
        "type": "templated", "template": "welcome-email",
    }  # fmt: skip
    assert send.template_id == made.template_id
    assert send.kept.data == {"firstName": "Ann"}
    assert send.message_class is MessageClass.TRANSACTIONAL, "whatever the template says"
    assert (await ask("GET", f"/v1/emails/{told['messageId']}"))["email"] == told
    await ask("POST", "/v1/emails", wish | {"template": f"tpl_{made.template_id.hex}"})
    assert await refused("POST", "/v1/emails", wish | {"template": "none"}) == (
        404,
        "Template not found",
    )


async def test_send_at_is_when_and_the_past_is_now(ask, sends):
    later = datetime.now(UTC) + timedelta(days=2)
    await ask("POST", "/v1/emails", RAW | {"sendAt": later.isoformat()})
    await ask("POST", "/v1/emails", RAW | {"sendAt": int(later.timestamp())})
    await ask("POST", "/v1/emails", RAW | {"sendAt": "2020-01-01T00:00:00Z"})
    one, two, past = await sends()
    assert one.due_us == int(later.timestamp() * 1_000_000)
    assert two.due_us == int(later.timestamp()) * 1_000_000
    assert past.due_us > datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1_000_000


async def test_reply_to_takes_five_addresses_without_repeats(ask, refused, sends):
    await ask("POST", "/v1/emails", RAW | {"replyTo": ["a@shop.example", "B@shop.example", "a@shop.example"]})
    (send,) = await sends()
    assert send.kept.reply_to == "a@shop.example,b@shop.example"
    six = [f"a{n}@shop.example" for n in range(6)]
    assert (await refused("POST", "/v1/emails", RAW | {"replyTo": six}))[0] == 400


async def test_what_is_not_done_is_warned_of(ask):
    told = await ask("POST", "/v1/emails", RAW | {"settings": {"trackClicks": True}})
    assert told["email"]["warning"] == "Clicks and opens of this email are not tracked"
    assert (
        "warning" not in (await ask("POST", "/v1/emails", RAW | {"settings": {"trackOpens": False}}))["email"]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": None}, '"to" must be a string'),
        ({"to": ["a@b.co", "c@d.co"]}, '"to" must be a string'),
        ({"to": "nobody"}, '"to" must be a valid email'),
        ({"to": "a@b.co, c@d.co"}, '"to" must be a valid email'),
        ({"cc": "a@b.co"}, '"cc" is not allowed'),
        ({"bcc": ["a@b.co"]}, '"bcc" is not allowed'),
        ({"attachments": []}, '"attachments" is not allowed'),
        ({"from": None}, '"from" is required'),
        ({"from": "Shop"}, '"from" must be a valid email'),
        ({"from": "The\nShop <a@b.co>"}, '"from" must not contain line breaks'),
        ({"from": "Shop\r\nBcc: x@y.co <a@b.co>"}, '"from" must not contain line breaks'),
        ({"from": "The\u2028Shop <a@b.co>"}, '"from" must not contain line breaks'),
        ({"fromName": "The\u2028Shop"}, '"fromName" must not contain line breaks'),
        ({"subject": None}, '"subject" is required'),
        ({"subject": "a\r\nBcc: x@y.co"}, '"subject": expected `str` matching regex'),
        ({"html": None}, '"html" is required'),
        ({"html": ""}, '"html" is not allowed to be empty'),
        ({"html": "\0"}, '"html": expected `str` matching regex'),
        ({"variables": {}}, '"variables" is not allowed without "template"'),
        ({"template": "t"}, '"from" is not allowed with "template"'),
        ({"replyTo": "nobody"}, '"replyTo" must be a valid email'),
        ({"sendAt": "tomorrow"}, '"sendAt" must be an ISO 8601 string or a Unix timestamp'),
        ({"sendAt": "2999-01-01T00:00:00Z"}, '"sendAt" must be within 30 years of the current time'),
        ({"settings": {"trackSleep": True}}, '"settings.trackSleep" is not allowed'),
        ({"idempotencyKey": "k" * 256}, '"idempotencyKey": expected `str` of length <= 255'),
    ],
)
async def test_an_email_that_breaks_a_rule_is_refused_by_name(refused, sends, change, message):
    status, told = await refused("POST", "/v1/emails", RAW | change)
    assert status == 400
    assert told.startswith(message)
    assert await sends() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"to":"a@b.co","template":"t","variables":{"x":1e999}}',
             b'{"to":"a@b.co","template":"t","variables":{"x":"\\ud83d"}}',
             b'{"to":"a@b.co","template":"t","variables":{"x":99999999999999999999}}',
             b'{"to":"a@b.co","template":"t","variables":' + b'{"x":' * 900 + b"1" + b"}" * 901,
             b'{"to":"a@b.co","template":"t","variables":' * 3_000],
)  # fmt: skip
async def test_poison_is_the_callers_fault(refused, template, body):
    await template("t")
    assert (await refused("POST", "/v1/emails", body))[0] in (400, 404)


async def test_variables_have_up_to_32_levels(ask, refused, template):
    await template("t")
    wish = {"template": "t", "to": "ann@example.com"}
    deep: Any = {"x": 1}
    for _ in range(31):
        deep = {"x": deep}
    await ask("POST", "/v1/emails", wish | {"variables": deep})
    assert await refused("POST", "/v1/emails", wish | {"variables": {"x": [deep]}}) == (
        400, '"variables" exceed maximum depth of 32'
    )  # fmt: skip


async def test_under_back_pressure_nothing_is_planned(database, vaults, ids, tenant, sends, knock):
    full = Ingest(database, vaults, ids, refuse_because=lambda: "the disk is nearly full")
    refused = await knocking(database, full, vaults, ids)(tenant, "POST", "/v1/emails", RAW)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert await sends() == []
    assert (await knock(tenant, "POST", "/v1/emails", RAW)).status_code == 200, "the control"


async def test_a_full_outbox_takes_repeats_and_nothing_new(database, ingest, vaults, ids, tenant, sends):
    asks = knocking(database, ingest, vaults, ids, outbox_max=1)
    wish = RAW | {"idempotencyKey": "k"}
    first = await asks(tenant, "POST", "/v1/emails", wish)
    refused = await asks(tenant, "POST", "/v1/emails", RAW | {"contactProperties": {"plan": "free"}})
    assert (first.status_code, refused.status_code) == (200, 503)
    assert "retry-after" in refused.headers
    assert (await asks(tenant, "GET", f"/v1/contacts/search?email={RAW['to']}")).json() == {"contact": None}
    assert (await asks(tenant, "POST", "/v1/emails", wish)).json() == first.json()
    assert len(await sends()) == 1


async def test_the_reference_page_shows_what_is_answered(ask):
    page = (Path(__file__).parents[2] / "docs/reference/smashsend.md").read_text("utf-8")
    shown = r"CLARION_URL/v1/emails\".*?-d '(.*?)'\n```\n```json\n(.*?)\n```"
    body, answer = re.findall(shown, page, re.DOTALL)[0]
    told = json.dumps(await ask("POST", "/v1/emails", json.loads(body)))
    assert json.loads(re.sub(r"(msg_[0-9a-f]{4})[0-9a-f]{28}", "msg_0199…", told)) == json.loads(answer)


async def test_templates_are_listed_page_by_page_and_shown(ask, refused, template):
    first, second = await template("first"), await template("second")
    page = (await ask("GET", "/v1/transactional?limit=1"))["transactional"]
    assert [one["name"] for one in page["items"]] == ["second"]
    assert page["hasMore"] is True
    rest = (await ask("GET", f"/v1/transactional?cursor={page['cursor']}"))["transactional"]
    assert ([one["name"] for one in rest["items"]], rest["hasMore"], rest["cursor"]) == (
        ["first"],
        False,
        None,
    )
    assert (await ask("GET", "/v1/transactional?status=DRAFT"))["transactional"]["items"] == []
    shown = (await ask("GET", "/v1/transactional/first"))["transactional"]
    assert shown["id"] == f"tpl_{first.template_id.hex}"
    assert shown == (await ask("GET", f"/v1/transactional/{shown['id']}"))["transactional"]
    assert shown["variables"] == {"plan": {"id": "plan", "defaultValue": ""}}
    assert await refused("GET", "/v1/transactional/none") == (404, "Template not found")
    await template("text", channel="sms", texts={"": messaging.Text(text="Hi")})
    assert (await refused("GET", "/v1/transactional/text"))[0] == 404
    assert second.template_id > first.template_id


async def test_other_workspaces_emails_are_not_there(ask, knock, new_tenant, refused):
    told = (await ask("POST", "/v1/emails", RAW | {"idempotencyKey": "k"}))["email"]
    other = await new_tenant()
    answer = await knock(other, "GET", f"/v1/emails/{told['messageId']}")
    assert (answer.status_code, answer.json()["message"]) == (404, "Email not found")
    answer = await knock(other, "POST", "/v1/emails", RAW | {"idempotencyKey": "k", "subject": "x"})
    assert answer.status_code == 200, "the key is another's"
    assert await refused("GET", "/v1/emails/nothing") == (404, "Email not found")


async def test_a_viewers_key_sends_nothing(knock, tenant, refused, ask):
    made = await ask(
        "POST",
        f"/v1/workspaces/wrk_{tenant.workspace_id.hex}/api-keys",
        {"displayName": "r", "role": "VIEWER"},
    )
    assert (await refused("POST", "/v1/emails", RAW, secret=made["apiKey"]["key"]))[0] == 403


def test_every_state_has_the_vendors_word():
    assert set(mapping.STATUS) == set(State)
    assert set(mapping.STATUS.values()) == {"SCHEDULED", "SENT", "FAILED", "DELIVERED"}


async def test_an_email_to_somebody_who_is_just_being_erased_is_of_nobody(
    ask, knock, sends, database, tenant, ids
):
    """Seen to carry the erased person's id: their erasure may have looked for messages by then."""
    await ask("POST", "/v1/emails", RAW | {"contactProperties": {"firstName": "Ann"}})
    (known,) = await sends()
    async with database.owner() as tx:
        await events.erase_person(
            tx, tenant.workspace_id, known.profile_id, actor="test", vault=tenant.vault, ids=ids
        )
        asking = asyncio.create_task(knock(tenant, "POST", "/v1/emails", RAW))
        await asyncio.wait({asking}, timeout=0.3)
    assert (await asking).status_code == 200
    assert [send.profile_id for send in await sends() if send.send_id != known.send_id] == [None]
