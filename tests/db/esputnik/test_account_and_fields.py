"""The account and the catalogue of additional fields."""

from typing import Any

from tests.db.esputnik.requests import CONTACT, define, emailed

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


async def test_every_type_has_a_word_of_the_vendors(ask: Any, database: Any, tenant: Any) -> None:
    words = {
        "text": "textfield", "integer": "number", "decimal": "decimal", "boolean": "combobox", "date": "date",
        "datetime": "datetime", "choice": "combobox", "choices": "checkboxlist",
    }  # fmt: skip
    for kind in words:
        options = ("M", "F") if kind.startswith("choice") else None
        await define(database, tenant, f"a {kind}", type=kind, options=options, readonly=kind == "date")
    book = (await ask("GET", "/api/v1/addressbooks"))["addressBook"]
    told = {field["name"].removeprefix("a "): field["description"] for field in book["fieldGroups"]["fields"]}
    assert {kind: one["type"] for kind, one in told.items()} == words
    assert told["choices"]["allowedValues"] == {"possibleValues": ["M", "F"]}
    assert told["boolean"]["allowedValues"] == {"possibleValues": ["true", "false"]}
    assert "allowedValues" not in told["text"]
    assert {one["required"] for one in told.values()} == {"false"}
    assert {kind for kind, one in told.items() if one["readonly"] == "true"} == {"date"}
