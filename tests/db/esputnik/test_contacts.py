"""Contacts, one at a time, and events by their ids."""

import asyncio
from typing import Any

import pytest

from clarion import metrics
from tests.db.esputnik.requests import ANN, CONTACT, CONTACTS, emailed

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


async def test_push_tokens_are_addresses_of_the_contact(
    ask: Any, refused: Any, database: Any, tenant: Any, work_off: Any
) -> None:
    """Byte for byte, sealed as other addresses are; two contacts may have the same, which joins nobody."""
    tokens = [
        {"type": "mobilepush", "value": "fcm:Ab12"},
        {"type": "webpush", "value": "https://push.example/x"},
    ]
    ann = {"channels": [{"type": "email", "value": "ann@example.com"}, *tokens]}
    await ask("POST", CONTACT, ann)
    await ask("POST", CONTACT, ann)
    shown = (await ask("GET", f"{CONTACT}/1"))["channels"]
    assert shown == [{"type": "email", "value": "ann@example.com"}, *tokens]
    await ask("PUT", f"{CONTACT}/1", {"channels": [{"type": "mobilepush", "value": "fcm:ab12"}]})
    assert {"type": "mobilepush", "value": "fcm:ab12"} in (await ask("GET", f"{CONTACT}/1"))["channels"]
    await ask(
        "POST",
        CONTACTS,
        {"contacts": [emailed("bob") | {"channels": [*emailed("bob")["channels"], *tokens]}]},
    )
    await work_off()
    assert len(await ask("GET", CONTACTS)) == 2
    assert tokens[0] in (await ask("GET", f"{CONTACT}/2"))["channels"]
    async with database.owner() as tx:
        rows = await tx.fetch(
            "SELECT channel, sealed FROM address WHERE workspace_id = $1", tenant.workspace_id
        )
    assert {row["channel"] for row in rows} == {"email", "push", "webpush"}
    assert not any(b"fcm" in row["sealed"] for row in rows)
    for wrong in ("x" * 4_097, " ", "a\0"):
        bad = emailed("cid")["channels"] + [{"type": "webpush", "value": wrong}]
        status, message = await refused("POST", CONTACT, {"channels": bad})
        assert status == 400
        assert "is not valid webpush" in message


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


# ---- events by contact id


async def test_an_event_by_contact_id_is_the_contacts(
    ask: Any, knock: Any, process_all: Any, tenant: Any, timeline: Any
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
    whose = {event.name: event.profile_id for event in await timeline(tenant)}
    assert whose["a"] == whose["e"] != whose["b"] == whose["c"]
    assert whose["d"] not in (whose["a"], whose["b"]), "no contact's id is a customer's id"


async def test_an_unknown_event_type_is_made(ask: Any, process_all: Any, tenant: Any, database: Any) -> None:
    await ask(
        "POST", "/api/v1/event", {"eventTypeKey": "brandNew", "keyValue": "ann@example.com", "params": []}
    )
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        assert [one.name for one in await metrics.list_metrics(tx, tenant.workspace_id)] == ["brandNew"]


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
    assert (await refused("GET", f"/api/v1/importstatus/{session['asyncSessionId']}"))[0] == 404


async def test_many_callers_of_one_contact_all_succeed(ask: Any) -> None:
    wishes = [emailed("ann", firstName=f"A{n}", externalCustomerId="7") for n in range(12)]
    answers = await asyncio.gather(*(ask("POST", CONTACT, wish) for wish in wishes))
    assert {one["id"] for one in answers} == {answers[0]["id"]}
