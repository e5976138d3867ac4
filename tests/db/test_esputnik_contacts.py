"""eSputnik's contacts, fields, groups and unsubscribed list, through the door as it is composed."""

import asyncio
import time
from typing import Any

import httpx2
import pytest

from clarion import accounts, events, jobs, profiles
from clarion.accounts import Credentials, Rates
from clarion.app.handlers import handlers
from clarion.dialects import DIALECTS, Door, Store, Table
from clarion.profiles import Reason
from tests.dialects.calls import basic

CONTACT = "/api/v1/contact"
CONTACTS = "/api/v1/contacts"
ANN = {
    "channels": [{"type": "email", "value": "Ann@Example.com"}, {"type": "sms", "value": "447911123456 "}],
    "firstName": "Ann",
    "lastName": "Smith",
    "externalCustomerId": "12345",
    "address": {"region": "Kyiv", "town": "Kyiv", "address": "First str. 1", "postcode": "01001"},
    "languageCode": "uk",
    "timeZone": "+02:00",
}


def emailed(name: str, **fields: Any) -> dict[str, Any]:
    return {"channels": [{"type": "email", "value": f"{name}@example.com"}]} | fields


@pytest.fixture
async def tenant(new_tenant: Any) -> Any:
    return await new_tenant("esputnik")


@pytest.fixture
def knock(database: Any, ingest: Any, vaults: Any, ids: Any) -> Any:
    async def load(token_hash: bytes) -> accounts.Credential | None:
        async with database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    door = Door(
        credentials=Credentials(load, now_us=database.now_us),
        rates=Rates(time.monotonic),
        ingest=ingest,
        now_us=database.now_us,
        store=Store(database, vaults, ids),
    )
    spoken = Table(DIALECTS["esputnik"].routes(door))
    unknown = DIALECTS["esputnik"].unknown(door)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await (spoken.find(scope["method"], scope["path"]) or unknown)(scope, receive, send)

    async def ask(tenant: Any, method: str, path: str, body: Any = None) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=application)
        headers = {"authorization": basic(tenant.secret, "")}
        async with httpx2.AsyncClient(transport=transport, base_url="http://clarion.test") as client:
            return await client.request(method, path, json=body, headers=headers)

    return ask


