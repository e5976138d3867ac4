"""Events of apps from the door to the timeline: users, sessions, context, repeats, opened pushes."""

from typing import Any

import pytest

from clarion import messaging, metrics
from clarion.messaging import Cause, Channel, MessageClass, PlannedSend, Text
from clarion.model import parse_id, show_id
from tests.db.smartapppush.conftest import PAGE
from tests.db.support import ledger_total, mismatches, timeline

TOKEN = str(PAGE["device_token"])


async def test_the_timeline_shows_session_params_and_context(
    database: Any, tenant: Any, tell: Any, process_all: Any
) -> None:
    await tell(app_user_id="user_123", params={"amount": 49.99}, context={"screen": "home", "os": "14"})
    await process_all(tenant)
    (stored,) = await timeline(database, tenant)
    assert (stored.name, stored.dialect, stored.session) == (
        "purchase_completed",
        "smartapppush",
        "sess_abc123",
    )
    assert (stored.properties, stored.context) == ({"amount": 49.99}, {"screen": "home", "os": "14"})


async def test_params_can_be_filtered_by_and_context_cannot(
    database: Any, tenant: Any, tell: Any, process_all: Any
) -> None:
    """The catalogue is what rules are made of; context is not in it, and not in the column that rules read."""
    await tell(params={"amount": 49.99, "category": "shoes"}, context={"screen": "home"})
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        (one,) = await metrics.list_metrics(tx, tenant.workspace_id, name="purchase_completed")
        plain = await tx.fetchval("SELECT properties::text FROM event")
    assert [held["name"] for held in one.properties] == ["amount", "category"]
    assert ("shoes" in plain, "home" in plain) == (True, False)


async def test_events_of_one_session_are_found_together(
    database: Any, tenant: Any, tell: Any, process_all: Any
) -> None:
    for session in ("s-1", "s-2", "s-1"):
        await tell(session_id=session)
    await process_all(tenant)
    assert sorted(one.session or "" for one in await timeline(database, tenant)) == ["s-1", "s-1", "s-2"]


async def test_an_anonymous_user_stays_the_same_and_is_found_again_by_a_login(
    database: Any, tenant: Any, tell: Any, process_all: Any, person: Any
) -> None:
    await tell(event_name="app_opened")
    await tell(event_name="product_viewed")
    await tell(event_name="app_opened", device_token="another")
    await process_all(tenant)
    nobody = await person(token=TOKEN)
    assert nobody.id != (await person(token="another")).id
    assert [one["kind"] for one in nobody.identities] == ["anonymous_id"]
    await tell(event_name="logged_in", app_user_id="user_123")
    await process_all(tenant)
    known = await person("user_123")
    assert (await person(token=TOKEN)).id == known.id
    theirs = [one.name for one in await timeline(database, tenant) if one.profile_id in known.members]
    assert sorted(theirs) == ["app_opened", "logged_in", "product_viewed"]


async def test_a_device_of_two_users_makes_them_no_one_person(
    tenant: Any, tell: Any, process_all: Any, person: Any
) -> None:
    await tell(app_user_id="user_1")
    await tell(app_user_id="user_2")
    await process_all(tenant)
    assert (await person("user_1")).id != (await person("user_2")).id


async def test_the_same_event_is_kept_once_for_ever(
    database: Any, tenant: Any, tell: Any, process_all: Any
) -> None:
    told = {"event_time": "2026-02-01T00:00:00Z"}
    first = await tell(**told)
    await process_all(tenant)
    assert await tell(**told) == first
    await process_all(tenant)
    assert len(await timeline(database, tenant)) == 1
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored) == (1, 1)
    assert await mismatches(database, tenant.workspace_id) == []


async def test_a_custom_event_is_discovered_and_registered(
    database: Any, tenant: Any, tell: Any, process_all: Any
) -> None:
    await tell(event_name="my_own_event", params={"level": 3})
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        (found,) = await metrics.list_metrics(tx, tenant.workspace_id, name="my_own_event")
    assert (found.category, found.discovered, found.events) == ("other", True, 1)
    assert [(one["name"], one["type"]) for one in found.properties] == [("level", "integer")]


# ---- pushes that were tapped


