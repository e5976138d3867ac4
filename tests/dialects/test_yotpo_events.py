"""What Yotpo's page states of events; COVERAGE.csv names these tests."""

from typing import Any

import pytest

from clarion.dialects.yotpo import routes, rules
from clarion.model import Dedup, Identity, IdentityKind, Mode
from tests.dialects.conftest import NOW_US

EVENTS = "/core/v3/stores/self/customer_events"
ANN = Identity(IdentityKind.EMAIL, "", "ann@example.com")
PHONE = Identity(IdentityKind.PHONE, "", "+447911123456")
SHOP = Identity(IdentityKind.EXTERNAL_ID, "yotpo", "12345")


def event(**fields: Any) -> dict[str, Any]:
    """The least that is taken, with other fields; None takes one away."""
    body = {"type": "order_shipped", "unique_id": "1", "customer": {"email": "Ann@example.com"}} | fields
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture
def desk(open_desk: Any) -> Any:
    return open_desk("yotpo", routes)


async def offered(desk: Any, **fields: Any) -> Any:
    desk.journal.__init__()
    answer = await desk.post(EVENTS, event(**fields))
    assert answer.status == 200, answer.body
    return desk.journal.offers[-1]


async def kept(desk: Any, **fields: Any) -> Any:
    return (await offered(desk, **fields)).inbound


async def refusal(desk: Any, **fields: Any) -> str:
    desk.journal.__init__()
    answer = await desk.post(EVENTS, event(**fields))
    assert answer.status == 400, answer.body
    (found,) = answer.json["errors"]
    assert not desk.journal.offers
    assert desk.journal.rejected == len(desk.journal.samples) == 1
    return str(found["message"])


# ---- what an event says


async def test_an_event_is_kept_and_answered_in_json(desk: Any) -> None:
    answer = await desk.post(EVENTS, event())
    assert answer.json == {"customer_event": {"unique_id": "1", "type": "order_shipped"}}
    assert answer.headers["content-type"].startswith("application/json")
    (found,) = desk.journal.events
    assert (found.name, found.identities) == ("order_shipped", (ANN,))
    assert (found.occurred_at_us, found.traits, found.properties) == (NOW_US, {}, {})


@pytest.mark.parametrize("method", ["PATCH", "POST"])
@pytest.mark.parametrize("path", [EVENTS, f"/core/v3/stores/{2:032x}/custom_events"])
async def test_patch_and_post_and_both_paths_are_one_call(desk: Any, method: str, path: str) -> None:
    body = b'{"type":"a","unique_id":"1","customer":{"email":"ann@example.com"}}'
    assert (await desk.send(method, path, [body])).status == 200
    assert desk.journal.offers[0].dedup == Dedup(Mode.OVERRIDE, "1")


@pytest.mark.parametrize("field", ["source", "type"])
async def test_source_and_type_have_1_to_255_characters(desk: Any, field: str) -> None:
    await kept(desk, **{field: "x" * 255})
    assert await refusal(desk, **{field: "x" * 256}) == f"{field} must have at most 255 characters"
    for empty in ("", " "):
        assert await refusal(desk, **{field: empty}) == f"{field} must not be empty"
    assert "a text" in await refusal(desk, **{field: 5})


async def test_a_type_is_required_and_a_source_is_not(desk: Any) -> None:
    assert await refusal(desk, type=None) == "type is required"
    assert (await kept(desk, source=None)).properties == {}
    assert (await kept(desk, source="loyalty_tool")).properties == {"source": "loyalty_tool"}


@pytest.mark.parametrize("name", ["order_shipped", "Quizapp", "Order Shipped", "order-shipped", "заказ"])
async def test_snake_case_is_advice(desk: Any, name: str) -> None:
    found = await kept(desk, type=name, source=name)
    assert (found.name, found.properties["source"]) == (name, name)


@pytest.mark.parametrize(
    "given",
    ["2026-01-15T10:30:00Z", "2026-01-15T12:30:00+02:00", "2026-01-15T10:30:00.000", "20260115T103000Z"],
)
@pytest.mark.parametrize("name", rules.OCCURRED_AT)
async def test_the_time_is_iso_8601(desk: Any, name: str, given: str) -> None:
    desk.now_us += 60_000_000
    assert (await kept(desk, **{name: given})).occurred_at_us == NOW_US


async def test_without_a_time_it_is_that_of_the_call(desk: Any) -> None:
    assert (await kept(desk)).occurred_at_us == NOW_US


@pytest.mark.parametrize(
    "given", ["", "now", "15.01.2026", "2026-13-01", "1768473000", "2026", "9999-12-31T24:00"]
)
async def test_another_time_is_refused(desk: Any, given: str) -> None:
    assert "ISO 8601" in await refusal(desk, occurred_at=given)


