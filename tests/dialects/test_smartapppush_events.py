"""What SmartAppPush's page states of events; COVERAGE.csv names these tests."""

import json
from typing import Any

import pytest

from clarion.dialects.smartapppush import mapping, reply, routes, wire
from clarion.model import DAY_US, Dedup, Device, Identity, IdentityKind, Mode
from tests.dialects.conftest import NOW_US, SECRET

USER = Identity(IdentityKind.EXTERNAL_ID, "smartapppush", "user_123")
REQUIRED = (
    "tenant_id",
    "api_key",
    "event_name",
    "event_time",
    "device_token",
    "platform",
    "timezone",
    "language",
    "country",
    "session_id",
)


def event(**fields: Any) -> dict[str, Any]:
    """The page's own, shorter, with other fields; None takes one away."""
    body = {
        "tenant_id": f"{2:032x}",
        "api_key": SECRET,
        "app_user_id": "user_123",
        "event_name": "purchase_completed",
        "event_time": "2026-01-15T12:30:00+02:00",
        "device_token": "fcm_or_onesignal_device_token",
        "platform": "android",
        "push_permission_granted": True,
        "timezone": "Europe/Istanbul",
        "language": "tr",
        "country": "TR",
        "session_id": "sess_abc123",
        "params": {"product_id": "SKU-9001", "amount": 49.99},
    } | fields
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("smartapppush", routes)


async def fingerprint(desk: Any, **fields: Any) -> str:
    answer = await desk.post("/events", event(**fields))
    assert answer.status == 200, answer.body
    assert answer.json.keys() == {"fingerprint"}
    return str(answer.json["fingerprint"])


async def kept(desk: Any, **fields: Any) -> Any:
    desk.journal.__init__()
    await fingerprint(desk, **fields)
    return desk.journal.events[-1]


async def refusal(desk: Any, **fields: Any) -> str:
    desk.journal.__init__()
    answer = await desk.post("/events", event(**fields))
    assert answer.status == 400, answer.body
    assert not desk.journal.offers
    return str(answer.json["error"])


# ---- one call


async def test_one_call_tells_of_the_behaviour_the_user_and_the_device(desk: Any) -> None:
    found = await kept(desk, context={"app_version": "2.1"})
    assert (found.name, found.occurred_at_us, found.session) == ("purchase_completed", NOW_US, "sess_abc123")
    assert found.properties == {"product_id": "SKU-9001", "amount": 49.99}
    assert found.context == {"app_version": "2.1"}
    assert found.identities == (USER, mapping.anonymous("fcm_or_onesignal_device_token"))
    assert found.traits == {"language": "tr", "country_code": "TR", "timezone": "Europe/Istanbul"}
    assert found.device == Device(
        "fcm_or_onesignal_device_token", "android", True, "tr", "TR", "Europe/Istanbul"
    )


@pytest.mark.parametrize("name", REQUIRED)
async def test_what_the_page_requires_is_required(desk: Any, name: str) -> None:
    assert await refusal(desk, **{name: None}) == f"{name} is required"
    wrong = await refusal(desk, **{name: ""})
    assert wrong in (f"{name} must not be empty", f"{name} is required")
    assert "a text" in await refusal(desk, **{name: 5})


async def test_a_refused_event_is_counted_with_a_sample_that_has_no_key(desk: Any) -> None:
    await refusal(desk, platform="windows")
    (sample,) = desk.journal.samples
    assert desk.journal.rejected == 1
    assert SECRET.encode() not in sample.body
    assert json.loads(sample.body)["platform"] == "windows"


# ---- the fields


@pytest.mark.parametrize("empty", [None, "", "  "])
async def test_without_an_app_user_id_the_user_is_whoever_has_the_device(desk: Any, empty: Any) -> None:
    found = await kept(desk, app_user_id=empty)
    assert found.identities == (mapping.anonymous("fcm_or_onesignal_device_token"),)
    again = await kept(desk, app_user_id=empty, event_name="another")
    assert again.identities == found.identities
    other = await kept(desk, app_user_id=empty, device_token="another")
    assert other.identities != found.identities
    assert "fcm_or" not in found.identities[0].value


