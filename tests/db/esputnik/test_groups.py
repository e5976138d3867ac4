"""The unsubscribed list and groups."""

from typing import Any

from clarion import profiles
from clarion.profiles import Reason
from tests.db.esputnik.requests import CONTACT, CONTACTS, emailed

# ---- the unsubscribed list


async def test_addresses_are_unsubscribed_whoever_has_them(
    ask: Any, refused: Any, database: Any, tenant: Any
) -> None:
    both = {"emails": ["test1@mail.com", "Test2@mail.com"]}

    async def bulk(bulk: bool = True, channel: Any = "email", values: Any = None) -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.suppressed(
                tx, tenant.workspace_id, channel, values or both["emails"], bulk=bulk, vault=tenant.vault
            )

    assert await ask("POST", "/api/v1/emails/unsubscribed/add", both) == ""
    assert await ask("POST", "/api/v1/emails/unsubscribed/add/", both) == ""
    assert await bulk() == dict.fromkeys(both["emails"], Reason.UNSUBSCRIBED)
    assert await bulk(bulk=False) == {}
    assert await bulk(channel="sms", values=["447911123456"]) == {}
    assert await ask("POST", "/api/v1/emails/unsubscribed/delete", {"emails": ["TEST1@mail.com"]}) == ""
    assert await bulk() == {"Test2@mail.com": Reason.UNSUBSCRIBED}
    for body in ({"emails": []}, {}, {"emails": "a@b.co"}, {"emails": ["nobody"]}):
        assert (await refused("POST", "/api/v1/emails/unsubscribed/add", body))[0] == 400


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
