"""What is shown of the rooms' things: the same shapes to callers of the management API and on the command line."""

import msgspec
import pytest

from clarion import accounts, errors, events, model, profiles
from clarion.api import Nothing, views
from clarion.api.nouns import credential, event, ledger, metric, profile, quarantine, workspace
from clarion.api.ports import Forbidden
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, Source
from tests import managed
from tests.db import support

S = Source.SMASHSEND


@pytest.fixture
def own(database, vaults, ids):
    return managed.ports(database, vaults, ids)


@pytest.fixture
def call(own, tenant):
    return managed.call(own, tenant)


def fields(shown):
    return list(msgspec.json.decode(msgspec.json.encode(shown)))


async def audited(database, tenant):
    async with database.owner() as tx:
        rows = await tx.fetch(
            "SELECT action, actor, detail FROM audit WHERE workspace_id = $1 ORDER BY audit_id",
            tenant.workspace_id,
        )
    return [(row["action"], row["actor"], msgspec.json.decode(row["detail"])) for row in rows]


async def poison(ingest, tenant, process_all, count=1):
    """Items that no caller could have sent: the database refuses what they say."""
    bad = [support.event("bad", properties={"n": n, "x": "\x00"}) for n in range(count)]
    await ingest.offer(tenant.credential, S, [Offer(one, Dedup(Mode.NONE)) for one in bad])
    await process_all(tenant)


# ---- workspaces and credentials


async def test_a_workspace(call, tenant):
    shown = await workspace.show(call, Nothing())
    assert shown.id == model.show_id("wrk", tenant.workspace_id)
    assert (shown.name, shown.test, shown.zone) == (tenant.name, True, "UTC")


async def test_a_new_credential_is_one_flat_object_by_the_vendors_names(call, tenant, database):
    told = await credential.create(call, credential.Create(dialect="smashsend", label="shop"))
    assert list(told) == ["credential_id", "workspace", "dialect", "api_key"]
    assert (told["workspace"], told["dialect"]) == (tenant.name, "smashsend")
    async with database.app() as tx:
        found = await accounts.load_credential(tx, accounts.credentials.hash_of(told["api_key"]))
    assert model.show_id("crd", found.credential_id) == told["credential_id"]
    detail = {"credential_id": told["credential_id"], "dialect": "smashsend", "role": None}
    assert await audited(database, tenant) == [("credential_created", "test", detail)]


async def test_a_token_of_the_management_api_has_a_role(call):
    told = await credential.create(call, credential.Create(dialect="manage", role="viewer"))
    assert list(told) == ["credential_id", "workspace", "dialect", "role", "token"]
    assert told["token"].startswith("clarion_")
    for wish in (
        credential.Create(dialect="manage"),
        credential.Create(dialect="smashsend", role="owner"),
        credential.Create(dialect="nobody"),
    ):
        with pytest.raises(errors.Invalid):
            await credential.create(call, wish)


async def test_only_an_owner_makes_tokens(own, tenant):
    with pytest.raises(Forbidden):
        await credential.create(
            managed.call(own, tenant, "developer"), credential.Create(dialect="manage", role="viewer")
        )


async def test_a_credential_is_shown_without_its_secret_and_revealed_with_an_audit(call, tenant, database):
    (shown,) = await credential.list_all(call, Nothing())
    assert fields(shown) == [
        "id", "dialect", "role", "label", "token_start", "rates", "created_at", "expires_at", "last_used_at", "revoked",
    ]  # fmt: skip
    assert tenant.secret not in msgspec.json.encode(shown).decode()
    assert await credential.show(call, credential.One(shown.id)) == shown
    assert await audited(database, tenant) == []
    assert (await credential.reveal(call, credential.One(shown.id)))["api_key"] == tenant.secret
    assert [action for action, *_ in await audited(database, tenant)] == ["credential_revealed"]


async def test_rates_are_set_for_all_buckets_or_one(call, tenant):
    (shown,) = await credential.set_rates(call, credential.SetRates(dialect="smashsend", per_minute=0))
    assert shown.rates == {"single": 0, "batch": 0, "general": 0}
    wish = credential.SetRates(dialect="smashsend", per_minute=7, bucket="batch", credential_id=shown.id)
    (shown,) = await credential.set_rates(call, wish)
    assert shown.rates == {"single": 0, "batch": 7, "general": 0}
    for wrong in ("nobody", "manage"):
        with pytest.raises(errors.Invalid):
            await credential.set_rates(call, credential.SetRates(dialect=wrong, per_minute=1))
    with pytest.raises(errors.Invalid, match="single, batch"):
        await credential.set_rates(
            call, credential.SetRates(dialect="smashsend", per_minute=1, bucket="other")
        )


