"""Imports of contacts, and subscriptions."""

from typing import Any

import pytest

from clarion.app.handlers import handlers
from clarion.jobs import Job
from tests.db.esputnik.requests import ANN, CONTACT, CONTACTS, define, emailed


async def test_the_pages_own_import_works_without_dedupe_on(
    ask: Any, database: Any, tenant: Any, work_off: Any
) -> None:
    field = await define(database, tenant, "Size", type="text")
    body = {
        "contacts": [
            {
                "channels": [{"type": "email", "value": "test@mail.com"}],
                "fields": [{"id": field, "value": "XL"}],
            }
        ],
        "customFieldsIDs": [field],
    }
    told = await ask("POST", CONTACTS, body)
    assert told.keys() == {"id", "asyncSessionId"}
    assert told["id"] == 0
    status = f"/api/v1/importstatus/{told['asyncSessionId']}"
    assert (await ask("GET", status))["status"] == "PENDING"
    assert await ask("GET", CONTACTS) == []
    await work_off()
    assert (await ask("GET", status)) == {"asyncSessionId": told["asyncSessionId"], "status": "FINISHED"}
    (shown,) = await ask("GET", CONTACTS)
    assert shown["fields"] == [{"id": field, "value": "XL"}]


async def test_an_import_takes_what_is_listed_and_nothing_else(
    ask: Any, database: Any, tenant: Any, work_off: Any
) -> None:
    one = await define(database, tenant, "One", type="text")
    two = await define(database, tenant, "Two", type="text")
    await ask("POST", CONTACT, ANN)
    contact = emailed("ann", firstName="Anna", fields=[{"id": one, "value": "1"}, {"id": two, "value": "2"}])
    wish = {"dedupeOn": "email", "contactFields": ["email", "lastName"], "customFieldsIDs": [str(two)]}
    await ask("POST", CONTACTS, {"contacts": [contact]} | wish)
    await work_off()
    shown = await ask("GET", f"{CONTACT}/1")
    assert shown["firstName"] == "Ann", "not listed"
    assert "lastName" not in shown, "listed, and without data"
    assert shown["fields"] == [{"id": two, "value": "2"}]


async def test_what_is_wrong_with_an_import_is_told_at_once(ask: Any, refused: Any, work_off: Any) -> None:
    bad = {"channels": [{"type": "email", "value": "ann@"}]}
    told = await ask("POST", CONTACTS, {"contacts": [emailed("ann"), bad], "dedupeOn": "email"})
    assert told["failedContacts"] == {"contactIndex": 1, "message": "'ann@' is not valid email"}
    told = await ask("POST", CONTACTS, {"contacts": [bad, {"firstName": "A"}], "dedupeOn": "email"})
    assert [one["contactIndex"] for one in told["failedContacts"]] == [0, 1]
    assert "asyncSessionId" not in told
    await work_off()
    assert len(await ask("GET", CONTACTS)) == 1
    for body in ({}, {"contacts": []}, {"contacts": [emailed("a")], "dedupeOn": "shoe"}):
        assert (await refused("POST", CONTACTS, body))[0] == 400
    for session in ("nobody", "0199c0ff-ee00-7000-8000-000000000001", "0199c0ff-ee00-4000-8000-000000000001"):
        assert (await refused("GET", f"/api/v1/importstatus/{session}"))[0] == 404


async def test_3000_contacts_are_imported_and_3001_refused(
    ask: Any, refused: Any, knock: Any, tenant: Any, work_off: Any
) -> None:
    many = [emailed(f"u{n}", firstName=f"U{n}") for n in range(3_001)]
    assert (await refused("POST", CONTACTS, {"contacts": many}))[0] == 400
    await ask("POST", CONTACTS, {"contacts": many[:3_000], "groupNames": ["all"]})
    await work_off()
    answer = await knock(tenant, "GET", f"{CONTACTS}?maxrows=2&startindex=2999")
    assert [one["firstName"] for one in answer.json()] == ["U2998", "U2999"]
    assert answer.headers["TotalCount"] == "3000"


@pytest.mark.parametrize(
    ("dedupe_on", "contact", "found"),
    [
        ("email", emailed("ann", externalCustomerId="9"), [1]),
        (
            "sms",
            {"channels": [{"type": "sms", "value": "447911123456"}, {"type": "email", "value": "x@y.co"}]},
            [1, 2],
        ),
        ("externalCustomerId", emailed("ann", externalCustomerId="9"), [1, 2]),
        ("id", emailed("new", id=1), [1]),
    ],
)
async def test_dedupe_on_says_what_tells_contacts_apart(
    ask: Any, work_off: Any, dedupe_on: str, contact: Any, found: list[int]
) -> None:
    await ask("POST", CONTACT, emailed("ann"))
    assert "failedContacts" not in await ask("POST", CONTACTS, {"contacts": [contact], "dedupeOn": dedupe_on})
    await work_off()
    assert [one["id"] for one in await ask("GET", CONTACTS)] == found


async def test_new_contacts_of_an_import_are_told_where_a_key_says_so(
    ask: Any, work_off: Any, process_all: Any, tenant: Any, timeline: Any
) -> None:
    await ask("POST", CONTACT, emailed("ann"))
    contacts = [emailed("ann"), emailed("bob")]
    await ask("POST", CONTACTS, {"contacts": contacts, "eventKeyForNewContacts": "newContact"})
    await work_off()
    await process_all(tenant)
    (event,) = await timeline(tenant)
    assert event.name == "newContact"
    assert event.properties["contactId"] == "2"
    assert event.properties["EmailAddress"] == "bob@example.com"


async def test_whoever_fills_in_a_form_is_subscribed(
    ask: Any, process_all: Any, tenant: Any, timeline: Any
) -> None:
    wish = {"contact": emailed("ann"), "groups": ["news"], "formType": "footer"}
    assert await ask("POST", f"{CONTACT}/subscribe", wish) == {"id": 1}
    assert await ask("POST", f"{CONTACT}/subscribe", {"contact": emailed("ann")}) == {"id": 1}
    assert (await ask("GET", f"{CONTACT}/1"))["groups"] == [{"id": 1, "name": "news", "type": "Static"}]
    await process_all(tenant)
    names = {event.name for event in await timeline(tenant)}
    assert names == {"subscribeFromApi-footer", "subscribeUpdateFromApi"}


async def test_the_importing_handler_run_twice_changes_nothing(
    ask: Any, database: Any, tenant: Any, vaults: Any, ids: Any, process_all: Any, timeline: Any
) -> None:
    wish = {
        "contacts": [emailed("ann"), emailed("bob")],
        "groupNames": ["news"],
        "eventKeyForNewContacts": "new",
    }
    await ask("POST", CONTACTS, wish)
    async with database.owner() as tx:
        row = await tx.fetchrow(
            "SELECT workspace_id, job_id, kind, payload, attempts FROM job WHERE workspace_id = $1",
            tenant.workspace_id,
        )
    seen = []
    for _ in range(2):
        async with database.owner() as tx:
            for handler in handlers(vaults, ids)[row["kind"]]:
                await handler(tx, Job(**dict(row)))
        await process_all(tenant)
        seen.append((await ask("GET", CONTACTS), len(await timeline(tenant))))
    assert seen[0] == seen[1]
    assert (len(seen[0][0]), seen[0][1]) == (2, 2)
