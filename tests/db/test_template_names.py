"""What a template is called: a name is not a number, and one from before that is one is found by its name."""

import pytest

from clarion import errors, messaging, model
from clarion.api.nouns import template
from clarion.api.ports import Nothing
from clarion.app.acting import planner, templates
from clarion.automations import Send
from tests import managed


@pytest.fixture
def call(database, vaults, ids, tenant):
    return managed.call(managed.ports(database, vaults, ids), tenant)


@pytest.fixture
def saved(call):
    async def do(name):
        return await template.save(call, template.Save(name=name, subject="Hi", text="Hello"))

    return do


@pytest.fixture
def called_so(call, saved, database):
    """A template from the time in which any name was accepted."""

    async def do(name):
        made = await saved("a name")
        async with database.owner() as tx:
            await tx.execute("UPDATE template SET name = $2 WHERE name = $1", "a name", name)
        return made

    return do


@pytest.mark.parametrize("name", ["2024", "3", "007", " 3 ", "٣"])
async def test_digits_are_no_name(call, saved, name):
    """Seen to be accepted with the check taken out: an automation that sends it is published, and its runs fail."""
    with pytest.raises(errors.Invalid, match="would be taken for a template's number"):
        await saved(name)
    assert await template.list_all(call, Nothing()) == []
    await saved(f"{name} sale")


async def test_nothing_is_renamed_to_digits(call, saved, database):
    await saved("sale")
    async with call.app() as tx:
        found = await messaging.find_template(tx, call.workspace_id, "sale")
        with pytest.raises(errors.Invalid, match="would be taken"):
            await messaging.rename_template(tx, call.workspace_id, found.template_id, "2024")


async def test_who_has_such_a_name_keeps_it(call, called_so, saved):
    made = await called_so("2024")
    assert (await saved("2024")).version == 2
    assert (await template.show(call, template.Version(template_id="2024"))).id == made.id
    assert (await template.delete(call, template.One(template_id="2024"))).id == made.id


async def test_what_is_a_name_and_another_ones_number_is_asked_for_by_id(call, called_so, saved):
    """Seen to show the one of that number, and to delete it."""
    other = await saved("other")
    made = await called_so(str(other.number))
    for ask in (template.show, template.preview, template.delete):
        wish = template.Preview if ask is not template.delete else template.One
        with pytest.raises(errors.Declined, match="say which by its id"):
            await ask(call, wish(template_id=str(other.number)))
    assert (await template.show(call, template.Version(template_id=made.id))).id == made.id
    assert (await template.delete(call, template.One(template_id=other.id))).id == other.id
    assert (await template.show(call, template.Version(template_id=str(other.number)))).id == made.id


async def test_an_automation_sends_the_one_of_the_name_before_that_of_the_number(
    call, called_so, saved, database, vaults, ids, tenant
):
    """Seen: "2024" NotFound, and instead of the one named as another's number that other one planned."""
    other = await saved("other")
    first, second = await called_so(str(other.number)), await called_so("2024")

    def sent(called):
        return Send(
            send_key=ids.next(), run_id=ids.next(), automation_id=ids.next(), node="send", profile_id=ids.next(),
            event_id=ids.next(), occurred_at_us=database.now_us(), template=called, channel="email",
            message_class=None, topic=None,
        )  # fmt: skip

    async with database.owner() as tx:
        known = await templates(tx, tenant.workspace_id)
        names = [str(other.number), "2024", "other", str(second.number)]
        assert known.keys() >= {*names}
        asked = [sent(name) for name in names]
        await planner(vaults, ids)(tx, tenant.workspace_id, asked)
        found = await messaging.list_sends(
            tx, tenant.workspace_id, vault=tenant.vault, before=ids.next(), limit=9
        )
    planned = {one.profile_id: model.show_id("tpl", one.template_id) for one in found}
    assert [planned[one.profile_id] for one in asked] == [first.id, second.id, other.id, second.id]
