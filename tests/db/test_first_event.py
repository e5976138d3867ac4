"""One event through all rooms: offered, on disk, on the timeline, found again."""

import time

from clarion import events, metrics, model, profiles
from clarion.model import (
    Accepted,
    Dedup,
    Duplicate,
    Event,
    Identity,
    IdentityKind,
    Mode,
    Offer,
    Reach,
    Source,
)

ANN = Identity(IdentityKind.EMAIL, "", "ann@example.com")


def offer(name: str = "user.signup", key: str = "k1", **fields: object) -> Offer:
    event = Event(name=name, occurred_at_us=time.time_ns() // 1000, identities=(ANN,), **fields)  # type: ignore[arg-type]
    return Offer(event, Dedup(Mode.ONCE, key, window_s=86_400))


async def test_an_event_makes_a_profile_and_stands_on_its_timeline(database, tenant, ingest, process_all):
    first = offer(
        properties={"plan": "premium", "contact": {"email": "other@example.com", "n": 1}},
        traits={"firstName": "Ann", "city": "Kyiv", "phone": "+380 44 123 45 67"},
        reaches=(Reach("sms", "+380 44 123 45 67"),),
        context={"ip": "192.0.2.1"},
    )
    outcomes = await ingest.offer(
        tenant.credential, Source.SMASHSEND, [first, offer(key="k1"), offer(key="k2")]
    )
    assert [type(outcome) for outcome in outcomes] == [Accepted, Duplicate, Accepted]
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        found = await profiles.find_by_identity(tx, tenant.workspace_id, ANN, vault=tenant.vault)
        assert found is not None
        assert found.traits == {"first_name": "Ann", "city": "Kyiv", "phone": "+380 44 123 45 67"}
        assert found.identities == [{"kind": "email", "namespace": "", "value": "ann@example.com"}]
        assert {(a["channel"], a["value"]) for a in found.addresses} == {
            ("email", "ann@example.com"),
            ("sms", "+380441234567"),
        }
        stored = await events.list_events(
            tx, tenant.workspace_id, events.Which(), vault=tenant.vault, now_us=database.now_us(), limit=10
        )
        assert [event.id for event in stored] == [
            model.show_id("evt", outcomes[2].item_id),
            model.show_id("evt", outcomes[0].item_id),
        ]
        assert stored[1].properties == {"plan": "premium", "contact": {"n": 1, "email": "other@example.com"}}
        assert stored[1].context == {"ip": "192.0.2.1"}
        assert stored[1].profile_id == found.id
        raw = await tx.fetchval(
            "SELECT string_agg(properties::text, '') FROM event WHERE workspace_id = $1", tenant.workspace_id
        )
        assert "other@example.com" not in raw
        assert (await metrics.list_metrics(tx, tenant.workspace_id, name="user.signup"))[0].events == 2
        changes = await profiles.history(
            tx, tenant.workspace_id, [model.parse_id("prf", found.id)], vault=tenant.vault, limit=10
        )
        assert {change.what for change in changes} == {"trait:first_name", "trait:city", "trait:phone"}
        lines, mismatches = await events.verify_ledger(tx, tenant.workspace_id)
        assert mismatches == []
        assert sum(line.received for line in lines) == 3
        assert sum(line.stored for line in lines) == 2