@pytest.fixture
def ask(knock: Any, tenant: Any) -> Any:
    """The answer's JSON; its text where it is none."""

    async def asking(method: str, path: str, body: Any = None) -> Any:
        answer = await knock(tenant, method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.text

    return asking


@pytest.fixture
def refused(knock: Any, tenant: Any) -> Any:
    async def refusing(method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = await knock(tenant, method, path, body)
        told = answer.json()
        assert told.keys() == {"status", "message"}
        assert told["status"] == answer.status_code
        return answer.status_code, told["message"]

    return refusing


@pytest.fixture
def work_off(database: Any, vaults: Any, ids: Any, tenant: Any) -> Any:
    queue = jobs.Queue(database, handlers(vaults, ids), ids)

    async def run() -> None:
        await queue.work_off(tenant.workspace_id)

    return run


async def define(database: Any, tenant: Any, name: str, **wish: Any) -> int:
    """A trait, and its number."""
    async with database.app(tenant.workspace_id) as tx:
        made = await profiles.define_trait(tx, tenant.workspace_id, name, profiles.Wish(**wish))
    return int(made.number)


# ---- the account


async def test_account_info_answers_with_the_account(
    ask: Any, tenant: Any, knock: Any, new_tenant: Any
) -> None:
    told = await ask("GET", "/api/v1/account/info")
    assert told["organisationName"] == tenant.name
    assert told["userEmail"] == f"{tenant.name}@example.com"
    assert type(told["orgId"]) is int
    assert await ask("GET", "/api/v1/account/info/") == told
    other = (await knock(await new_tenant("esputnik"), "GET", "/api/v1/account/info")).json()
    assert other["orgId"] != told["orgId"]


async def test_version_and_balance_are_text(ask: Any) -> None:
    for path in ("/api/v1/version", "/api/v2/version/"):
        assert await ask("GET", path) == {"version": "20417", "protocolVersion": "1.0"}
    assert await ask("GET", "/api/v1/balance") == {
        "currentBalance": "0.0", "creditLimit": "0.0", "currency": "USD", "bonusEmails": "0", "bonusSmses": "0"
    }  # fmt: skip


# ---- contacts


async def test_a_contact_is_written_and_shown_at_once(ask: Any) -> None:
    told = await ask("POST", CONTACT, ANN)
    assert told == {"id": "1"}
    shown = await ask("GET", f"{CONTACT}/1")
    assert shown == {
        "id": 1,
        "firstName": "Ann",
        "lastName": "Smith",
        "channels": [
            {"type": "email", "value": "ann@example.com"},
            {"type": "sms", "value": "+447911123456"},
        ],
        "address": {"region": "Kyiv", "town": "Kyiv", "address": "First str. 1", "postcode": "01001"},
        "fields": [],
        "addressBookId": 1,
        "contactKey": "12345",
        "externalCustomerId": "12345",
        "languageCode": "uk",
        "timeZone": "+02:00",
        "groups": [],
    }


async def test_a_second_write_changes_the_same_contact(ask: Any) -> None:
    await ask("POST", CONTACT, ANN)
    for again in (
        emailed("ann", firstName="Anna"),
        {"externalCustomerId": 12345, "lastName": None},
        {"contactKey": "12345"},
        {"id": "1", "languageCode": "en"},
        {"channels": {"type": "email", "value": "ann@example.com"}},
    ):
        assert await ask("POST", CONTACT, again) == {"id": "1"}
    shown = await ask("GET", f"{CONTACT}/1")
    assert (shown["firstName"], shown["languageCode"], "lastName" in shown) == ("Anna", "en", False)


async def test_a_contacts_id_stays_when_a_stronger_identity_comes(ask: Any) -> None:
    assert await ask("POST", CONTACT, emailed("ann")) == {"id": "1"}
    assert await ask("POST", CONTACT, emailed("ann", externalCustomerId="7")) == {"id": "1"}
    assert (await ask("GET", f"{CONTACT}/1"))["externalCustomerId"] == "7"


async def test_an_update_by_id_answers_letter_by_letter(ask: Any, refused: Any) -> None:
    await ask("POST", CONTACT, ANN)
    assert await ask("PUT", f"{CONTACT}/1", {"firstName": "Anna"}) == "Contact with id='1' has been updated"
    assert await ask("PUT", f"{CONTACT}/1/", emailed("new")) == "Contact with id='1' has been updated"
    shown = await ask("GET", f"{CONTACT}/1")
    assert shown["firstName"] == "Anna"
    assert {"type": "email", "value": "new@example.com"} in shown["channels"]
    assert {"type": "email", "value": "ann@example.com"} not in shown["channels"]
    await ask("POST", CONTACT, emailed("bob"))
    assert await refused("PUT", f"{CONTACT}/1", emailed("bob")) == (409, "Another contact has this email")
    assert await refused("PUT", f"{CONTACT}/2", {"externalCustomerId": "12345"}) == (
        409, "Another contact has this externalCustomerId"
    )  # fmt: skip
    await ask("PUT", f"{CONTACT}/2", {"externalCustomerId": "777"})
    assert await ask("POST", CONTACT, {"externalCustomerId": "777"}) == {"id": "2"}
    assert await refused("PUT", f"{CONTACT}/99", {}) == (404, "Contact with id='99' not found")


@pytest.mark.parametrize("number", ["99", "nobody", "0", "99999999999", "-1"])
async def test_an_unknown_contact_is_404(refused: Any, number: str) -> None:
    for method, body in (("GET", None), ("PUT", {"firstName": "A"}), ("DELETE", None)):
        status, message = await refused(method, f"{CONTACT}/{number}", body)
        assert status == 404
        assert "not found" in message


@pytest.mark.parametrize(
    ("contact", "message"),
    [
        ({}, "nothing to find it by"),
        ({"firstName": "A"}, "nothing to find it by"),
        ({"channels": [{"type": "email", "value": "ann@"}]}, "'ann@' is not valid email"),
        ({"channels": [{"type": "sms", "value": "none"}]}, "'none' is not valid phone"),
        ({"channels": [{"type": "pigeon", "value": "1"}]}, "channels[0].type"),
        ({"channels": "ann@example.com"}, "channels"),
        (emailed("a", fields=[{"id": 12345, "value": "x"}]), "There is no field with id='12345'"),
        (emailed("a", fields=[{"id": "x", "value": "x"}]), "An id must be a number, not 'x'"),
        (emailed("a", firstName="\0"), "firstName must be a text"),
        (emailed("a", externalCustomerId="x" * 301), "externalCustomerId"),
    ],
)
async def test_a_contact_that_breaks_a_rule_is_refused(refused: Any, contact: Any, message: str) -> None:
    status, told = await refused("POST", CONTACT, contact)
    assert status == 400
    assert message in told


async def test_contacts_are_searched_and_listed(ask: Any, knock: Any, tenant: Any) -> None:
    for name in ("ann", "bob", "cid"):
        await ask("POST", CONTACT, emailed(name, firstName=name.title(), lastName="Smith"))
    await ask("POST", CONTACT, {"channels": [{"type": "sms", "value": "447911123456"}]})

    async def found(query: str) -> tuple[list[int], str]:
        answer = await knock(tenant, "GET", f"{CONTACTS}{query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()], answer.headers["TotalCount"]

    assert await found("") == ([1, 2, 3, 4], "4")
    assert await found("/?startindex=2&maxrows=2") == ([2, 3], "4")
    assert await found("?email=BOB@example.com") == ([2], "1")
    assert await found("?sms=%2B447911123456") == ([4], "1")
    assert await found("?firstname=bob&lastname=SMITH") == ([2], "1")
    assert await found("?lastname=Smith&email=cid@example.com") == ([3], "1")
    assert await found("?firstname=Nobody") == ([], "0")
    assert (await knock(tenant, "GET", f"{CONTACTS}?maxrows=501")).status_code == 400
    assert (await knock(tenant, "GET", f"{CONTACTS}?email=x")).status_code == 400
    assert await ask("GET", f"{CONTACTS}/email?ids=3,4,99,1") == {
        "results": [
            {"contactId": 3, "email": "cid@example.com"},
            {"contactId": 1, "email": "ann@example.com"},
        ]
    }


# ---- deleting


async def test_a_deleted_contact_is_not_there_and_can_come_back(
    ask: Any, refused: Any, work_off: Any
) -> None:
    await ask("POST", CONTACT, ANN)
    assert await ask("DELETE", f"{CONTACT}/1") == "Contact with id='1' has been deleted"
    for method in ("GET", "DELETE"):
        assert await refused(method, f"{CONTACT}/1") == (404, "Contact with id='1' not found")
    assert await ask("GET", CONTACTS) == []
    assert await ask("GET", f"{CONTACTS}?email=ann@example.com") == []
    quietly = {"contacts": [emailed("ann", firstName="Quiet")], "restoreDeleted": False}
    await ask("POST", CONTACTS, quietly)
    await work_off()
    assert await ask("GET", CONTACTS) == []
    await ask("POST", CONTACTS, quietly | {"restoreDeleted": True})
    await work_off()
    assert [one["firstName"] for one in await ask("GET", CONTACTS)] == ["Quiet"]
    await ask("DELETE", f"{CONTACT}?externalCustomerId=12345")
    assert await ask("POST", CONTACT, ANN) == {"id": "1"}
    assert (await ask("GET", f"{CONTACT}/1"))["firstName"] == "Ann"


async def test_an_erased_contact_is_gone_for_good(ask: Any, refused: Any, work_off: Any) -> None:
    await ask("POST", CONTACT, ANN)
    told = await ask("DELETE", f"{CONTACT}?externalCustomerId=12345&erase=true")
    assert told == "Contact with id='1' has been deleted"
    assert (await refused("DELETE", f"{CONTACT}?externalCustomerId=12345&erase=true"))[0] == 404
    assert (await refused("GET", f"{CONTACT}/1"))[0] == 404
    assert (await refused("PUT", f"{CONTACT}/1", {"firstName": "A"}))[0] == 404
    await work_off()
    assert await ask("POST", CONTACT, ANN) == {"id": "2"}
    await ask("DELETE", f"{CONTACT}/2?erase=true")
    assert await ask("GET", CONTACTS) == []


# ---- fields


async def test_the_catalogue_is_as_on_the_page(ask: Any, database: Any, tenant: Any) -> None:
    assert await ask("GET", "/api/v1/addressbooks") == {
        "addressBook": {
            "addressBookId": "1",
            "name": "Main",
            "fieldGroups": {"name": "Personal", "fields": []},
        }
    }
    born = await define(database, tenant, "Date of first visit", type="date")
    gender = await define(database, tenant, "Gender", type="choice", options=("M", "F"))
    plain = {"required": "false", "readonly": "false"}
    fields = [
        {
            "id": str(born), "name": "Date of first visit", "fieldKey": "Date of first visit",
            "description": {"type": "date"} | plain,
        },
        {
            "id": str(gender), "name": "Gender", "fieldKey": "Gender",
            "description": {"type": "combobox", "allowedValues": {"possibleValues": ["M", "F"]}} | plain,
        },
    ]  # fmt: skip
    book = (await ask("GET", "/api/v1/addressbooks"))["addressBook"]
    assert book["fieldGroups"] == {"name": "Personal", "fields": fields}
    await define(database, tenant, "Points", type="integer", group="Loyalty", required=True)
    groups = (await ask("GET", "/api/v1/addressbooks/"))["addressBook"]["fieldGroups"]
    assert [group["name"] for group in groups] == ["Personal", "Loyalty"]
    assert groups[1]["fields"][0]["description"] == {
        "type": "number",
        "required": "true",
        "readonly": "false",
    }
    assert len((await ask("GET", "/api/v1/additionalfields"))["fields"]) == 3


async def test_the_ids_of_the_catalogue_are_those_of_fields(
    ask: Any, refused: Any, database: Any, tenant: Any
) -> None:
    gender = await define(database, tenant, "Gender", type="choice", options=("M", "F"))
    await ask("POST", CONTACT, emailed("ann", fields=[{"id": gender, "value": "F"}]))
    assert (await ask("GET", f"{CONTACT}/1"))["fields"] == [{"id": gender, "value": "F"}]
    await ask("PUT", f"{CONTACT}/1", {"fields": {"id": str(gender), "value": "M"}})
    await ask("PUT", f"{CONTACT}/1", {"fields": [{"id": gender}]})
    assert (await ask("GET", f"{CONTACT}/1"))["fields"] == [{"id": gender, "value": "M"}]
    status, message = await refused("PUT", f"{CONTACT}/1", {"fields": [{"id": gender, "value": "X"}]})
    assert (status, message) == (400, f"The field with id='{gender}': not among the options")
    await ask("PUT", f"{CONTACT}/1", {"fields": [{"id": gender, "value": ""}]})
    assert (await ask("GET", f"{CONTACT}/1"))["fields"] == []


# ---- imports


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
    ask: Any, work_off: Any, process_all: Any, tenant: Any, database: Any
) -> None:
    await ask("POST", CONTACT, emailed("ann"))
    contacts = [emailed("ann"), emailed("bob")]
    await ask("POST", CONTACTS, {"contacts": contacts, "eventKeyForNewContacts": "newContact"})
    await work_off()
    await process_all(tenant)
    (event,) = await timeline(database, tenant)
    assert event.name == "newContact"
    assert event.properties["contactId"] == "2"
    assert event.properties["EmailAddress"] == "bob@example.com"


async def timeline(database: Any, tenant: Any) -> Any:
    async with database.app(tenant.workspace_id) as tx:
        return await events.list_events(
            tx, tenant.workspace_id, events.Which(), vault=tenant.vault, now_us=database.now_us(), limit=50
        )


async def test_whoever_fills_in_a_form_is_subscribed(
    ask: Any, process_all: Any, tenant: Any, database: Any
) -> None:
    wish = {"contact": emailed("ann"), "groups": ["news"], "formType": "footer"}
    assert await ask("POST", f"{CONTACT}/subscribe", wish) == {"id": 1}
    assert await ask("POST", f"{CONTACT}/subscribe", {"contact": emailed("ann")}) == {"id": 1}
    assert (await ask("GET", f"{CONTACT}/1"))["groups"] == [{"id": 1, "name": "news", "type": "Static"}]
    await process_all(tenant)
    names = {event.name for event in await timeline(database, tenant)}
    assert names == {"subscribeFromApi-footer", "subscribeUpdateFromApi"}


# ---- events by contact id


async def test_an_event_by_contact_id_is_the_contacts(
    ask: Any, knock: Any, process_all: Any, tenant: Any, database: Any
) -> None:
    await ask("POST", CONTACT, ANN)
    await ask("POST", CONTACT, emailed("bob"))
    bodies = [
        ("v1", {"eventTypeKey": "a", "keyValue": "1", "params": []}),
        ("v1", {"eventTypeKey": "b", "keyValue": "o-1", "params": [{"name": "CONTACT_ID", "value": "2"}]}),
        ("v3", {"eventTypeKey": "c", "params": {"contactId": 2}}),
        ("v1", {"eventTypeKey": "d", "keyValue": "3", "params": []}),
    ]
    for version, body in bodies:
        assert await ask("POST", f"/api/{version}/event", body) == ""
    past = {"events": [{"eventTypeKey": "e", "keyValue": 1, "params": [], "occurred": "2024-01-15"}]}
    await ask("POST", "/api/v1/past_events", past)
    answer = await knock(
        tenant, "POST", "/api/v2/event", {"eventTypeKey": "x", "params": [{"name": "contactId", "value": 99}]}
    )
    assert answer.status_code == 400, "nobody's id, and nobody else is named"
    await process_all(tenant)
    whose = {event.name: event.profile_id for event in await timeline(database, tenant)}
    assert whose["a"] == whose["e"] != whose["b"] == whose["c"]
    assert whose["d"] not in (whose["a"], whose["b"]), "no contact's id is a customer's id"


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


# ---- others


async def test_other_workspaces_things_are_not_there(
    knock: Any, new_tenant: Any, ask: Any, refused: Any
) -> None:
    other = await new_tenant("esputnik")
    for body in (ANN, emailed("bob")):
        await knock(other, "POST", CONTACT, body)
    session = (
        await knock(other, "POST", CONTACTS, {"contacts": [emailed("cid")], "groupNames": ["x"]})
    ).json()
    for method, path, body in (
        ("GET", f"{CONTACT}/1", None),
        ("PUT", f"{CONTACT}/1", {"firstName": "stolen"}),
        ("DELETE", f"{CONTACT}/1?erase=true", None),
        ("DELETE", f"{CONTACT}?externalCustomerId=12345&erase=true", None),
    ):
        assert (await refused(method, path, body))[0] == 404
    assert await ask("GET", CONTACTS) == []
    assert await ask("GET", f"{CONTACTS}?email=ann@example.com") == []
    assert await ask("GET", f"{CONTACTS}/email?ids=1,2") == {"results": []}
    assert (await knock(other, "GET", f"{CONTACT}/1")).json()["firstName"] == "Ann"
    assert (await ask("GET", f"/api/v1/importstatus/{session['asyncSessionId']}"))["status"] == "FINISHED"


async def test_many_callers_of_one_contact_all_succeed(ask: Any) -> None:
    wishes = [emailed("ann", firstName=f"A{n}", externalCustomerId="7") for n in range(12)]
    answers = await asyncio.gather(*(ask("POST", CONTACT, wish) for wish in wishes))
    assert {one["id"] for one in answers} == {answers[0]["id"]}
