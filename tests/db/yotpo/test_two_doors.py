"""One customer, reported through Yotpo's door and another vendor's."""

from typing import Any

from clarion.dialects.esputnik import mapping as esputnik
from clarion.dialects.esputnik import rules as esputnik_rules
from clarion.dialects.esputnik import wire as esputnik_wire
from clarion.dialects.smashsend import mapping as smashsend
from clarion.model import Identity, IdentityKind, Source
from tests.db.support import timeline

ANN = Identity(IdentityKind.EMAIL, "", "ann@example.com")


def own(namespace: str) -> Identity:
    return Identity(IdentityKind.EXTERNAL_ID, namespace, "12345")


def esputnik_event(body: bytes, now_us: int) -> Any:
    valid = esputnik_rules.check(esputnik_wire.read(body, esputnik_wire.Event), key_required=True)
    return esputnik.offer(valid, esputnik.found(valid), {}, namespace="esputnik", now_us=now_us)


async def test_equal_external_ids_of_two_vendors_stay_two_people(
    ask: Any, ingest: Any, database: Any, tenant: Any, process_all: Any, person: Any
) -> None:
    offer = esputnik_event(b'{"eventTypeKey": "visited", "keyValue": "12345"}', database.now_us())
    await ingest.offer(tenant.credential, Source.ESPUTNIK, [offer])
    await ask(
        "PATCH", "/customer_events", {"type": "quiz", "unique_id": "1", "customer": {"external_id": "12345"}}
    )
    await process_all(tenant)
    assert (await person(own("esputnik"))).id != (await person(own("yotpo"))).id
    whose = {one.name: one.profile_id for one in await timeline(database, tenant)}
    assert whose["visited"] == (await person(own("esputnik"))).id
    assert whose["quiz"] == (await person(own("yotpo"))).id


async def test_one_customer_at_two_doors_is_one_profile_by_the_email(
    ask: Any, ingest: Any, database: Any, tenant: Any, process_all: Any, person: Any
) -> None:
    signup = b'{"event": "user.signup", "identify": {"email": "Ann@example.com", "traits": {"plan": "free"}}}'
    await ingest.offer(tenant.credential, Source.SMASHSEND, [smashsend.judge(signup, database.now_us())])
    body = {
        "type": "quiz",
        "unique_id": "1",
        "customer": {
            "external_id": "12345",
            "email": "ANN@example.com",
            "custom_properties": {"skin": "dry"},
        },
    }
    await ask("PATCH", "/customer_events", body)
    await process_all(tenant)
    one = await person(ANN)
    assert one == await person(own("yotpo"))
    assert (one.traits["plan"], one.traits["skin"]) == ("free", "dry")
    assert {event.profile_id for event in await timeline(database, tenant)} <= set(one.members)
    (shown,) = (await ask("GET", "/customers?external_ids=12345"))["customers"]
    assert (shown["email"], shown["custom_properties"]) == (
        "ann@example.com",
        {"plan": "free", "skin": "dry"},
    )
