"""Devices: registered with each event, permitted only by their owners, refreshed, erased."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from clarion import accounts, events, profiles
from clarion.model import parse_id
from tests.db.smartapppush.conftest import PAGE

TOKEN = str(PAGE["device_token"])
UUID_SHAPED = "0B7E9F1C-3a52-4a4f-9a53-2d1f6f0f6a11"


@pytest.fixture
def devices(tenant: Any, process_all: Any, person: Any) -> Any:
    async def ask(user_id: str = "user_123") -> Any:
        await process_all(tenant)
        return (await person(user_id)).devices

    return ask


@pytest.fixture
def history(database: Any, tenant: Any) -> Any:
    async def ask(found: Any) -> Any:
        members = [parse_id("prf", member) for member in found.members]
        async with database.app(tenant.workspace_id) as tx:
            lines = await profiles.history(tx, tenant.workspace_id, members, vault=tenant.vault, limit=50)
        return [line.value for line in reversed(lines) if line.what == "push:android"]

    return ask


async def test_an_event_registers_its_user_and_their_device(tell: Any, devices: Any, person: Any) -> None:
    await tell(app_user_id="user_123")
    (device,) = await devices()
    assert (device.token, device.token_kind, device.platform, device.may_push) == (
        TOKEN,
        "fcm",
        "android",
        True,
    )
    assert (device.language, device.country, device.timezone) == ("tr", "TR", "Europe/Istanbul")
    told = {"language": "tr", "country_code": "TR", "timezone": "Europe/Istanbul"}
    assert (await person("user_123")).traits == told


async def test_every_event_updates_user_and_device(tell: Any, devices: Any, person: Any) -> None:
    await tell(app_user_id="user_123")
    await tell(app_user_id="user_123", language="de", country="DE", timezone="Europe/Berlin", platform="ios")
    (device,) = await devices()
    assert (device.platform, device.language, device.country) == ("ios", "de", "DE")
    assert (await person("user_123")).traits["timezone"] == "Europe/Berlin"


async def test_a_permission_is_switched_by_any_later_event(
    tell: Any, devices: Any, person: Any, history: Any
) -> None:
    for said, may in ((None, False), (True, True), (True, True), (False, False), (True, True), (None, False)):
        await tell(app_user_id="user_123", push_permission_granted=said)
        (device,) = await devices()
        assert device.may_push is may
    assert await history(await person("user_123")) == [False, True, False, True, False]


async def test_the_newest_word_of_a_permission_wins_in_whatever_order_it_is_processed(
    database: Any, tenant: Any, ids: Any, tell: Any, devices: Any, process_all: Any
) -> None:
    """An older word that is processed last changes nothing: stamps decide, not the order."""
    await tell(app_user_id="user_123", push_permission_granted=False)
    (device,) = await devices()
    assert device.may_push is False
    async with database.app(tenant.workspace_id) as tx:
        row = await tx.fetchrow("SELECT blind, profile_id, stamp_us FROM device")
        told = await profiles.find_device(tx, tenant.workspace_id, TOKEN, vault=tenant.vault)
        assert told is not None
        for older_us, may in ((1, False), (-1, True)):
            seen = profiles.SeenDevice(
                structs.replace(told.device, may_push=True),
                row["profile_id"],
                row["stamp_us"] - older_us,
                ids.next(),
            )
            await profiles.put_devices(
                tx, tenant.workspace_id, [seen], vault=tenant.vault, ids=ids, cause="event"
            )
            assert (await tx.fetchval("SELECT may_push FROM device")) is may


async def test_a_device_belongs_to_whom_it_was_seen_with_last(tell: Any, devices: Any) -> None:
    await tell(app_user_id="user_1")
    await tell(app_user_id="user_2")
    assert [device.token for device in await devices("user_2")] == [TOKEN]
    assert await devices("user_1") == []


async def test_tokens_shaped_like_a_uuid_are_onesignals_unless_the_workspace_says_otherwise(
    database: Any, ids: Any, tenant: Any, tell: Any, devices: Any
) -> None:
    await tell(app_user_id="user_123", device_token=UUID_SHAPED)
    assert [device.token_kind for device in await devices()] == ["onesignal"]
    for setting, kind in (("fcm", "fcm"), ("shape", "onesignal")):
        async with database.app(tenant.workspace_id) as tx:
            await accounts.set_workspace(
                tx, tenant.workspace_id, ids=ids, actor="test", device_tokens=setting
            )
        assert [device.token_kind for device in await devices()] == [kind]


async def test_a_token_is_sealed(database: Any, tenant: Any, tell: Any, devices: Any) -> None:
    await tell(app_user_id="user_123")
    await devices()
    async with database.owner() as tx:
        rows = await tx.fetch("SELECT d::text AS told, sealed FROM device AS d")
    assert all(TOKEN not in row["told"] and TOKEN.encode() not in row["sealed"] for row in rows)


# ---- a token that rotates


async def test_a_refreshed_token_takes_the_place_of_the_old_one(
    post: Any, tell: Any, devices: Any, person: Any, tenant: Any, process_all: Any
) -> None:
    await tell(app_user_id="user_123")
    await devices()
    for _ in range(2):  # said again it changes nothing
        answer = await post("/devices/refresh-token", old_token=TOKEN, new_token="new", platform="ios")
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text
    held = {device.token: device for device in await devices()}
    assert (held[TOKEN].replaced, held["new"].replaced) == (True, False)
    assert (held["new"].platform, held["new"].may_push, held["new"].language) == ("ios", True, "tr")
    await tell(device_token="new")
    await process_all(tenant)
    assert (await person(token="new")).id == (await person("user_123")).id


async def test_without_a_permission_a_new_token_has_none(post: Any, tell: Any, devices: Any) -> None:
    await tell(app_user_id="user_123", push_permission_granted=None)
    await devices()
    await post("/devices/refresh-token", old_token=TOKEN, new_token="new")
    assert [device.may_push for device in await devices()] == [False, False]


async def test_a_token_that_nobody_has_cannot_be_refreshed(post: Any) -> None:
    answer = await post("/devices/refresh-token", old_token="nobodys", new_token="new")
    assert answer.status_code == 404
    assert "Device not found" in answer.json()["error"]


async def test_a_token_of_a_different_user_is_not_taken_away(post: Any, tell: Any, devices: Any) -> None:
    await tell(app_user_id="user_1", device_token="one")
    await tell(app_user_id="user_2", device_token="two")
    before = await devices("user_2")
    answer = await post("/devices/refresh-token", old_token="one", new_token="two")
    assert (answer.status_code, answer.json()) == (
        409,
        {"error": "new_token is registered to a different user"},
    )
    assert await devices("user_2") == before


async def test_a_refresh_may_say_whose_the_device_is_now(post: Any, tell: Any, devices: Any) -> None:
    await tell()
    await tell(app_user_id="user_9", device_token="another")
    await devices("user_9")
    answer = await post("/devices/refresh-token", old_token=TOKEN, new_token="new", app_user_id="user_9")
    assert answer.status_code == 200, answer.text
    assert {"new", "another"} <= {device.token for device in await devices("user_9")}


async def test_another_workspaces_device_is_not_there(
    post: Any, tell: Any, devices: Any, new_tenant: Any, knock: Any
) -> None:
    await tell(app_user_id="user_123")
    await devices()
    other = await new_tenant("smartapppush")
    told = {"tenant_id": "self", "api_key": other.secret, "old_token": TOKEN, "new_token": "theirs"}
    assert (await knock("/devices/refresh-token", told)).status_code == 404
    assert [device.replaced for device in await devices()] == [False]


# ---- and goes


async def test_an_erased_persons_devices_are_gone(
    database: Any, tenant: Any, ids: Any, tell: Any, devices: Any, person: Any
) -> None:
    await tell(app_user_id="user_123")
    await tell(app_user_id="user_2", device_token="two")
    await devices()
    found = parse_id("prf", (await person("user_123")).id)
    assert found is not None
    async with database.owner() as tx:
        receipt = await events.erase_person(
            tx, tenant.workspace_id, found, actor="test", vault=tenant.vault, ids=ids
        )
    assert receipt.lines["profiles"]["devices"] == 1
    assert [device.token for device in await devices("user_2")] == ["two"]
    async with database.owner() as tx:
        held = await tx.fetchval("SELECT count(*) FROM device WHERE workspace_id = $1", tenant.workspace_id)
    assert held == 1


async def test_a_token_refreshed_while_its_person_is_erased_is_nobodys(
    database: Any, tenant: Any, ids: Any, tell: Any, devices: Any, person: Any, post: Any
) -> None:
    """Seen to end in a 500: the device was looked for before the erasure was waited for."""
    await tell(app_user_id="user_123")
    await devices()
    found = parse_id("prf", (await person("user_123")).id)
    assert found is not None
    async with database.owner() as tx:
        await events.erase_person(tx, tenant.workspace_id, found, actor="test", vault=tenant.vault, ids=ids)
        refreshing = asyncio.create_task(post("/devices/refresh-token", old_token=TOKEN, new_token="new"))
        done, _ = await asyncio.wait({refreshing}, timeout=0.3)
        assert not done
    assert (await refreshing).status_code == 404