@pytest.fixture
def push(database: Any, tenant: Any, ids: Any, tell: Any, process_all: Any, person: Any) -> Any:
    """A message to somebody, as the id that its push carries."""

    async def plan(user_id: str | None = "user_123", channel: Channel = "push") -> str:
        profile_id = None
        if user_id is not None:
            await tell(app_user_id=user_id)
            await process_all(tenant)
            profile_id = parse_id("prf", (await person(user_id)).id)
        wish = PlannedSend(
            key="push", cause=Cause("call"), channel=channel, recipient="the-device", profile_id=profile_id,
            content=Text(text="Hi"), message_class=MessageClass.TRANSACTIONAL,
        )  # fmt: skip
        async with database.app(tenant.workspace_id) as tx:
            (planned,) = await messaging.plan(tx, tenant.workspace_id, [wish], vault=tenant.vault, ids=ids)
        return show_id("msg", planned.send_id)

    return plan


async def test_a_tapped_push_is_an_event_of_whoever_got_it(
    database: Any, tenant: Any, post: Any, push: Any, process_all: Any, person: Any
) -> None:
    token = await push()
    for _ in range(2):
        answer = await post("/pushes/opened", tracking_token=token)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    await process_all(tenant)
    (opened,) = [one for one in await timeline(database, tenant) if one.name == "push_opened"]
    assert opened.properties == {"message_id": token}
    assert opened.profile_id in (await person("user_123")).members


@pytest.mark.parametrize("token", ["x", show_id("msg", parse_id("msg", "0" * 32)), "prf_" + "0" * 32])  # type: ignore[arg-type]
async def test_a_tracking_token_that_is_none_is_refused(
    database: Any, tenant: Any, post: Any, token: str
) -> None:
    answer = await post("/pushes/opened", tracking_token=token)
    assert answer.status_code == 400
    assert "tracking_token" in answer.json()["error"]


async def test_a_message_to_a_bare_address_was_nobodys_push(post: Any, push: Any) -> None:
    assert (await post("/pushes/opened", tracking_token=await push(None))).status_code == 400


async def test_another_message_is_no_push(post: Any, push: Any) -> None:
    """Every reader of a mail knows its id, and everybody the key in an app. Seen to be taken for a push."""
    assert (await post("/pushes/opened", tracking_token=await push(channel="email"))).status_code == 400


# ---- the system events


async def test_the_catalogue_is_shown_before_anything_happened_and_makes_no_rows(
    database: Any, tenant: Any, tell: Any, process_all: Any
) -> None:
    async def listed(**which: Any) -> Any:
        async with database.app(tenant.workspace_id) as tx:
            return await metrics.list_metrics(tx, tenant.workspace_id, **which)

    before = await listed(category="system")
    assert (len(before), {one.status for one in before}, await listed()) == (65, {"pending"}, [])
    (unseen,) = await listed(name="push_opened")
    assert (unseen.description, unseen.useful) == ("User tapped push", ["campaign_id", "message_id"])
    await tell(event_name="push_opened")
    await tell(event_name="my_own_event")
    await process_all(tenant)
    seen = {one.name: one.events for one in await listed(category="system") if one.first_seen}
    assert (seen, len(await listed(category="system"))) == ({"push_opened": 1}, 65)
    assert [(one.name, one.category) for one in await listed()] == [
        ("my_own_event", "other"),
        ("push_opened", "system"),
    ]
    assert [one.name for one in await listed(category="other")] == ["my_own_event"]
    assert (await listed(name="push_opened"))[0].group == "Push Notifications"


async def test_the_same_event_of_another_account_is_another_event(
    database: Any, tenant: Any, new_tenant: Any, knock: Any, process_all: Any
) -> None:
    """A fingerprint is known where it was told, and so is a device, and nowhere else."""
    other = await new_tenant("smartapppush")
    for one in (tenant, other, tenant):
        told = PAGE | {"tenant_id": "self", "api_key": one.secret, "event_time": "2026-02-01T00:00:00Z"}
        assert (await knock("/events", told)).status_code == 200
    people = set()
    for one in (tenant, other):
        await process_all(one)
        (stored,) = await timeline(database, one)
        people.add(stored.profile_id)
    assert len(people) == 2
    async with database.app(other.workspace_id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM device") == 1, "row-level security shows its own"
