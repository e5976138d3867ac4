"""Imports of contacts, and subscriptions."""

import asyncio
from typing import Any

import pytest

from clarion import jobs
from clarion.app.handlers import handlers
from clarion.dialects.esputnik.contacts import importing
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


@pytest.mark.timeout(300)
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


@pytest.fixture
def step(monkeypatch: Any) -> int:
    """Contacts of a transaction."""
    monkeypatch.setattr(importing, "STEP", 2)
    return 2


async def test_an_import_goes_on_where_a_killed_worker_left_it(
    ask: Any, database: Any, tenant: Any, vaults: Any, ids: Any, process_all: Any, timeline: Any, step: int
) -> None:
    """Killed in the third of four transactions: two are done and shown, the third is as if it had never begun."""
    names = [f"u{n}" for n in range(7)]
    wish = {"groupNames": ["news"], "eventKeyForNewContacts": "new"}
    told = await ask("POST", CONTACTS, {"contacts": list(map(emailed, names))} | wish)
    status = f"/api/v1/importstatus/{told['asyncSessionId']}"
    (importer,) = handlers(vaults, ids)[importing.IMPORT]
    began: list[int] = []

    async def killed(tx: Any, job: Job) -> int | None:
        began.append(job.done)
        done = await importer(tx, job)
        if job.done == 2 * step:
            raise asyncio.CancelledError
        return done

    with pytest.raises(asyncio.CancelledError):
        await jobs.Queue(database, {importing.IMPORT: (killed,)}, ids).work_off(tenant.workspace_id)
    assert began == [0, 2, 4]
    assert (await ask("GET", status))["status"] == "PENDING"
    assert len(await ask("GET", CONTACTS)) == 4
    async with database.owner() as tx:
        (left,) = await jobs.list_jobs(tx, tenant.workspace_id, limit=10)
        assert left.done == 4
        await tx.execute(
            "UPDATE job SET leased_until = '-infinity' WHERE workspace_id = $1", tenant.workspace_id
        )
    await jobs.Queue(database, handlers(vaults, ids), ids).work_off(tenant.workspace_id)
    assert (await ask("GET", status))["status"] == "FINISHED"
    shown = await ask("GET", CONTACTS)
    assert [one["channels"][0]["value"] for one in shown] == [f"{name}@example.com" for name in names]
    assert {one["groups"][0]["name"] for one in shown} == {"news"}
    await process_all(tenant)
    told_of = sorted(event.properties["contactId"] for event in await timeline(tenant))
    assert told_of == [str(n) for n in range(1, 8)], "each new contact is told once"


async def test_an_import_whose_step_fails_for_good_is_an_error_and_keeps_what_was_written(
    ask: Any, database: Any, tenant: Any, vaults: Any, ids: Any, work_off: Any, step: int
) -> None:
    told = await ask("POST", CONTACTS, {"contacts": [emailed(f"u{n}") for n in range(5)]})
    status = f"/api/v1/importstatus/{told['asyncSessionId']}"
    (importer,) = handlers(vaults, ids)[importing.IMPORT]

    async def failing(tx: Any, job: Job) -> int | None:
        if job.done:
            raise ZeroDivisionError
        return await importer(tx, job)

    queue = jobs.Queue(database, {importing.IMPORT: (failing,)}, ids)
    for _ in range(jobs.ATTEMPTS_MAX + 1):
        await queue.work_off(tenant.workspace_id)
        async with database.owner() as tx:
            await tx.execute("UPDATE job SET run_at = now() WHERE workspace_id = $1", tenant.workspace_id)
    assert (await ask("GET", status))["status"] == "ERROR"
    assert len(await ask("GET", CONTACTS)) == 2
    async with database.owner() as tx:
        (left,) = await jobs.list_jobs(tx, tenant.workspace_id, limit=10)
        assert (left.state, left.attempts, left.done) == ("failed", jobs.ATTEMPTS_MAX, 2)
        await jobs.retry_job(tx, tenant.workspace_id, left.job_id)
    await work_off()
    assert (await ask("GET", status))["status"] == "FINISHED"
    assert len(await ask("GET", CONTACTS)) == 5


async def test_an_import_does_not_bring_back_who_was_erased_meanwhile(
    ask: Any, work_off: Any, tenant: Any
) -> None:
    await ask("POST", CONTACT, emailed("ann"))
    await ask("POST", CONTACTS, {"contacts": [emailed("ann"), emailed("bob")]})
    await ask("DELETE", f"{CONTACT}/1?erase=true")
    await work_off()
    (shown,) = await ask("GET", CONTACTS)
    assert shown["channels"] == [{"type": "email", "value": "bob@example.com"}]
    await ask("POST", CONTACTS, {"contacts": [emailed("ann")]})
    await work_off()
    assert len(await ask("GET", CONTACTS)) == 2, "imported anew, she is somebody new"


