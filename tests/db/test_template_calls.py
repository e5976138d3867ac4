"""Templates as callers save, read and try them: MJML, versions, languages, previews."""

import asyncio
from typing import Any

import msgspec
import pytest

from clarion import automations, errors, messaging, model
from clarion.api.nouns import template
from clarion.api.ports import Nothing
from clarion.app.acting import templates
from clarion.messaging import Cause, MessageClass, PlannedSend
from tests import managed
from tests.db.test_meanwhile import blocked

DOCUMENT = """<mjml><mj-body>
<mj-section><mj-column>
<mj-text>Hello $!profile.first_name, your plan is $!data.get("plan")</mj-text>
<mj-button href="$!data.link">Go</mj-button>
</mj-column></mj-section>
</mj-body></mjml>"""


@pytest.fixture
def call(database, vaults, ids, tenant):
    return managed.call(managed.ports(database, vaults, ids), tenant)


async def saved(call: Any, **fields: Any) -> Any:
    return await template.save(call, template.Save(**{"name": "hello", "subject": "Hi"} | fields))


async def shown(call: Any, **fields: Any) -> Any:
    return await template.show(call, template.Version(template_id="hello", **fields))


async def previewed(call: Any, **fields: Any) -> Any:
    return await template.preview(call, template.Preview(template_id="hello", **fields))


async def test_mjml_is_compiled_when_it_is_saved_and_its_source_kept(call):
    made = await saved(call, mjml=DOCUMENT)
    text = made.texts[""]
    assert text["mjml"] == DOCUMENT
    assert "<mj-" not in text["html"]
    assert 'href="$!data.link"' in text["html"]
    found = await previewed(
        call, data={"plan": "<b>", "link": "https://a.example/"}, profile={"first_name": "Ann"}
    )
    assert "Hello Ann, your plan is &lt;b&gt;" in found.html
    assert found.text == "Hello Ann, your plan is <b>\n\nGo (https://a.example/)\n"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"mjml": DOCUMENT.replace("</mj-text>", "</mj-tex>")},
            "line 3: </mj-tex> comes before <mj-text> of line 3",
        ),
        (
            {"mjml": DOCUMENT.replace("</mj-button>", "#if(</mj-button>")},
            "line 4: <mj-button> is never closed",
        ),
        ({"mjml": DOCUMENT.replace("Go", "#if($x)Go")}, "mjml: line "),
        ({"mjml": DOCUMENT, "html": "<p>x</p>"}, "give `html` or `mjml`"),
        ({}, "an e-mail has a `subject`, and `html`, `mjml` or `text`"),
        (
            {"mjml": DOCUMENT, "channel": "sms", "text": "x", "subject": ""},
            "sms has a `text` and nothing else",
        ),
    ],
)
async def test_what_cannot_be_used_is_not_saved(call, fields, message):
    with pytest.raises(errors.Invalid) as told:
        await saved(call, **fields)
    assert str(told.value).startswith(message)
    assert await template.list_all(call, Nothing()) == []


async def test_an_older_version_can_still_be_read_and_tried(call):
    first = await saved(call, html="<p>one</p>")
    second = await saved(call, html="<p>two</p>")
    assert (first.version, second.version, first.number) == (1, 2, second.number)
    assert (await shown(call)).texts[""]["html"] == "<p>two</p>"
    assert (await shown(call, version=1)).texts[""]["html"] == "<p>one</p>"
    assert (await previewed(call, version=1)).text == "one\n"
    with pytest.raises(errors.NotFound):
        await shown(call, version=3)


async def test_languages_are_listed_and_a_reader_gets_theirs(call):
    await saved(call, html="<p>Hello</p>")
    await saved(call, html="<p>Вітаю</p>", language="uk")
    (listed,) = await template.list_all(call, Nothing())
    assert listed.languages == ["", "uk"]
    assert listed.message_class == MessageClass.MARKETING
    for reader, language in (("uk-UA", "uk"), ("de", ""), (None, "")):
        assert (await previewed(call, language=reader)).language == language
    assert (await previewed(call, profile={"language": "uk"})).text == "Вітаю\n"


async def test_a_second_language_keeps_class_topic_and_retry_unless_it_says_otherwise(call):
    await saved(
        call, html="<p>Paid</p>", message_class=MessageClass.TRANSACTIONAL, topic="orders", retry_unknown=True
    )
    kept = await saved(call, html="<p>Сплачено</p>", language="uk")
    assert (kept.message_class, kept.topic, kept.retry_unknown) == ("transactional", "orders", True)
    told = await saved(
        call, html="<p>Paid!</p>", message_class=MessageClass.MARKETING, topic="", retry_unknown=False
    )
    assert (told.message_class, told.topic, told.retry_unknown) == ("marketing", None, False)
    new = await saved(call, name="another", html="<p>Hi</p>")
    assert (new.message_class, new.topic, new.retry_unknown) == ("marketing", None, False)