async def test_an_app_user_id_is_any_text_with_its_case(desk: Any) -> None:
    for given in ("User_123", "заказчик 5", 17, "x" * 255):
        assert (await kept(desk, app_user_id=given)).identities[0].value == str(given)
    assert "255" in await refusal(desk, app_user_id="x" * 256)


@pytest.mark.parametrize(
    "given", ["2026-01-15T10:30:00Z", "2026-01-15T13:30:00.000+03:00", "2026-01-15t10:30:00z"]
)
async def test_the_time_is_rfc_3339_with_an_offset(desk: Any, given: str) -> None:
    assert (await kept(desk, event_time=given)).occurred_at_us == NOW_US


@pytest.mark.parametrize(
    "given",
    ["2026-01-15T10:30:00", "2026-01-15", "now", "1768473000", "2026-13-01T00:00:00Z", "20260115T103000Z",
     "2026-01-15T10:30Z", "9999-12-31T24:00:00Z"],
)  # fmt: skip
async def test_another_time_is_refused(desk: Any, given: str) -> None:
    assert "RFC 3339" in await refusal(desk, event_time=given)


async def test_a_time_lies_within_30_years(desk: Any) -> None:
    assert "30 years" in await refusal(desk, event_time="1990-01-01T00:00:00Z")


@pytest.mark.parametrize("platform", ["android", "ios", "web"])
async def test_a_platform_is_one_of_three(desk: Any, platform: str) -> None:
    assert (await kept(desk, platform=platform)).device.platform == platform


@pytest.mark.parametrize("platform", ["Android", "windows", "iOS", "android "])
async def test_another_platform_is_refused(desk: Any, platform: str) -> None:
    assert await refusal(desk, platform=platform) == "platform must be one of: android, ios, web"


@pytest.mark.parametrize(("given", "may"), [(True, True), (False, False), (None, False)])
async def test_a_permission_is_what_was_said_and_never_assumed(desk: Any, given: Any, may: bool) -> None:
    assert (await kept(desk, push_permission_granted=given)).device.may_push is may


async def test_null_is_no_permission_and_no_other_value_is_one(desk: Any) -> None:
    answer = await desk.post("/events", event() | {"push_permission_granted": None})
    assert answer.status == 200
    assert desk.journal.events[-1].device.may_push is False
    for given in ("true", 1, "yes"):
        assert "push_permission_granted" in await refusal(desk, push_permission_granted=given)


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "America/New_York", "UTC"])
async def test_a_timezone_is_an_iana_name(desk: Any, zone: str) -> None:
    assert (await kept(desk, timezone=zone)).device.timezone == zone


@pytest.mark.parametrize("zone", ["UTC+3", "Europe/Nowhere", "../etc/passwd", "+03:00"])
async def test_another_timezone_is_refused(desk: Any, zone: str) -> None:
    assert "IANA" in await refusal(desk, timezone=zone)


async def test_a_language_is_a_code_of_iso_639_1(desk: Any) -> None:
    for given, held in (("en", "en"), ("TR", "tr"), ("iw", "iw")):
        assert (await kept(desk, language=given)).device.language == held
    for given in ("english", "en-US", "xx", "e"):
        assert "ISO 639-1" in await refusal(desk, language=given)


async def test_a_country_is_a_code_of_iso_3166_1_alpha_2(desk: Any) -> None:
    for given, held in (("US", "US"), ("tr", "TR"), ("XK", "XK")):
        assert (await kept(desk, country=given)).device.country == held
    for given in ("USA", "ZZ", "Turkey", "EN"):
        assert "ISO 3166-1" in await refusal(desk, country=given)


@pytest.mark.parametrize("name", ["params", "context"])
async def test_params_and_context_are_optional_objects(desk: Any, name: str) -> None:
    field = "properties" if name == "params" else name
    for given, held in ((None, {}), ({}, {}), ({"a": {"b": [1, None]}}, {"a": {"b": [1, None]}})):
        assert getattr(await kept(desk, **{name: given}), field) == held
    assert "object" in await refusal(desk, **{name: []})
    assert (
        await refusal(desk, **{name: {str(n): n for n in range(501)}})
        == f"{name} must have at most 500 values"
    )


