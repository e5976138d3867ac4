"""The unsubscribed list and groups."""

from typing import Any

import pytest

from clarion import profiles
from clarion.dialects.esputnik.contacts import groups
from clarion.model import Source
from clarion.profiles import Reason
from tests.db.esputnik.requests import CONTACT, CONTACTS, emailed

# ---- the unsubscribed list


ADD, REMOVE = "/api/v1/emails/unsubscribed/add", "/api/v1/emails/unsubscribed/delete"
BOTH = {"emails": ["test1@mail.com", "Test2@mail.com"]}


@pytest.fixture
def stopped(database: Any, tenant: Any) -> Any:
    """Which of some addresses get nothing."""

    async def ask(values: list[str], *, channel: Any = "email", bulk: bool = True) -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.suppressed(
                tx, tenant.workspace_id, channel, values, bulk=bulk, vault=tenant.vault
            )

    return ask


async def test_addresses_are_unsubscribed_whoever_has_them(ask: Any, refused: Any, stopped: Any) -> None:
    for path in (ADD, f"{ADD}/"):
        assert await ask("POST", path, BOTH) == ""
    assert await stopped(BOTH["emails"]) == dict.fromkeys(BOTH["emails"], Reason.UNSUBSCRIBED)
    assert await stopped(BOTH["emails"], bulk=False) == {}, "what they asked for still comes"
    for body in ({"emails": []}, {}, {"emails": "a@b.co"}, {"emails": ["nobody"]}):
        assert (await refused("POST", ADD, body))[0] == 400
    for path in (ADD, REMOVE):
        wrong = {"emails": ["test1@mail.com", "nobody"]}
        assert await refused("POST", path, wrong) == (400, "'nobody' is not valid email")


async def test_other_channels_stay(ask: Any, stopped: Any) -> None:
    channels = [{"type": "email", "value": "test1@mail.com"}, {"type": "sms", "value": "447911123456"}]
    await ask("POST", CONTACT, {"channels": channels})
    await ask("POST", ADD, BOTH)
    assert await stopped(["test1@mail.com"]) == {"test1@mail.com": Reason.UNSUBSCRIBED}
    assert await stopped(["447911123456", "test1@mail.com"], channel="sms") == {}
    assert (await ask("GET", f"{CONTACT}/1"))["channels"][1] == {"type": "sms", "value": "+447911123456"}


async def test_whoever_has_the_address_is_meant(ask: Any, stopped: Any) -> None:
    """Two contacts with one address, one of them made afterwards: it is the address that is asked for."""
    shared = {"channels": [{"type": "email", "value": "Test1@mail.com"}]}
    await ask("POST", CONTACT, shared | {"externalCustomerId": "1"})
    await ask("POST", ADD, {"emails": ["test1@mail.com"]})
    await ask("POST", CONTACT, shared | {"externalCustomerId": "2"})
    found = await ask("GET", f"{CONTACTS}?email=test1@mail.com")
    assert len(found) == 2
    addresses = [channel["value"] for one in found for channel in one["channels"]]
    assert addresses == ["test1@mail.com"] * 2
    assert set(await stopped(addresses)) == {"test1@mail.com"}


async def test_addresses_come_off_the_list_again(
    ask: Any, stopped: Any, database: Any, tenant: Any, ids: Any
) -> None:
    await ask("POST", ADD, BOTH)
    async with database.app(tenant.workspace_id) as tx:
        await profiles.suppress(
            tx, tenant.workspace_id, "email", ["gone@mail.com"],
            reason=Reason.HARD_BOUNCE, source=Source.MANAGE, vault=tenant.vault, ids=ids,
        )  # fmt: skip
    assert (
        await ask("POST", REMOVE, {"emails": ["TEST1@mail.com", "gone@mail.com", "nobodys@mail.com"]}) == ""
    )
    assert await stopped([*BOTH["emails"], "gone@mail.com"]) == {
        "Test2@mail.com": Reason.UNSUBSCRIBED,
        "gone@mail.com": Reason.HARD_BOUNCE,
    }, "another reason stays"


# ---- groups


async def test_groups_are_listed_filled_and_emptied(
    ask: Any, refused: Any, knock: Any, tenant: Any, work_off: Any
) -> None:
    await ask("POST", CONTACTS, {"contacts": [emailed("ann"), emailed("bob")], "groupNames": ["news", "vip"]})
    await work_off()
    await ask("POST", CONTACT, {"externalCustomerId": "7"})
    await ask("POST", CONTACT, emailed("cid"))
    groups = await ask("GET", "/api/v1/groups")
    assert [(group["name"], group["type"]) for group in groups] == [("news", "Static"), ("vip", "Static")]
    assert await ask("GET", "/api/v1/groups?name=VI&startindex=1") == groups[1:]
    news = f"/api/v1/group/{groups[0]['id']}/contacts"

    async def inside() -> list[int]:
        answer = await knock(tenant, "GET", f"{news}?maxrows=50")
        ids = [one["id"] for one in answer.json()]
        assert answer.headers["TotalCount"] == str(len(ids))
        return sorted(ids)

    first = await inside()
    assert len(first) == 2
    people = {
        one.get("externalCustomerId") or one["channels"][0]["value"]: one["id"]
        for one in await ask("GET", CONTACTS)
    }
    body = {"externalCustomerIds": ["7", "nobody"], "emails": ["cid@example.com"], "contactIds": [999]}
    assert await ask("POST", f"{news}/attach", body) == ""
    assert await inside() == sorted([*first, people["7"], people["cid@example.com"]])
    assert (
        await ask("POST", f"{news}/detach", {"contactIds": [people["7"], str(people["ann@example.com"])]})
        == ""
    )
    assert await inside() == sorted([people["bob@example.com"], people["cid@example.com"]])
    assert await ask("POST", f"{news}/detach") == ""
    assert await inside() == []
    assert (await refused("POST", f"{news}/attach", {"contactIds": list(range(501))}))[0] == 400
    assert await refused("GET", "/api/v1/group/99/contacts") == (404, "Group with id='99' not found")
    exclude = {"contacts": [emailed("ann")], "groupNamesExclude": ["vip", "none"]}
    await ask("POST", CONTACTS, exclude)
    await work_off()
    assert len(await ask("GET", f"/api/v1/group/{groups[1]['id']}/contacts")) == 1


async def test_a_group_is_emptied_from_its_first_member_to_its_last(
    ask: Any, work_off: Any, monkeypatch: Any
) -> None:
    """In rounds of 5. The control: each round begins with the first member and passes by all who are out already."""
    begun: list[Any] = []
    list_people = profiles.list_people

    async def noted(*of: Any, after: Any = None, **wish: Any) -> Any:
        begun.append(after)
        return await list_people(*of, after=after, **wish)

    await ask("POST", CONTACTS, {"contacts": [emailed(f"u{n}") for n in range(23)], "groupNames": ["news"]})
    await work_off()
    (group,) = await ask("GET", "/api/v1/groups")
    monkeypatch.setattr(groups, "_AT_ONCE", 5)
    monkeypatch.setattr(profiles, "list_people", noted)
    assert await ask("POST", f"/api/v1/group/{group['id']}/contacts/detach") == ""
    first, *others = begun
    assert first is None
    assert len(others) == 5
    assert others == sorted(set(others))
    assert await ask("GET", f"/api/v1/group/{group['id']}/contacts") == []
