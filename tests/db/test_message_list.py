"""What somebody got: messages of one person, of one address, in pages."""

import pytest

from clarion import errors, model
from clarion.api.nouns import message, profile
from clarion.messaging import Cause
from tests import managed
from tests.db.test_message_erasure import ANN, BOB, PHONE, house, meet

__all__ = ["house", "meet"]


@pytest.fixture
def listed(database, vaults, ids, tenant):
    """The sends that a wish finds, newest first."""
    call = managed.call(managed.ports(database, vaults, ids), tenant)

    async def ask(**wish):
        page = await message.find(call, message.Find(**wish))
        return [model.parse_id("msg", one.id) for one in page.messages], page.next

    return ask


async def test_a_persons_messages_are_those_of_their_profile_and_of_their_addresses(house, meet, listed):
    before = await house.send(ANN)
    ann, bob = await meet(ANN, ("sms", PHONE)), await meet(BOB, ("sms", PHONE))
    looked_up = await house.send(None, profile_id=ann)
    nobodys = await house.send(PHONE, channel="viber")
    bobs = await house.send(PHONE, channel="sms", profile_id=bob)
    assert (await listed(profile_id=model.show_id("prf", ann)))[0] == [nobodys, looked_up, before]
    assert (await listed(profile_id=model.show_id("prf", bob)))[0] == [bobs, nobodys]


async def test_an_addresss_messages_are_all_that_went_there(house, meet, listed):
    before = await house.send(ANN)
    ann = await meet(ANN)
    looked_up = await house.send(None, profile_id=ann)
    await house.send(BOB)
    assert (await listed(recipient=" ANN@example.com"))[0] == [looked_up, before]
    assert (await listed(recipient="nobody@example.com"))[0] == []
    sms = await house.send(PHONE, channel="sms")
    assert (await listed(recipient="380 50 123 45 67"))[0] == [sms]
    await house.erase(ann)
    assert (await listed(recipient=ANN))[0] == []


async def test_pages_follow_each_other_and_one_of_the_two_is_asked_for(house, listed):
    sent = [await house.send(ANN) for _ in range(3)]
    first, following = await listed(recipient=ANN, limit=2)
    second, end = await listed(recipient=ANN, limit=2, before=following)
    assert first + second == sent[::-1]
    assert end is None
    with pytest.raises(errors.Invalid, match="one of the two"):
        await listed(recipient=ANN, profile_id="prf_x")
    with pytest.raises(errors.NotFound):
        await listed(profile_id="prf_x")


async def test_an_automations_messages_are_asked_for_by_the_id_that_it_is_shown_by(
    house, listed, database, vaults, ids, tenant
):
    automation_id = ids.next()
    wanted = await house.send(ANN, cause=Cause("automation", automation_id))
    await house.send(ANN, cause=Cause("automation", ids.next()))
    shown = model.show_id("aut", automation_id)
    assert (await listed(cause_id=shown))[0] == (await listed(cause_id=str(automation_id)))[0] == [wanted]
    call = managed.call(managed.ports(database, vaults, ids), tenant)
    (one,) = (await message.find(call, message.Find(cause_id=shown))).messages
    assert one.cause == f"automation {shown}"
    assert (await message.count(call, message.Count(cause_id=shown))).planned_in_all == 1
    with pytest.raises(errors.NotFound):
        await listed(cause_id="Welcome")


async def test_a_persons_export_has_their_messages(house, meet, database, vaults, ids, tenant):
    before = await house.send(ANN)
    ann = await meet(ANN)
    looked_up = await house.send(None, profile_id=ann)
    await house.send(BOB)
    call = managed.call(managed.ports(database, vaults, ids), tenant)
    found = await profile.export(call, profile.One(model.show_id("prf", ann)))
    assert [one.id for one in found.messages] == [model.show_id("msg", one) for one in (looked_up, before)]