async def test_the_importing_handler_run_twice_changes_nothing(
    ask: Any, database: Any, tenant: Any, vaults: Any, ids: Any, process_all: Any, timeline: Any, step: int
) -> None:
    """Each step of it, in its turn."""
    wish = {
        "contacts": [emailed("ann"), emailed("bob"), emailed("cid")],
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
    for done in (0, 0, step, step):
        async with database.owner() as tx:
            for handler in handlers(vaults, ids)[row["kind"]]:
                await handler(tx, Job(**dict(row), done=done))
        await process_all(tenant)
        seen.append((await ask("GET", CONTACTS), len(await timeline(tenant))))
    assert seen[0] == seen[1]
    assert seen[2] == seen[3]
    assert [(len(contacts), told) for contacts, told in seen[1:3]] == [(2, 2), (3, 3)]


#: What is taken, and may still fail when it is written.
HARD = [
    {"eventKeyForNewContacts": " "},
    {
        "groupNames": ["g" * 255, "G" * 255, " news ", "news", "\u200b", "a\nb"],
        "groupNamesExclude": [" none "],
    },
    {"contacts": [emailed("x", id=9_999_999_999)], "dedupeOn": "id"},
    {
        "contacts": [
            emailed("x", timeZone="Nowhere/Else", languageCode="x" * 10_000, address={"town": "y" * 9_999})
        ]
    },
    {"contacts": [emailed("x", externalCustomerId="z" * 300)], "eventKeyForNewContacts": "k" * 100},
    {"contacts": [emailed("x", firstName="\U0001f600" * 10_000)]},
    {
        "contacts": [
            emailed("x"),
            emailed("x"),
            emailed("x", externalCustomerId="1"),
            {"externalCustomerId": "1"},
        ]
    },
]


@pytest.mark.parametrize("wish", HARD, ids=lambda wish: ",".join(wish))
async def test_what_an_import_takes_is_written(
    ask: Any, work_off: Any, process_all: Any, tenant: Any, wish: Any
) -> None:
    ann = emailed("ann", id=1) if wish.get("dedupeOn") == "id" else emailed("ann")
    if "id" in ann:
        await ask("POST", CONTACT, emailed("ann"))
    ann["firstName"] = "Anna"
    told = await ask("POST", CONTACTS, wish | {"contacts": [*wish.get("contacts", []), ann]})
    assert "failedContacts" not in told
    await work_off()
    await process_all(tenant)
    assert (await ask("GET", f"/api/v1/importstatus/{told['asyncSessionId']}"))["status"] == "FINISHED"
    (shown,) = await ask("GET", f"{CONTACTS}?email=ann@example.com")
    assert shown["firstName"] == "Anna"


async def test_a_blank_group_name_is_refused_at_once(ask: Any, refused: Any) -> None:
    for field in ("groupNames", "groupNamesExclude"):
        for blank in (" ", "\u3000\t"):
            told = await refused("POST", CONTACTS, {"contacts": [emailed("ann")], field: ["news", blank]})
            assert told == (400, f"{field} must not hold an empty name")
    assert await ask("GET", "/api/v1/groups") == []
    assert (await refused("POST", f"{CONTACT}/subscribe", {"contact": emailed("a"), "groups": [" "]}))[
        0
    ] == 400


async def test_a_blank_group_name_that_was_taken_before_loses_no_contact(
    ask: Any, work_off: Any, monkeypatch: Any
) -> None:
    """The control: the list that cannot be made took all contacts of the step with it, five times, and for good."""
    monkeypatch.setattr(importing, "_list_names", lambda _field, given: given or [])  # as it was taken then
    told = await ask("POST", CONTACTS, {"contacts": [emailed("ann")], "groupNames": [" ", "news"]})
    await work_off()
    assert (await ask("GET", f"/api/v1/importstatus/{told['asyncSessionId']}"))["status"] == "FINISHED"
    (shown,) = await ask("GET", CONTACTS)
    assert [group["name"] for group in shown["groups"]] == ["news"]


async def test_groups_are_named_without_the_blanks_around(ask: Any, work_off: Any) -> None:
    await ask("POST", CONTACTS, {"contacts": [emailed("ann")], "groupNames": ["news ", "vip"]})
    await ask("POST", CONTACTS, {"contacts": [emailed("ann")], "groupNamesExclude": [" news"]})
    await work_off()
    (shown,) = await ask("GET", CONTACTS)
    assert [group["name"] for group in shown["groups"]] == ["vip"]
