"""SMASHSEND's contacts, contact properties and API keys, through the door as it is composed."""

import asyncio
from typing import Any

import pytest

ANN = {"email": "Ann@Example.com", "firstName": "Ann", "plan": "premium"}


@pytest.fixture
def ask(knock, tenant):
    async def asking(method: str, path: str, body: Any = None, **beside: Any) -> Any:
        answer = await knock(tenant, method, path, body, **beside)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return asking


@pytest.fixture
def refused(knock, tenant):
    async def refusing(method: str, path: str, body: Any = None, **beside: Any) -> tuple[int, str]:
        answer = await knock(tenant, method, path, body, **beside)
        told = answer.json()
        assert set(told) == {"statusCode", "error", "message"}
        assert told["statusCode"] == answer.status_code
        return answer.status_code, told["message"]

    return refusing


async def test_a_contact_is_created_and_shown_at_once(ask, tenant):
    made = (await ask("POST", "/v1/contacts", {"properties": ANN}))["contact"]
    assert made["id"].startswith("ctc_")
    assert made["workspaceId"] == f"wrk_{tenant.workspace_id.hex}"
    assert made["properties"] == {
        "email": "ann@example.com", "firstName": "Ann", "plan": "premium", "status": "SUBSCRIBED"
    }  # fmt: skip
    assert (await ask("GET", f"/v1/contacts/{made['id']}"))["contact"] == made
    assert (await ask("GET", "/v1/contacts/search?email=ANN@example.com"))["contact"] == made
    assert (await ask("GET", "/v1/contacts/search?email=bob@example.com")) == {"contact": None}
    assert (await ask("GET", "/v1/contacts/search?email=nobody")) == {"contact": None}


async def test_a_second_create_updates_and_keeps_the_rest(ask):
    one = (await ask("POST", "/v1/contacts", {"properties": ANN}))["contact"]
    told = {"email": "ann@example.com", "plan": "free", "first_name": None, "status": "UNSUBSCRIBED"}
    two = (await ask("POST", "/v1/contacts", {"properties": told}))["contact"]
    assert two["id"] == one["id"]
    assert two["createdAt"] == one["createdAt"]
    assert two["properties"] == {"email": "ann@example.com", "plan": "free", "status": "UNSUBSCRIBED"}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, '"properties.email" is required'),
        ({"email": "ann@"}, '"properties.email" must be a valid email'),
        ({"email": 5}, '"properties.email" must be a valid email'),
        ({"email": "a@b.co", "status": "GONE"}, '"properties.status" must be one of'),
        ({"email": "a@b.co", "x": {"a": 1}}, "Contact properties can only contain primitive values"),
        ({"email": "a@b.co", "x": {"add": [{}]}}, '"properties.x" can only contain primitive values'),
        ({"email": "a@b.co", "x": "\0"}, '"properties.x" must not contain the character U+0000'),
        ({"email": "a@b.co", "x": 2**70}, '"properties.x" must be an integer of at most 64 bits'),
    ],
)
async def test_a_contact_that_breaks_a_rule_is_refused(refused, properties, message):
    status, told = await refused("POST", "/v1/contacts", {"properties": properties})
    assert status == 400
    assert told.startswith(message)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"properties":[]}', b'{"properties":null}', b"{}", b"\xff",
             b'{"properties":{"email":"a@b.co","x":1e999}}', b'{"properties":{"email":"\\ud83d"}}',
             b'{"properties":' * 3_000],
)  # fmt: skip
async def test_poison_is_the_callers_fault(refused, body):
    for method, path in (("POST", "/v1/contacts"), ("POST", "/v1/contacts/batch"),
                         ("PUT", f"/v1/contacts/ctc_{'0' * 32}"), ("POST", "/v1/contact-properties")):  # fmt: skip
        assert (await refused(method, path, body))[0] == 400


async def test_an_update_changes_what_it_names(ask, refused):
    made = (await ask("POST", "/v1/contacts", {"properties": ANN | {"colours": ["red", "blue"]}}))["contact"]
    path = f"/v1/contacts/{made['id']}"
    wish = {"plan": None, "colours": {"add": ["green"], "remove": ["red"]}, "email": "ann@new.example"}
    changed = (await ask("PUT", path, {"properties": wish}))["contact"]
    assert changed["id"] == made["id"]
    assert changed["properties"] == {
        "email": "ann@new.example", "firstName": "Ann", "colours": ["blue", "green"], "status": "SUBSCRIBED"
    }  # fmt: skip
    assert (await ask("GET", "/v1/contacts/search?email=ann@example.com"))["contact"] is None
    await ask("POST", "/v1/contacts", {"properties": {"email": "bob@example.com"}})
    assert await refused("PUT", path, {"properties": {"email": "bob@example.com"}}) == (
        409, "Another contact has this email"
    )  # fmt: skip
    unknown = "/v1/contacts/ctc_" + "0" * 32
    assert await refused("PUT", unknown, {"properties": {}}) == (404, "Contact not found")
    assert await refused("GET", "/v1/contacts/nothing") == (404, "Contact not found")