async def test_a_time_lies_within_30_years(desk: Any) -> None:
    assert "30 years" in await refusal(desk, occurred_at="1990-01-01T00:00:00Z")
    assert "30 years" in await refusal(desk, occurred_at="2126-01-01T00:00:00Z")


async def test_an_id_is_required_and_may_be_any_text(desk: Any) -> None:
    assert await refusal(desk, unique_id=None) == "unique_id is required"
    assert await refusal(desk, unique_id="") == "unique_id must not be empty"
    for given in ("0b7e9f1c-3a52-4a4f-9a53-2d1f6f0f6a11", "order 5/заказ", "x" * 255, 17):
        assert (await offered(desk, unique_id=given)).dedup == Dedup(Mode.OVERRIDE, str(given))
    assert "255" in await refusal(desk, unique_id="x" * 256)


# ---- names that the page hides


@pytest.mark.parametrize("name", rules.UNIQUE_ID)
async def test_the_id_has_several_names(desk: Any, name: str) -> None:
    assert (await offered(desk, **{"unique_id": None, name: "e-1"})).dedup.key == "e-1"


@pytest.mark.parametrize("name", rules.PROPERTIES)
async def test_the_metadata_of_an_event_have_several_names(desk: Any, name: str) -> None:
    assert (await kept(desk, **{name: {"carrier": "DHL"}})).properties == {"carrier": "DHL"}


@pytest.mark.parametrize("name", rules.TRAITS)
async def test_the_metadata_of_a_customer_have_several_names(desk: Any, name: str) -> None:
    found = await kept(desk, customer={"email": "ann@example.com", name: {"level": 3}})
    assert found.traits == {"level": 3}


@pytest.mark.parametrize("name", rules.PHONE)
async def test_the_phone_number_has_two_names(desk: Any, name: str) -> None:
    assert (await kept(desk, customer={name: "+447911123456"})).identities == (PHONE,)


async def test_two_names_of_one_field_are_refused(desk: Any) -> None:
    assert await refusal(desk, id="2") == "id is another name of unique_id: give one of them"
    assert "customer.phone is another name" in await refusal(
        desk, customer={"phone": "+447911123456", "phone_number": "+447911123456"}
    )


@pytest.mark.parametrize("wrapper", ["customer_event", "custom_event"])
async def test_an_event_may_stand_in_a_wrapper(desk: Any, wrapper: str) -> None:
    assert (await desk.post(EVENTS, {wrapper: event()})).status == 200
    assert desk.journal.events[0].name == "order_shipped"


# ---- whom it is about


async def test_a_customer_is_required(desk: Any) -> None:
    assert await refusal(desk, customer=None) == "customer is required"
    assert "object" in await refusal(desk, customer="ann@example.com")


async def test_one_of_external_id_phone_and_email_identifies(desk: Any) -> None:
    assert (await kept(desk, customer={"external_id": "12345"})).identities == (SHOP,)
    assert (await kept(desk, customer={"external_id": 12345})).identities == (SHOP,)
    assert (await kept(desk, customer={"email": " ANN@example.com"})).identities == (ANN,)
    assert (await kept(desk, customer={"phone_number": "+447911123456"})).identities == (PHONE,)


@pytest.mark.parametrize("nobody", [{}, {"external_id": ""}, {"email": None, "phone_number": " "}])
async def test_a_customer_of_whom_nothing_is_told_is_refused(desk: Any, nobody: Any) -> None:
    assert "must be identified" in await refusal(desk, customer=nobody)


async def test_without_an_external_id_both_phone_and_email_are_refused(desk: Any) -> None:
    both = {"phone_number": "+447911123456", "email": "ann@example.com"}
    assert "only one of" in await refusal(desk, customer=both)
    found = await kept(desk, customer=both | {"external_id": "12345"})
    assert found.identities == (SHOP, ANN, PHONE)


@pytest.mark.parametrize(
    "number",
    ["447911123456", "00447911123456", "+0447911123456", "+44 7911 123456", "+1234567890123456", "+"],
)
async def test_a_phone_number_is_e164(desk: Any, number: str) -> None:
    assert "E.164" in await refusal(desk, customer={"phone_number": number})


@pytest.mark.parametrize("address", ["ann", "ann@", "@example.com", "ann@example"])
async def test_an_email_is_an_address(desk: Any, address: str) -> None:
    assert await refusal(desk, customer={"email": address}) == "customer.email is not an e-mail address"