async def test_a_revoked_credential_is_shown_as_such(call):
    (shown,) = await credential.list_all(call, Nothing())
    assert (await credential.revoke(call, credential.One(shown.id))).revoked
    assert (await credential.show(call, credential.One(shown.id))).revoked


# ---- profiles and events


async def test_a_profile_is_found_by_what_identifies_it(call, tenant, ingest, process_all, database):
    who = (
        Identity(IdentityKind.EXTERNAL_ID, "yotpo", "c-1"),
        Identity(IdentityKind.EMAIL, "", "ann@example.com"),
    )
    seen = Event(name="seen", occurred_at_us=database.now_us(), identities=who, traits={"firstName": "Ann"})
    phone = Identity(IdentityKind.PHONE, "", "+380441234567")
    called = Event(name="called", occurred_at_us=database.now_us(), identities=(phone,))
    await ingest.offer(tenant.credential, S, [Offer(one, Dedup(Mode.NONE)) for one in (seen, called)])
    await process_all(tenant)
    found = await profile.find(call, profile.Find(external_id="c-1"))
    assert fields(found) == ["id", "created_at", "traits", "identities", "addresses", "members", "devices"]
    assert found.traits == {"first_name": "Ann"}
    assert await profile.find(call, profile.Find(external_id="c-1", namespace="yotpo")) == found
    assert (await profile.find(call, profile.Find(phone="00380 44 123-45-67"))).id != found.id
    with pytest.raises(errors.NotFound):
        await profile.find(call, profile.Find(external_id="c-1", namespace="smashsend"))
    assert await profile.show(call, profile.One(found.id)) == found
    changes = await profile.history(call, profile.History(profile_id=found.id))
    assert [(change.what, change.value) for change in changes] == [("trait:first_name", "Ann")]


@pytest.mark.parametrize(
    "wish",
    [
        profile.Find(),
        profile.Find(namespace="x"),
        profile.Find(email="a@example.com", phone="1"),
        profile.Find(email="no address"),
        profile.Find(phone="no number"),
    ],
)
def test_a_search_says_one_thing_that_can_be(wish):
    with pytest.raises(errors.Invalid):
        profile.identities(wish)


def test_an_email_is_sought_in_its_canonical_form():
    (sought,) = profile.identities(profile.Find(email="  Ann@Example.COM "))
    assert sought == Identity(IdentityKind.EMAIL, "", "ann@example.com")


async def test_pages_of_events_lead_from_the_newest_to_the_oldest(call, tenant, ingest, process_all):
    offers = [support.windowed(str(n), name=f"n{n % 2}", properties={"n": n}) for n in range(25)]
    await ingest.offer(tenant.credential, S, offers)
    await process_all(tenant)
    seen, before = [], None
    for _ in range(4):
        page = await event.list_page(call, event.List(limit=10, before=before))
        seen += [one.properties["n"] for one in page.events]
        before = page.next
        if before is None:
            break
    assert seen == list(reversed(range(25)))
    one = (await event.list_page(call, event.List(metric="n1", limit=1))).events[0]
    assert one.properties == {"n": 23}
    assert await event.show(call, event.One(one.id)) == one
    page = await profile.timeline(call, profile.Timeline(profile_id=one.profile_id, limit=25))
    assert (len(page.events), page.next) == (25, None)
    async with call.app() as tx:
        streamed = [
            event.id
            async for event in events.stream_events(
                tx, call.workspace_id, events.Which(), vault=tenant.vault, limit=1_000
            )
        ]
    assert streamed == [event.id for event in page.events]


@pytest.mark.parametrize(
    "text", ["", "evt_", "x", "prf_" + "0" * 32, "evt_" + "0" * 32, "evt_" + "g" * 32, "1" * 900]
)
async def test_what_is_no_id_names_nothing(call, text):
    with pytest.raises(errors.NotFound):
        await event.show(call, event.One(text))


