"""What eSputnik's page states of events; COVERAGE.csv names these tests."""

from typing import Any

import pytest

from clarion.dialects.esputnik import routes
from clarion.model import Identity, IdentityKind, Mode, Reach
from tests.dialects.conftest import NOW_US

V1, V2, V3 = "/api/v1/event", "/api/v2/event", "/api/v3/event"
PAST = "/api/v1/past_events"
ANN = Identity(IdentityKind.EMAIL, "", "ann@example.com")


def external(value: str) -> Identity:
    return Identity(IdentityKind.EXTERNAL_ID, "esputnik", value)


def event(**fields: Any) -> dict[str, Any]:
    return {"eventTypeKey": "testEvent", "keyValue": "ann@example.com", "params": []} | fields


def params(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("esputnik", routes)


async def kept(desk: Any, path: str, body: Any) -> Any:
    answer = await desk.post(path, body)
    assert (answer.status, answer.body) == (200, b"")
    return desk.journal.events[-1]


async def refusal(desk: Any, path: str, body: Any) -> str:
    answer = await desk.post(path, body)
    assert answer.status == 400, answer.body
    assert answer.json.keys() == {"status", "message"}
    assert not desk.journal.offers
    message: str = answer.json["message"]
    return message


# ---- what an event says


async def test_the_pages_own_event_is_kept(desk: Any) -> None:
    link = "https://example.site.com/items_for_sale"
    body = event(keyValue="example@email.com", params=params(discount="5%", link=link))
    found = await kept(desk, V1, body)
    assert found.name == "testEvent"
    assert found.properties == {"discount": "5%", "link": link}
    assert found.identities == (Identity(IdentityKind.EMAIL, "", "example@email.com"),)
    assert (found.occurred_at_us, found.history, found.traits) == (NOW_US, False, {})


async def test_the_minimum_is_a_type_and_a_key(desk: Any) -> None:
    for body in (event(), {"eventTypeKey": "a", "keyValue": "ann@example.com"}, event(params=None)):
        assert (await kept(desk, V1, body)).properties == {}
    assert await refusal_of(desk, V1, {"keyValue": "a@b.co", "params": []}) == "eventTypeKey is required"
    assert await refusal_of(desk, V1, event(eventTypeKey=" ")) == "eventTypeKey is required"
    assert await refusal_of(desk, V1, {"eventTypeKey": "a", "params": []}) == "keyValue is required"


async def refusal_of(desk: Any, path: str, body: Any) -> str:
    desk.journal.offers.clear()
    return await refusal(desk, path, body)


async def test_any_number_of_params_with_name_and_value(desk: Any) -> None:
    many = {f"p{n}": str(n) for n in range(300)}
    assert (await kept(desk, V1, event(params=params(**many)))).properties == many
    assert "params[0].value is required" in await refusal_of(desk, V1, event(params=[{"name": "a"}]))
    assert "name" in await refusal_of(desk, V1, event(params=[{"value": "a"}]))
    assert "there twice" in await refusal_of(desk, V1, event(params=[*params(a=1), *params(a=1)]))
    for name in ("", "x" * 101):
        assert "1 to 100 characters" in await refusal_of(desk, V1, event(params=params(**{name: "a"})))


@pytest.mark.parametrize("sign", list("<;’\\/|\"`'^?!,>"))
async def test_a_type_and_a_key_have_no_forbidden_characters(desk: Any, sign: str) -> None:
    for field in ("eventTypeKey", "keyValue"):
        assert await refusal(desk, V2, event(**{field: f"a{sign}b"})) == (
            f"{field} must not contain the character {sign}"
        )


async def test_a_type_has_up_to_100_and_a_key_up_to_300_characters(desk: Any) -> None:
    await kept(desk, V1, event(eventTypeKey="t" * 100, keyValue="k" * 300))
    assert "100" in await refusal_of(desk, V1, event(eventTypeKey="t" * 101))
    assert "300" in await refusal_of(desk, V1, event(keyValue="k" * 301))


async def test_an_event_has_up_to_20_kb(desk: Any) -> None:
    room = 20 * 1024 - len(str(event(params=params(a=""))).replace("'", '"').encode())
    await kept(desk, V1, event(params=params(a="x" * room)))
    answer = await desk.post(V1, event(params=params(a="x" * (room + 1))))
    assert answer.json == {"status": 413, "message": "The event is longer than 20 KB"}


async def test_version_1_takes_json_as_text_and_version_2_as_it_is(desk: Any) -> None:
    items = [{"name": "Super Device", "price": 990, "tags": ["a", None, True, 1.5]}]
    text = '[{"name":"Super Device","price":990,"tags":["a",null,true,1.5]}]'
    assert (await kept(desk, V1, event(params=params(items=text)))).properties == {"items": items}
    assert (await kept(desk, V2, event(params=params(items=items)))).properties == {"items": items}
    assert (await kept(desk, V2, event(eventTypeKey="b", params=params(items=text)))).properties == {
        "items": text
    }
    for odd in ("[not json", "{}}", '["' + "\\u0000" + '"]', "[" * 5_000, "[99999999999999999999999]"):
        assert (await kept(desk, V1, event(params=params(odd=odd)))).properties == {"odd": odd}


async def test_version_3_takes_params_by_name(desk: Any) -> None:
    body = {"eventTypeKey": "a", "params": {"externalCustomerId": "u1", "subscriptionPlan": "Premium"}}
    found = await kept(desk, V3, body)
    assert found.identities == (external("u1"),)
    assert found.properties == body["params"]
    assert (await kept(desk, V3, event(params=params(a=1)))).properties == {"a": 1}
    assert "params" in await refusal_of(desk, V2, body)


# ---- whom it is about


@pytest.mark.parametrize(
    "name", ["Email", "EmailAddress", "UserEmail", "ContactEmail", "emailaddress", "USEREMAIL"]
)
async def test_an_email_is_found_by_any_of_its_names(desk: Any, name: str) -> None:
    found = await kept(desk, V1, event(keyValue="order-1", params=params(**{name: " Ann@Example.com "})))
    assert found.identities == (ANN,)


@pytest.mark.parametrize("name", ["Phone", "SMS", "PhoneNumber", "phonenumber"])
async def test_a_phone_identifies_where_nothing_stronger_does(desk: Any, name: str) -> None:
    phone = {name: "447911123456 "}
    found = await kept(desk, V1, event(keyValue="order-1", params=params(**phone)))
    assert found.identities == (Identity(IdentityKind.PHONE, "", "+447911123456"),)
    found = await kept(desk, V1, event(params=params(**phone)))
    assert found.identities == (ANN,)
    assert found.reaches == (Reach("sms", "447911123456"),)


@pytest.mark.parametrize("name", ["externalCustomerId", "ContactKey", "Contact_key"])
async def test_an_external_id_is_found_with_its_case(desk: Any, name: str) -> None:
    found = await kept(desk, V2, event(params=params(**{name: "Ab-7"})))
    assert found.identities == (external("Ab-7"), ANN)
    found = await kept(desk, V2, event(params=params(**{name: 17})))
    assert found.identities == (external("17"), ANN)


@pytest.mark.parametrize("nobodys", ["", " ", "null", None])
async def test_an_external_id_of_nobody_is_ignored(desk: Any, nobodys: Any) -> None:
    assert (await kept(desk, V2, event(params=params(externalCustomerId=nobodys)))).identities == (ANN,)
    body = {"eventTypeKey": "a", "params": params(externalCustomerId=nobodys)}
    assert "is not accepted" in await refusal_of(desk, V2, body)


async def test_a_push_token_identifies_where_nothing_else_does(desk: Any) -> None:
    found = await kept(desk, V2, {"eventTypeKey": "a", "params": params(pushToken="t0k3n")})
    assert found.identities == (Identity(IdentityKind.ANONYMOUS_ID, "", "t0k3n"),)


async def test_a_key_is_an_email_an_external_id_or_a_phone_where_no_param_names_anybody(desk: Any) -> None:
    assert (await kept(desk, V1, event(keyValue="ANN@example.com"))).identities == (ANN,)
    assert (await kept(desk, V1, event(keyValue="shop-17"))).identities == (external("shop-17"),)
    assert (await kept(desk, V1, event(keyValue=95064156))).identities == (external("95064156"),)
    found = await kept(desk, V1, event(keyValue="+447911123456"))
    assert found.identities == (Identity(IdentityKind.PHONE, "", "+447911123456"),)
    found = await kept(desk, V1, event(keyValue="order-1", params=params(email="ann@example.com")))
    assert found.identities == (ANN,)


async def test_without_a_key_somebody_has_to_be_named(desk: Any) -> None:
    found = await kept(desk, V2, {"eventTypeKey": "a", "params": params(email="ann@example.com")})
    assert found.identities == (ANN,)
    for body in ({"eventTypeKey": "a"}, {"eventTypeKey": "a", "params": params(email="ann@", plan="x")}):
        assert "is not accepted" in await refusal_of(desk, V2, body)
        assert "is not accepted" in await refusal_of(desk, V3, body)


async def test_a_credentials_namespace_is_that_of_its_external_ids(desk: Any) -> None:
    desk.credential = type(desk.credential)(
        credential_id=desk.credential.credential_id,
        workspace_id=desk.credential.workspace_id,
        dialect="esputnik",
        id_namespace="shop",
    )
    found = await kept(desk, V1, event(keyValue="17"))
    assert found.identities == (Identity(IdentityKind.EXTERNAL_ID, "shop", "17"),)


# ---- repeats


async def test_the_same_again_within_a_minute_is_answered_alike_and_kept_once(desk: Any) -> None:
    one = event(params=params(a="1", b="2"))
    for body in (one, one, event(params=params(b="2", a="1"))):
        assert (await desk.post(V1, body)).status == 200
    (offer,) = desk.journal.offers
    assert (offer.dedup.mode, offer.dedup.window_s) == (Mode.ONCE, 60)


async def test_another_type_key_or_param_is_another_event(desk: Any) -> None:
    bodies = [
        event(),
        event(eventTypeKey="other"),
        event(keyValue="bob@example.com"),
        event(params=params(a="1")),
        event(params=params(a=1)),
        event(params=params(a="2")),
    ]
    for body in bodies:
        assert (await desk.post(V1, body)).status == 200
    assert len(desk.journal.offers) == len(bodies)


# ---- past events


@pytest.mark.parametrize(
    ("occurred", "time_us"),
    [
        ("2024-01-15", 1_705_276_800_000_000),
        ("2024-01-15T10:30", 1_705_314_600_000_000),
        ("2024-01-15T10:30:00", 1_705_314_600_000_000),
        ("2024-01-15T12:30:00+02:00", 1_705_314_600_000_000),
    ],
)
async def test_past_events_bring_their_time_and_are_history(desk: Any, occurred: str, time_us: int) -> None:
    found = await kept(desk, PAST, {"events": [event(occurred=occurred)]})
    assert (found.occurred_at_us, found.history) == (time_us, True)


@pytest.mark.parametrize(
    "occurred", [None, "", "soon", "2024-13-01", "2026-01-17", "1969-12-31", "9999-12-31T24:00"]
)
async def test_a_past_event_needs_a_time_in_the_past(desk: Any, occurred: Any) -> None:
    assert (await refusal(desk, PAST, {"events": [event(occurred=occurred)]})).startswith(
        "events[0]: occurred"
    )


async def test_500_past_events_pass_and_501_do_not(desk: Any) -> None:
    many = [event(keyValue=f"u{n}@example.com", occurred="2024-01-15") for n in range(501)]
    assert (await desk.post(PAST, {"events": many[:500]})).status == 200
    assert len(desk.journal.offers) == 500
    assert (await desk.post(PAST, {"events": many})).status == 400
    assert (await desk.post(PAST, {"events": []})).status == 400


async def test_past_events_are_taken_all_or_none(desk: Any) -> None:
    good, bad = event(occurred="2024-01-15"), event(occurred="2024-01-15", eventTypeKey="a/b")
    message = await refusal(desk, PAST, {"events": [good, bad, good]})
    assert message == "events[1]: eventTypeKey must not contain the character /"
    assert desk.journal.rejected == 3
    (sample,) = desk.journal.samples
    assert b"a/b" in sample.body


async def test_past_events_that_are_sent_again_within_a_day_are_known(desk: Any) -> None:
    body = {"events": [event(occurred="2024-01-15"), event(occurred="2024-01-16")]}
    for _ in range(2):
        assert (await desk.post(PAST, body)).status == 200
    assert [offer.dedup.window_s for offer in desk.journal.offers] == [86_400, 86_400]


async def test_what_was_refused_is_counted_and_sampled(desk: Any) -> None:
    await refusal(desk, V1, event(eventTypeKey=""))
    assert desk.journal.rejected == 1
    (sample,) = desk.journal.samples
    assert sample.message == "eventTypeKey is required"