@pytest.mark.parametrize("given", ["gid://shopify/Customer/5", "x" * 255, "Ab-7"])
async def test_an_external_id_is_any_text_with_its_case(desk: Any, given: str) -> None:
    assert (await kept(desk, customer={"external_id": given})).identities[0].value == given


async def test_a_credentials_namespace_is_that_of_its_external_ids(desk: Any) -> None:
    held = desk.credential
    desk.credential = type(held)(
        credential_id=held.credential_id, workspace_id=held.workspace_id, dialect="yotpo", id_namespace="shop"
    )
    found = await kept(desk, customer={"external_id": "12345"})
    assert found.identities == (Identity(IdentityKind.EXTERNAL_ID, "shop", "12345"),)


# ---- metadata


async def told(desk: Any, where: str, values: Any) -> Any:
    if where == "event":
        return (await kept(desk, properties=values)).properties
    return (await kept(desk, customer={"external_id": "1", "custom_properties": values})).traits


async def told_wrong(desk: Any, where: str, values: Any) -> str:
    if where == "event":
        return await refusal(desk, properties=values)
    return await refusal(desk, customer={"external_id": "1", "custom_properties": values})


both = pytest.mark.parametrize("where", ["event", "customer"])


async def kept_as_it_is(desk: Any, where: str, value: Any) -> None:
    (found,) = (await told(desk, where, {"given": value})).values()
    assert found == value
    assert type(found) is type(value)


@both
@pytest.mark.parametrize("value", ["Gold", "", "x" * 10_000])
async def test_strings_are_kept_as_they_are(desk: Any, where: str, value: str) -> None:
    await kept_as_it_is(desk, where, value)


@both
@pytest.mark.parametrize("value", [True, False])
async def test_booleans_are_kept_as_they_are(desk: Any, where: str, value: bool) -> None:
    await kept_as_it_is(desk, where, value)


@both
@pytest.mark.parametrize("value", [3, 0, -(2**31), 2**53 + 1, 2**63 - 1])
async def test_ints_and_longs_are_kept_as_they_are(desk: Any, where: str, value: int) -> None:
    await kept_as_it_is(desk, where, value)


@both
async def test_longer_integers_are_refused(desk: Any, where: str) -> None:
    assert "64 bits" in await told_wrong(desk, where, {"given": 2**63})


@both
@pytest.mark.parametrize("value", [9.5, -0.1, 1e300])
async def test_floats_and_doubles_are_kept_as_they_are(desk: Any, where: str, value: float) -> None:
    await kept_as_it_is(desk, where, value)


@both
@pytest.mark.parametrize("value", ["2026-01-15", "2026-01-15T10:30:00Z"])
async def test_dates_are_kept_as_text(desk: Any, where: str, value: str) -> None:
    await kept_as_it_is(desk, where, value)


@both
async def test_null_is_refused(desk: Any, where: str) -> None:
    assert (await told_wrong(desk, where, {"ok": 1, "level": None})).endswith(
        "properties.level must not be null"
    )


@both
@pytest.mark.parametrize("nested", [{}, {"a": 1}, [], ["a"]])
async def test_objects_and_arrays_are_refused(desk: Any, where: str, nested: Any) -> None:
    assert "must be a string, boolean or number" in await told_wrong(desk, where, {"level": nested})


@both
@pytest.mark.parametrize("values", [[], "text", 5])
async def test_metadata_are_an_object(desk: Any, where: str, values: Any) -> None:
    assert "object" in await told_wrong(desk, where, values)


async def test_names_about_a_customer_have_underscores_instead_of_spaces(desk: Any) -> None:
    assert "underscores" in await told_wrong(desk, "customer", {"loyalty level": 3})
    assert await told(desk, "customer", {"loyalty_level": 3}) == {"loyalty_level": 3}
    assert await told(desk, "event", {"loyalty level": 3}) == {"loyalty level": 3}


@both
async def test_500_values_pass_and_501_do_not(desk: Any, where: str) -> None:
    assert len(await told(desk, where, {f"p{n}": n for n in range(500)})) == 500
    assert "500" in await told_wrong(desk, where, {f"p{n}": n for n in range(501)})


async def test_without_metadata_nothing_is_told(desk: Any) -> None:
    for nothing in (None, {}):
        assert (await kept(desk, properties=nothing)).properties == {}
    assert (await kept(desk, customer={"email": "ann@example.com", "custom_properties": None})).traits == {}


async def test_an_event_has_up_to_64_kb(desk: Any) -> None:
    assert (await desk.post(EVENTS, event(properties={"a": "x" * 64_000}))).status == 200
    answer = await desk.post(EVENTS, event(properties={"a": "x" * 66_000}))
    assert answer.json == {"errors": [{"message": "The request body is longer than 64 KB"}]}