async def test_a_metric_is_paused_and_taken_up_again(call, tenant, ingest, process_all, database):
    await ingest.offer(tenant.credential, S, [support.windowed("k", name="noise", properties={"n": 1})])
    await process_all(tenant)
    (shown,) = await metric.list_all(call, metric.Listed())
    assert (shown.name, shown.status, shown.events) == ("noise", "syncing", 1)
    paused = metric.Change(name="noise", status="paused")
    assert (await metric.change(call, paused)).status == "paused"
    assert (await metric.show(call, metric.One("noise"))).properties[0]["name"] == "n"
    assert [action for action, *_ in await audited(database, tenant)] == ["metric_status_set"]


# ---- quarantine and ledger


async def test_a_quarantined_item_is_shown_with_its_reason_and_what_it_says(
    call, tenant, ingest, process_all
):
    await poison(ingest, tenant, process_all)
    page = await quarantine.list_page(call, quarantine.List())
    (closed,) = page.quarantined
    assert (closed.reason, closed.dialect, closed.items, closed.attempts) == (
        "refused_by_database", "smashsend", 1, 1,
    )  # fmt: skip
    opened = await quarantine.show(call, quarantine.One(closed.id))
    assert opened.item["name"] == "bad"
    assert opened.item["properties"] == {"n": 0, "x": "\x00"}
    assert opened.item["identities"] == [{"kind": "email", "namespace": "", "value": "ann@example.com"}]
    assert msgspec.json.decode(msgspec.json.encode(opened))["id"] == closed.id


async def test_retry_says_what_stays_and_discard_lets_go(call, tenant, ingest, process_all, database):
    await poison(ingest, tenant, process_all, 3)
    first = await quarantine.list_page(call, quarantine.List(limit=2))
    rest = await quarantine.list_page(call, quarantine.List(limit=2, before=first.next))
    assert (len(first.quarantined), len(rest.quarantined), rest.next) == (2, 1, None)
    (one,) = rest.quarantined
    retried = await quarantine.retry(call, quarantine.One(one.id))
    assert not retried.settled
    assert retried.quarantined.attempts == 2
    await quarantine.discard(call, quarantine.One(one.id))
    with pytest.raises(errors.NotFound):
        await quarantine.retry(call, quarantine.One(one.id))
    shown = await ledger.show(call, ledger.Show(verify=True))
    assert (shown.total.quarantined, shown.total.discarded, shown.mismatches) == (2, 1, [])
    assert [action for action, *_ in await audited(database, tenant)] == [
        "quarantine_retried", "quarantine_discarded",
    ]  # fmt: skip


async def test_the_ledger_is_whole_minutes_and_names_where_it_does_not_add_up(
    call, tenant, ingest, process_all, database
):
    await ingest.offer(tenant.credential, S, [support.windowed(str(n)) for n in range(3)], rejected=2)
    await process_all(tenant)
    shown = await ledger.show(call, ledger.Show(minutes=2, verify=True))
    assert (shown.total.received, shown.total.rejected, shown.total.stored) == (5, 2, 3)
    assert (shown.mismatches, shown.verified) == ([], True)
    assert shown.lines[0].minute.endswith(":00+00:00")
    half_a_minute = database.now_us() // 60_000_000 * 60_000_000 + 30_000_000
    assert (await ledger.read(call, half_a_minute, verify=True)).mismatches == []
    async with database.owner() as tx:
        await tx.execute("UPDATE ledger SET stored = stored + 1 WHERE workspace_id = $1", tenant.workspace_id)
    for verify in (False, True):
        shown = await ledger.show(call, ledger.Show(verify=verify))
        assert {(one.minute, one.term) for one in shown.mismatches} >= {(shown.lines[0].minute, "accepted")}


async def test_a_period_is_given_once(call):
    with pytest.raises(errors.Invalid):
        await ledger.show(call, msgspec.convert({"minutes": 1, "since": "2026-01-01T00:00:00Z"}, ledger.Show))


def test_ids_carry_their_nouns_prefix():
    assert (views.WORKSPACE, views.CREDENTIAL, views.PROFILE, views.EVENT, views.QUARANTINED) == (
        "wrk", "crd", "prf", "evt", "qrt",
    )  # fmt: skip


async def test_a_profile_with_its_events_is_one_object(call, tenant, ingest, process_all):
    await ingest.offer(tenant.credential, S, [support.windowed("k")])
    await process_all(tenant)
    found = await profile.find(call, profile.Find(email="ann@example.com"))
    page = await profile.timeline(call, profile.Timeline(profile_id=found.id))
    shown = views.with_events(found, page.events)
    assert list(shown)[-1] == "events"
    assert isinstance(found, profiles.FoundProfile)
