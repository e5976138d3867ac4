"""Requests of eSputnik's: the words in which these tests speak."""

from typing import Any

from clarion import profiles

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


async def define(database: Any, tenant: Any, name: str, **wish: Any) -> int:
    """A trait, and its number."""
    async with database.app(tenant.workspace_id) as tx:
        made = await profiles.define_trait(tx, tenant.workspace_id, name, profiles.Wish(**wish))
    return int(made.number)
