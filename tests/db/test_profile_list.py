"""People, newest first: in pages, by a trait, and by what finds each."""

import time

import pytest

from clarion import errors
from clarion.api.nouns import profile
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, Source
from tests import managed


@pytest.fixture
def call(database, vaults, ids, tenant):
    return managed.call(managed.ports(database, vaults, ids), tenant, role="viewer")


def told(identity, **traits):
    event = Event(name="seen", occurred_at_us=time.time_ns() // 1000, identities=(identity,), traits=traits)
    return Offer(event, Dedup(Mode.NONE))


@pytest.fixture
async def people(ingest, tenant, process_all):
    """Three, who are known by an e-mail, by a number and by a device, in this order."""
    known = (
        (Identity(IdentityKind.EMAIL, "", "ann@shop.example"), {"plan": "gold", "first_name": "Ann"}),
        (Identity(IdentityKind.EXTERNAL_ID, "yotpo", "12"), {"plan": "gold", "level": 3}),
        (Identity(IdentityKind.ANONYMOUS_ID, "", "device:1"), {"plan": "free"}),
    )
    for identity, traits in known:
        await ingest.offer(tenant.credential, Source.SMASHSEND, [told(identity, **traits)])
        await process_all(tenant)


async def listed(call, **wish):
    return await profile.list_page(call, profile.Listed(**wish))


async def test_the_newest_stand_first_with_what_finds_them_and_is_known(call, people):
    page = await listed(call)
    assert [one.lead["value"] for one in page.profiles] == ["device:1", "12", "ann@shop.example"]
    assert page.next is None
    ann = page.profiles[-1]
    assert (ann.emails, ann.traits) == (("ann@shop.example",), {"first_name": "Ann", "plan": "gold"})
    assert page.profiles[1].lead == {"kind": "external_id", "namespace": "yotpo", "value": "12"}


async def test_pages_hold_everybody_once(call, people):
    seen, before = [], None
    while True:
        page = await listed(call, limit=1, before=before)
        seen += [one.lead["value"] for one in page.profiles]
        before = page.next
        if before is None:
            break
    assert seen == ["device:1", "12", "ann@shop.example"]


async def test_only_those_whose_trait_it_is(call, people):
    """The control is in it: another value is another's, and a number is meant as it is written."""
    for trait, value, found in (("plan", "gold", ["12", "ann@shop.example"]), ("level", "3", ["12"])):
        page = await listed(call, trait=trait, value=value)
        assert [one.lead["value"] for one in page.profiles] == found
    assert (await listed(call, trait="plan", value="silver")).profiles == []


async def test_a_trait_that_is_sealed_or_unknown_is_refused_with_what_to_do(call, people):
    with pytest.raises(errors.Invalid, match="first_name is sealed"):
        await listed(call, trait="firstName", value="Ann")
    with pytest.raises(errors.NotFound, match=r"no trait plam in this workspace; `trait list`"):
        await listed(call, trait="plam", value="gold")
    with pytest.raises(errors.Invalid, match="trait and value together"):
        await listed(call, trait="plan")


async def test_nobody_of_another_workspace_is_listed(call, people, new_tenant, database, vaults, ids):
    other = managed.call(managed.ports(database, vaults, ids), await new_tenant())
    assert (await listed(other)).profiles == []
    assert len((await listed(call)).profiles) == 3
