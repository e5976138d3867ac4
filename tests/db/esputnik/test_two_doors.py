"""One customer, reported through two vendors' doors."""

from typing import Any

from clarion import events, profiles
from clarion.dialects.smashsend import mapping as smashsend
from clarion.model import Identity, IdentityKind, Source, parse_id

ANN = Identity(IdentityKind.EMAIL, "", "ann@example.com")


async def test_a_customer_of_both_doors_is_one_profile_and_two_after_an_unmerge(
    ask: Any, ingest: Any, database: Any, tenant: Any, process_all: Any, ids: Any
) -> None:
    async def person(identity: Identity) -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await profiles.find_by_identity(tx, tenant.workspace_id, identity, vault=tenant.vault)

    async def events_of(found: Any) -> set[str]:
        members = [parse_id("prf", member) for member in found.members]
        async with database.app(tenant.workspace_id) as tx:
            listed = await events.list_events(
                tx, tenant.workspace_id, events.Which(profile_ids=members),
                vault=tenant.vault, now_us=database.now_us(), limit=50,
            )  # fmt: skip
        return {event.name for event in listed}

    signup = b'{"event": "user.signup", "identify": {"email": "Ann@example.com", "traits": {"plan": "free"}}}'
    offer = smashsend.judge(signup, database.now_us())
    await ingest.offer(tenant.credential, Source.SMASHSEND, [offer])
    params = [
        {"name": "externalCustomerId", "value": "12345"},
        {"name": "EmailAddress", "value": "ANN@example.com"},
    ]
    await ask("POST", "/api/v1/event", {"eventTypeKey": "visited", "keyValue": "v-1", "params": params})
    await process_all(tenant)

    shop = Identity(IdentityKind.EXTERNAL_ID, "esputnik", "12345")
    one = await person(ANN)
    assert one == await person(shop)
    assert await events_of(one) == {"user.signup", "visited"}
    assert one.traits["plan"] == "free"
    (contact,) = await ask("GET", "/api/v1/contacts?email=ann@example.com")
    assert contact["externalCustomerId"] == "12345"

    by_email = next(m for m in one.members if m != one.id)
    async with database.owner() as tx:
        await profiles.unmerge(
            tx, tenant.workspace_id, parse_id("prf", by_email),
            vault=tenant.vault, ids=ids, now_us=database.now_us(),
        )  # fmt: skip
    assert await events_of(await person(ANN)) == {"user.signup"}
    assert await events_of(await person(shop)) == {"visited"}
    assert "plan" not in (await person(shop)).traits