async def test_a_contact_is_deleted_for_good(ask, refused, tenant, process_all):
    made = (await ask("POST", "/v1/contacts", {"properties": ANN}))["contact"]
    path = f"/v1/contacts/{made['id']}"
    assert await ask("DELETE", path) == {"isDeleted": True, "deleted": True, "contact": made}
    assert await refused("GET", path) == (404, "Contact not found")
    assert (await ask("GET", "/v1/contacts/search?email=ann@example.com")) == {"contact": None}
    assert (await ask("GET", "/v1/contacts"))["contacts"]["items"] == []
    new = (await ask("POST", "/v1/contacts", {"properties": {"email": "ann@example.com"}}))["contact"]
    assert new["id"] != made["id"]
    assert new["properties"] == {"email": "ann@example.com", "status": "SUBSCRIBED"}
    await process_all(tenant)
    assert (await ask("GET", f"/v1/contacts/{new['id']}"))["contact"] == new


async def test_deleting_again_finds_nobody_and_leaves_others_alone(ask, refused):
    """T13: a caller who heard no answer may ask again."""
    bob = (await ask("POST", "/v1/contacts", {"properties": {"email": "bob@example.com"}}))["contact"]
    for by in ("id", "email"):
        made = (await ask("POST", "/v1/contacts", {"properties": ANN}))["contact"]
        path = f"/v1/contacts/{made['id']}" if by == "id" else "/v1/contacts/by-email/ANN@example.com"
        assert (await ask("DELETE", path))["contact"] == made
        for _ in range(2):
            assert await refused("DELETE", path) == (404, "Contact not found")
    assert (await ask("GET", "/v1/contacts"))["contacts"]["items"] == [bob]
    for path in (
        "/v1/contacts/nothing",
        "/v1/contacts/by-email/nobody",
        "/v1/contacts/by-email/no@example.com",
    ):
        assert await refused("DELETE", path) == (404, "Contact not found")


