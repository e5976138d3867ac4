"""A template that an automation sends, in whichever of its versions, is not deleted."""

from typing import Any

import pytest
from msgspec.structs import replace

from clarion import errors
from clarion.api.nouns import automation, template
from clarion.api.ports import Call
from clarion.app.acting import templates
from clarion.automations import Definition, Triggers
from clarion.events import Lanes
from clarion.model import Source
from tests import managed
from tests.db.test_automations import definition, left


@pytest.fixture
def lanes(database, vaults, ids):
    return Lanes(database, vaults, ids, [Triggers(database.now_us)])


@pytest.fixture
async def call(database, vaults, ids, tenant) -> Call:
    """With two templates, `hello` and `bye`."""
    made = managed.call(replace(managed.ports(database, vaults, ids), find_templates=templates), tenant)
    for name in ("hello", "bye"):
        await template.save(made, template.Save(name=name, subject="Hi", text="Hi"))
    return made


def sending(name: str) -> Definition:
    """A step that waits, then a message."""
    wait = {"type": "wait", "duration": "1h", "next": "mail"}
    return definition(nodes={"first": wait, "mail": {"type": "send", "template": name, "next": "end"}})


async def refusal(call: Call, name: str) -> str:
    """What somebody hears who would delete it."""
    with pytest.raises(errors.Declined) as refused:
        await template.delete(call, template.One(template_id=name))
    return str(refused.value).partition(":")[0]


async def test_what_a_draft_sends_stays_until_the_draft_sends_another(call):
    made = await automation.create(call, automation.Create("welcome", sending("hello")))
    assert await refusal(call, "hello") == "hello is sent by the automation welcome (draft)"
    await automation.redraft(call, automation.Redraft(made.id, sending("bye")))
    await template.delete(call, template.One(template_id="hello"))


async def test_what_the_next_draft_of_a_live_automation_sends_stays(call):
    made = await automation.create(call, automation.Create("welcome", sending("hello")))
    await automation.publish(call, automation.One(made.id))
    await automation.redraft(call, automation.Redraft(made.id, sending("bye")))
    await automation.pause(call, automation.One(made.id))
    assert await refusal(call, "hello") == "hello is sent by the automation welcome (live)"
    assert await refusal(call, "bye") == "bye is sent by the automation welcome (draft)"


async def test_what_runs_of_an_older_version_send_stays_until_they_are_over(
    call, database, tenant, ingest, process_all
):
    async def run_of(name: str, **fields: Any) -> None:
        await ingest.offer(tenant.credential, Source.SMASHSEND, [left(name, **fields)])
        await process_all(tenant)

    made = await automation.create(call, automation.Create("welcome", sending("hello")))
    await automation.publish(call, automation.One(made.id))
    await run_of("1")
    await automation.redraft(call, automation.Redraft(made.id, sending("bye")))
    await automation.publish(call, automation.One(made.id))
    told = "hello is sent by the automation welcome (runs go by version 1)"
    assert await refusal(call, "hello") == told
    await run_of("2", who="bob@example.com")
    async with database.owner() as tx:
        over = await tx.execute(
            "UPDATE run SET ended_us = 1, reason = 'finished' WHERE workspace_id = $1 AND version = 1",
            tenant.workspace_id,
        )
    assert over == "UPDATE 1"
    await template.delete(call, template.One(template_id="hello"))


async def test_what_an_archived_automation_sent_is_deleted_while_its_runs_end(
    call, tenant, ingest, process_all
):
    made = await automation.create(call, automation.Create("welcome", sending("hello")))
    await automation.publish(call, automation.One(made.id))
    await ingest.offer(tenant.credential, Source.SMASHSEND, [left("1")])
    await process_all(tenant)
    assert await refusal(call, "hello") == "hello is sent by the automation welcome (live)"
    await automation.archive(call, automation.One(made.id))
    await template.delete(call, template.One(template_id="hello"))
