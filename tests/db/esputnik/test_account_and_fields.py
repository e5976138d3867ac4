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