async def test_many_who_delete_at_once_delete_once(knock, tenant, ask):
    made = (await ask("POST", "/v1/contacts", {"properties": ANN}))["contact"]
    path = f"/v1/contacts/{made['id']}"
    answers = await asyncio.gather(*(knock(tenant, "DELETE", path) for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [200, 404, 404, 404, 404, 404]


async def test_what_waits_in_the_queue_does_not_bring_a_deleted_contact_back(ask, tenant, process_all):
    made = (await ask("POST", "/v1/contacts", {"properties": ANN}))["contact"]
    await ask("POST", "/v1/events", {"event": "user.seen", "identify": {"email": "ann@example.com"}})
    await ask("DELETE", f"/v1/contacts/{made['id']}")
    await process_all(tenant)
    assert (await ask("GET", "/v1/contacts/search?email=ann@example.com")) == {"contact": None}


async def test_options_are_kept_and_answered(ask, refused):
    wish = {
        "displayName": "industry",
        "type": "SELECT",
        "typeConfig": {"options": ["Tech", "Retail", "Tech"]},
    }
    made = (await ask("POST", "/v1/contact-properties", wish))["property"]
    assert made["typeConfig"] == {"options": ["Tech", "Retail"], "multiple": False}
    wish = {"displayName": "colours", "type": "MULTI_SELECT", "typeConfig": {"multiple": True}}
    free = (await ask("POST", "/v1/contact-properties", wish))["property"]
    assert free["typeConfig"] == {"options": [], "multiple": True}
    assert (await ask("GET", "/v1/contacts/properties"))["properties"]["items"] == [free, made]
    for industry, kept in (("Tech", "Tech"), ("Fishing", "Tech")):  # no option: stays as it is, with a trace
        told = {"properties": ANN | {"industry": industry, "colours": ["red"]}}
        properties = (await ask("POST", "/v1/contacts", told))["contact"]["properties"]
        assert (properties["industry"], properties["colours"]) == (kept, ["red"])
    path = f"/v1/contact-properties/{made['id']}"
    assert (await ask("PUT", path, {"typeConfig": {"options": ["Tech", "Retail"]}}))["property"] == made
    assert (await refused("PUT", path, {"typeConfig": {"options": ["Tech"]}}))[0] == 400
    wish = {"displayName": "age", "type": "NUMBER", "typeConfig": {"options": ["1"]}}
    assert (await refused("POST", "/v1/contact-properties", wish))[0] == 400
    wish = {"displayName": "firstName", "type": "STRING"}
    assert (await refused("POST", "/v1/contact-properties", wish))[0] == 409


async def test_a_batch_is_all_or_what_can_be(ask, refused):
    contacts = [
        {"properties": ANN},
        {"properties": {"email": "no"}},
        {"properties": {"email": "bob@example.com"}},
    ]
    status, message = await refused("POST", "/v1/contacts/batch", {"contacts": contacts})
    assert (status, message) == (400, '"contacts[1]": "properties.email" must be a valid email')
    assert (await ask("GET", "/v1/contacts"))["contacts"]["items"] == []
    await ask("POST", "/v1/contacts", {"properties": ANN})
    path = "/v1/contacts/batch?allowPartialSuccess=true&includeFailedContacts=true"
    told = await ask("POST", path, {"contacts": contacts})
    del told["summary"]["processingTime"]
    assert told["summary"] == {"created": 1, "updated": 1, "failed": 1, "total": 3}
    assert [one["properties"]["email"] for one in told["contacts"]] == ["ann@example.com", "bob@example.com"]
    assert told["errors"] == [{"index": 1, "message": '"properties.email" must be a valid email'}]
    assert told["failedContacts"] == [{"index": 1, "properties": {"email": "no"}}]
    many = [{"properties": {"email": f"p{n}@example.com"}} for n in range(201)]
    assert (await refused("POST", "/v1/contacts/batch", {"contacts": many}))[0] == 400
    assert len((await ask("POST", "/v1/contacts/batch", {"contacts": many[:200]}))["contacts"]) == 200


async def test_lists_are_read_page_by_page(ask, refused):
    for n in range(5):
        told = {"email": f"p{n}@example.com", "status": "ARCHIVED" if n == 2 else "SUBSCRIBED"}
        await ask("POST", "/v1/contacts", {"properties": told})
    seen, cursor = [], ""
    while cursor is not None:
        page = (await ask("GET", f"/v1/contacts?limit=2&sort=createdAt.asc&includeCount=true{cursor}"))[
            "contacts"
        ]
        assert page["totalCount"] == 5
        seen += [one["properties"]["email"] for one in page["items"]]
        cursor = f"&cursor={page['cursor']}" if page["hasMore"] else None
    assert seen == [f"p{n}@example.com" for n in range(5)]
    assert len((await ask("GET", "/v1/contacts?status=ARCHIVED"))["contacts"]["items"]) == 1
    found = (await ask("GET", "/v1/contacts?search=p3@example.com"))["contacts"]
    assert [one["properties"]["email"] for one in found["items"]] == ["p3@example.com"]
    assert "totalCount" not in found
    for query in ("limit=0", "limit=101", "limit=x", "sort=up", "status=GONE", "cursor=x", "includeCount=7"):
        assert (await refused("GET", f"/v1/contacts?{query}"))[0] == 400


async def test_an_event_before_a_contact_call_and_processed_after_it_undoes_nothing(ask, tenant, process_all):
    """The worker is stopped while both are told."""
    event = {
        "event": "user.seen",
        "identify": {"email": "ann@example.com", "traits": {"plan": "told", "a": 1}},
    }
    await ask("POST", "/v1/events", event)
    await ask("POST", "/v1/contacts", {"properties": ANN})
    await process_all(tenant)
    found = (await ask("GET", "/v1/contacts/search?email=ann@example.com"))["contact"]
    assert found["properties"]["plan"] == "premium"
    assert found["properties"]["a"] == 1


async def test_many_callers_of_one_contact_all_succeed(ask):
    """Who meets a deadlock is tried again."""
    emails = [f"p{n}@example.com" for n in range(6)]
    batches = [
        [{"properties": {"email": one, "n": n}} for one in emails[:: 1 if n % 2 else -1]] for n in range(8)
    ]
    await asyncio.gather(*(ask("POST", "/v1/contacts/batch", {"contacts": one}) for one in batches))
    assert (await ask("GET", "/v1/contacts?includeCount=1"))["contacts"]["totalCount"] == 6


async def test_other_workspaces_contacts_are_not_there(knock, new_tenant, ask, refused):
    other = await new_tenant()
    theirs = (await knock(other, "POST", "/v1/contacts", {"properties": ANN})).json()["contact"]["id"]
    for method, body in (("GET", None), ("PUT", {"properties": {"plan": "stolen"}}), ("DELETE", None)):
        assert await refused(method, f"/v1/contacts/{theirs}", body) == (404, "Contact not found")
    assert (await refused("DELETE", "/v1/contacts/by-email/ann@example.com"))[0] == 404
    assert (await knock(other, "GET", f"/v1/contacts/{theirs}")).status_code == 200
    assert (await ask("GET", "/v1/contacts/search?email=ann@example.com"))["contact"] is None
    assert (await ask("GET", "/v1/contacts"))["contacts"]["items"] == []
    keys = f"/v1/workspaces/wrk_{other.workspace_id.hex}/api-keys"
    key = f"key_{other.credential.credential_id.hex}"
    for method, path, body in (
        ("GET", keys, None), ("POST", keys, {"displayName": "x"}), ("GET", f"{keys}/{key}", None),
        ("DELETE", f"{keys}/{key}", None), ("POST", f"{keys}/{key}", {"status": "ARCHIVED"}),
    ):  # fmt: skip
        assert await refused(method, path, body) == (404, "Workspace not found")


async def test_properties_are_defined_listed_and_stay_as_they_are(ask, refused):
    made = (await ask("POST", "/v1/contact-properties", {"displayName": "ltv", "type": "NUMBER"}))["property"]
    assert (made["apiSlug"], made["type"], made["isCustom"]) == ("ltv", "NUMBER", True)
    again = await refused("POST", "/v1/contact-properties", {"displayName": "ltv", "type": "STRING"})
    assert again == (409, "A contact property with this apiSlug exists already")
    await ask("POST", "/v1/contacts", {"properties": ANN | {"ltv": 4.5}})
    listed = (await ask("GET", "/v1/contacts/properties"))["properties"]
    assert {one["apiSlug"]: one["type"] for one in listed["items"]} == {
        "ltv": "NUMBER", "firstName": "STRING", "plan": "STRING"
    }  # fmt: skip
    custom = (await ask("GET", "/v1/contacts/properties?type=CUSTOM&limit=1"))["properties"]
    assert (len(custom["items"]), custom["hasMore"]) == (1, True)
    path = f"/v1/contact-properties/{made['id']}"
    assert (await ask("PUT", path, {"type": "NUMBER"}))["property"] == made
    assert (await refused("PUT", path, {"type": "STRING"}))[0] == 400
    assert (await refused("PUT", "/v1/contact-properties/x", {}))[0] == 404


async def test_keys_are_made_shown_and_archived(ask, refused, tenant):
    keys = f"/v1/workspaces/wrk_{tenant.workspace_id.hex}/api-keys"
    assert (await ask("GET", "/v1/api-keys/check"))["role"] == "EDITOR"
    made = (await ask("POST", keys, {"displayName": "reports"}))["apiKey"]
    assert made["key"].startswith(made["keyStart"])
    assert (await ask("GET", "/v1/api-keys/current", secret=made["key"]))["apiKey"]["id"] == made["id"]
    shown = (await ask("GET", f"{keys}/{made['id']}"))["apiKey"]
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert len((await ask("GET", keys))["apiKeys"]["items"]) == 2
    assert len((await ask("GET", f"{keys}?limit=1"))["apiKeys"]["items"]) == 1
    assert (await ask("DELETE", f"{keys}/{made['id']}"))["apiKey"]["status"] == "ARCHIVED"
    assert await refused("GET", "/v1/api-keys/check", secret=made["key"]) == (401, "Invalid API key")
    assert (await refused("GET", f"{keys}/key_{'0' * 32}"))[0] == 404
    assert (await refused("POST", keys, {"displayName": ""}))[0] == 400
    assert (await refused("POST", keys, {"displayName": "x", "role": "OWNER"}))[0] == 400


async def test_a_viewers_key_reads_and_writes_nothing(ask, refused, tenant):
    keys = f"/v1/workspaces/wrk_{tenant.workspace_id.hex}/api-keys"
    viewer = (await ask("POST", keys, {"displayName": "reports", "role": "VIEWER"}))["apiKey"]["key"]
    assert (await ask("GET", "/v1/api-keys/check", secret=viewer))["role"] == "VIEWER"
    assert (await ask("GET", "/v1/contacts", secret=viewer))["contacts"]["items"] == []
    event = {"event": "a", "identify": {"email": "a@example.com"}}
    for method, path, body in (
        ("POST", "/v1/contacts", {"properties": ANN}),
        ("DELETE", "/v1/contacts/by-email/ann@example.com", None),
        ("POST", keys, {"displayName": "x"}),
        ("POST", "/v1/events", event),
        ("POST", "/v1/events/batch", {"events": [event]}),
    ):
        assert await refused(method, path, body, secret=viewer) == (403, "This API key can only read")


async def test_methods_and_paths_that_are_not_spoken(knock, tenant, refused):
    answer = await knock(tenant, "PATCH", "/v1/contacts/ctc_1")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT, DELETE")
    assert (await refused("GET", "/v1/contacts/batch"))[0] == 405
    assert (await refused("GET", "/v1/webhooks"))[0] == 404
    assert (await refused("POST", "/v1/contacts", {"properties": ANN}, secret="sk_live_x"))[0] == 401