@pytest.mark.parametrize("there", [True, False], ids=["known", "new"])
async def test_languages_that_are_saved_at_once_are_all_there(call, there):
    """Each is put beside what is there once its row is ours: read before, the one took the other's away."""
    languages = ["uk", "de", "fr", "pl", "es", "it"]
    if there:
        await saved(call, html="<p>Hello</p>")
    await asyncio.gather(*(saved(call, html=f"<p>{one}</p>", language=one) for one in languages))
    held = await shown(call)
    assert held.version == len(languages) + there
    assert {one: text["html"] for one, text in held.texts.items() if one} == {
        one: f"<p>{one}</p>" for one in languages
    }
    assert ("" in held.texts) == there


async def test_a_preview_reads_what_a_message_reads(call):
    await saved(
        call, subject="$!event.total $!name", html="#foreach($i in $order.items)$i.sku #end", text="$date"
    )
    found = await previewed(
        call, data={"name": "Ann"}, event={"total": 5}, order={"items": [{"sku": "a"}, {"sku": "b"}]}
    )
    assert (found.subject, found.html) == ("5 Ann", "a b ")
    with pytest.raises(errors.Invalid):
        await previewed(call, data={"name": "Ann\r\nBcc: x"})
    with pytest.raises(errors.Invalid, match="Nowhere is not a time zone"):
        await previewed(call, profile={"timezone": "Nowhere"})


async def test_a_template_that_a_waiting_message_is_written_from_stays(call, database, tenant, ids):
    made = await saved(call, text="Hello $!data.name")
    wish = PlannedSend(
        key="k", cause=Cause("call"), channel="email", recipient="ann@example.com",
        template_id=model.parse_id("tpl", made.id),
    )  # fmt: skip
    async with database.app(tenant.workspace_id) as tx:
        (planned,) = await messaging.plan(tx, tenant.workspace_id, [wish], vault=tenant.vault, ids=ids)
    with pytest.raises(errors.Declined, match=model.show_id("msg", planned.send_id)):
        await template.delete(call, template.One(template_id="hello"))
    async with database.owner() as tx:
        await tx.execute("UPDATE send SET state = 'accepted' WHERE workspace_id = $1", tenant.workspace_id)
    assert (await template.delete(call, template.One(template_id=made.id))).name == "hello"
    assert await template.list_all(call, Nothing()) == []
    with pytest.raises(errors.NotFound):
        await template.delete(call, template.One(template_id="hello"))
    again = await saved(call, text="Hello again")
    assert again.id != made.id, "the name is free"


@pytest.fixture(params=["name", "number"])
async def sender(call, request):
    """The draft of an automation that sends the template, by its name or its number; and how it is published."""
    made = await saved(call, text="Hello")
    called = made.name if request.param == "name" else str(made.number)
    send = {"type": "send", "template": called, "next": "end"}
    document = {
        "trigger": {"type": "event", "metric": "m"}, "start": "mail", "nodes": {"mail": send, "end": {"type": "exit"}},
    }  # fmt: skip
    ports, workspace_id = call.ports, call.workspace_id
    definition = automations.read(msgspec.json.encode(document))
    async with call.app() as tx:
        drafted = await automations.draft(
            tx, workspace_id, "welcome", definition, by="test", ids=ports.ids, now_us=ports.database.now_us()
        )

    async def publish(tx):
        return await automations.publish(
            tx, workspace_id, drafted.automation_id, find_templates=templates, now_us=ports.database.now_us()
        )

    return publish


async def test_a_template_is_not_deleted_while_what_sends_it_is_published(call, sender, database):
    """Without its lock it was deleted at once, under an automation that was live a moment later."""
    async with call.app() as tx:
        await sender(tx)
        deleting = asyncio.create_task(template.delete(call, template.One(template_id="hello")))
        await blocked(database)
    with pytest.raises(errors.Declined, match="hello is sent by the automation welcome"):
        await deleting


async def test_what_sends_a_template_is_not_published_while_that_is_deleted(call, sender, database):
    """Without its lock it went live at once, and each of its runs ended failed."""

    async def publish():
        async with call.app() as tx:
            return await sender(tx)

    async with call.app() as tx:
        found = await messaging.find_template(tx, call.workspace_id, "hello")
        await messaging.lock_template(tx, call.workspace_id, found.template_id)
        publishing = asyncio.create_task(publish())
        await blocked(database)
        await messaging.delete_template(tx, call.workspace_id, found.template_id, now_us=database.now_us())
    with pytest.raises(errors.Invalid, match="there is no template"):
        await publishing