async def test_context_is_no_property(desk: Any) -> None:
    found = await kept(desk, params=None, context={"screen": "home"})
    assert (found.properties, found.context) == ({}, {"screen": "home"})
    assert "screen" not in found.traits


@pytest.mark.parametrize("name", ["app_opened", "push_permission_granted", "My own event!", "заказ"])
async def test_an_event_has_any_name(desk: Any, name: str) -> None:
    assert (await kept(desk, event_name=name)).name == name


async def test_no_param_of_a_system_event_is_required(desk: Any) -> None:
    assert (await kept(desk, event_name="purchase_completed", params=None)).properties == {}


# ---- the fingerprint


async def test_the_fingerprint_is_sha_256_in_64_digits(desk: Any) -> None:
    given = await fingerprint(desk)
    assert len(bytes.fromhex(given)) == 32
    assert desk.journal.offers[0].dedup == Dedup(Mode.ONCE, given, day=NOW_US // DAY_US)


async def test_the_same_event_again_is_200_and_kept_once(desk: Any) -> None:
    first = await fingerprint(desk)
    desk.now_us += 400 * DAY_US
    assert await fingerprint(desk) == first
    assert len(desk.journal.offers) == 1


async def test_the_fingerprint_has_nothing_that_is_made_here(desk: Any) -> None:
    """Neither the anonymous id nor the request's time, its key or the default of what was not said."""
    one = await fingerprint(desk, app_user_id=None, push_permission_granted=None, params=None)
    desk.now_us += 1
    assert await fingerprint(desk, app_user_id="", push_permission_granted=None, params={}) == one
    told = event()
    assert wire.fingerprint(told) == wire.fingerprint(told | {"api_key": "rotated"})
    assert "device:" not in wire.without_key(told).decode()


async def test_however_it_is_written_it_is_the_same_event(desk: Any) -> None:
    body = event()
    one = (await desk.post("/events", json.dumps(body, indent=2).encode())).json
    other = (await desk.post("/events", json.dumps(dict(reversed(body.items()))).encode())).json
    assert one == other


@pytest.mark.parametrize(
    "change",
    [
        {"app_user_id": "user_124"},
        {"event_name": "purchase_failed"},
        {"event_time": "2026-01-15T12:30:01+02:00"},
        {"device_token": "another"},
        {"platform": "ios"},
        {"push_permission_granted": False},
        {"timezone": "UTC"},
        {"language": "en"},
        {"country": "US"},
        {"session_id": "sess_2"},
        {"params": {"product_id": "SKU-9001", "amount": 50}},
        {"context": {"os": "14"}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_a_different_event_has_another_fingerprint(desk: Any, change: dict[str, Any]) -> None:
    assert await fingerprint(desk) != await fingerprint(desk, **change)
    assert len(desk.journal.offers) == 2


# ---- the other calls


async def test_until_pushes_can_be_sent_nobody_is_asked_to(desk: Any) -> None:
    answer = await desk.post("/developer/push", {"app_user_id": "user_123", "title": "Hi", "body": "There"})
    assert answer.status == 404
    assert answer.json.keys() == {"error"}


@pytest.mark.parametrize(
    ("path", "names"),
    [("/pushes/opened", ("tracking_token",)), ("/devices/refresh-token", ("old_token", "new_token"))],
)
async def test_what_the_other_calls_require(desk: Any, path: str, names: tuple[str, ...]) -> None:
    told = {"tenant_id": "self", "api_key": SECRET} | dict.fromkeys(names, "x")
    for name in ("tenant_id", "api_key", *names):
        answer = await desk.post(path, {key: value for key, value in told.items() if key != name})
        assert (answer.status, answer.json) == (400, {"error": f"{name} is required"})
    answer = await desk.post(path, told | {"api_key": "nobodys"})
    assert (answer.status, answer.json) == (401, {"error": reply.UNKNOWN_KEY})


async def test_a_refresh_names_two_tokens(desk: Any) -> None:
    told = {"tenant_id": "self", "api_key": SECRET, "old_token": "x", "new_token": "x"}
    answer = await desk.post("/devices/refresh-token", told)
    assert (answer.status, answer.json) == (400, {"error": "old_token and new_token must differ"})
