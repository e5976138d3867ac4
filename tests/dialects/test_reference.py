"""Every door's OpenAPI and reference page: made of one table, which has all that is spoken and nothing else."""

import jsonschema_rs
import msgspec
import pytest

from clarion.dialects import DIALECTS, Dialect, document, page
from clarion.dialects.smashsend import describe, wire
from clarion.dialects.yotpo import describe as yotpo_describe
from clarion.dialects.yotpo import wire as yotpo_wire

BASE = "http://clarion.test"
dialects = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@pytest.mark.parametrize(("name", "dialect"), DIALECTS.items(), ids=DIALECTS)
def test_what_is_spoken_is_described_and_nothing_else(open_desk, name: str, dialect: Dialect):
    described = [(call.method, call.path) for call in dialect.reference.calls]
    assert len(described) == len(set(described))
    assert set(described) == set(dialect.routes(open_desk(name, dialect).door))


@dialects
def test_every_call_can_be_read_of_and_tried(dialect: Dialect):
    text = page(dialect.reference, BASE, "make a key", "/docs/x/openapi.json")
    for call in dialect.reference.calls:
        assert call.summary.endswith(".")
        assert call.limits
        assert f"## {call.method} {call.path}\n" in text
    assert text.count("curl -X ") == len(dialect.reference.calls)
    assert text.count(f'"{BASE}/') == len(dialect.reference.calls)


@dialects
def test_samples_and_answers_fit_the_schemas(dialect: Dialect):
    told = document(dialect.reference)
    for call in dialect.reference.calls:
        operation = told["paths"][call.path][call.method.lower()]
        for kind, answer in operation["responses"][str(min(call.answers))].get("content", {}).items():
            assert isinstance(call.answer, str) is (kind == "text/plain")
            valid(told, answer["schema"], msgspec.json.decode(msgspec.json.encode(call.answer)))
        if call.sample:
            taken = operation["requestBody"]["content"]["application/json"]["schema"]
            valid(told, taken, msgspec.json.decode(call.sample))


@dialects
def test_every_operation_has_a_name_of_its_own(dialect: Dialect):
    names = [call.operation_id for call in dialect.reference.calls]
    assert len(names) == len(set(names))


def test_a_page_says_how_its_lines_get_the_ids_that_an_answer_tells():
    """Beginners sent `/v1/contacts/$contactId` as it stood. The control is a page all of whose names are set above."""
    wanted = {
        name: "as `export " in page(one.reference, BASE, "make a key", "/x") for name, one in DIALECTS.items()
    }
    assert (wanted["smashsend"], wanted["esputnik"], wanted["smartpush"]) == (True, True, False)


def test_what_a_line_of_smartpush_reports_an_earlier_one_defines():
    """The lines of its page work in their order."""
    samples = {one.path: one.sample for one in DIALECTS["smartpush"].reference.calls}
    metric = msgspec.json.decode(samples["/createCustomMetric"])
    event = msgspec.json.decode(samples["/reportCustomEvent"])
    assert event["eventCode"] == metric["eventCode"]
    assert event["attributes"].keys() == {one["code"] for one in metric["attributes"]}


@dialects
def test_every_place_in_a_path_is_explained(dialect: Dialect):
    for call in dialect.reference.calls:
        assert set(call.places) <= dialect.reference.places.keys()


def test_an_event_is_described_with_the_fields_that_are_read():
    assert fields(describe.Event) == fields(wire.Track)


def test_an_event_of_yotpo_is_described_with_fields_that_are_read():
    assert fields(yotpo_describe.Event) <= fields(yotpo_wire.Event)
    assert fields(yotpo_describe.Whom) <= fields(yotpo_wire.Customer)


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def valid(told: dict, schema: dict, value: object) -> None:
    """Raises where a value does not fit."""
    jsonschema_rs.validate(schema | {"components": told["components"]}, value)
