"""Any bytes and any JSON through every parser: something that can be stored, or the vendor's own refusal."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.dialects import DIALECTS
from clarion.dialects.esputnik.messages.mapping import Refused, Wanted
from clarion.model import Offer, ProfileChange
from tests.dialects.parsers import PARSERS, Parser
from tests.dialects.storable import assert_storable, assert_value

parsers = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
quick = settings(max_examples=75, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

TEXTS = st.text(max_size=30) | st.sampled_from(
    [
        "ann@example.com",
        "user.signup",
        "2026-01-15T10:30:00Z",
        "+380501234567",
        "NUMBER",
        "SUBSCRIBED",
        "\0",
        "",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS


def values(names: tuple[str, ...]) -> Any:
    """Any JSON, with fields of known names and others."""
    keys = st.sampled_from(names) | st.text(max_size=10)
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=20,
    )


def nearly(names: tuple[str, ...]) -> Any:
    """An object with most of the known fields; what is in them may be anything."""
    inner = values(names)
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, inner))


def check(parser: Parser, body: bytes) -> None:
    try:
        found = parser.parse(body)
    except parser.refusals as exc:
        refusal = str(exc)
        found = []
    else:
        refusal = "none"
    assert 0 < len(refusal.encode()) < 2_000
    for one in found:
        if isinstance(one, Offer):
            assert_storable(one)
        elif isinstance(one, ProfileChange):
            assert_value([identity.value for identity in one.identities])
            assert_value(one.traits)
        elif isinstance(one, Wanted):
            assert_value(one.data)
        else:
            assert isinstance(one, Refused)
            assert 0 < len(one.message.encode()) < 2_000


@parsers
@quick
@given(data=st.data())
def test_any_json_is_kept_or_refused(parser: Parser, data: Any) -> None:
    check(parser, json.dumps(data.draw(values(parser.names))).encode())


@parsers
@quick
@given(data=st.data())
def test_nearly_right_json_is_kept_or_refused(parser: Parser, data: Any) -> None:
    check(
        parser, json.dumps(data.draw(nearly(parser.names)), ensure_ascii=False).encode(errors="surrogatepass")
    )


@parsers
@quick
@given(body=st.binary(max_size=200))
def test_any_bytes_are_kept_or_refused(parser: Parser, body: bytes) -> None:
    check(parser, body)


SAMPLES = [
    (f"{name} {call.method} {call.path}", call.sample.encode())
    for name, dialect in DIALECTS.items()
    for call in dialect.reference.calls
    if call.sample
]


@parsers
@quick
@given(data=st.data())
def test_a_sample_with_some_bytes_changed_is_kept_or_refused(parser: Parser, data: Any) -> None:
    _, sample = data.draw(st.sampled_from(SAMPLES))
    start = data.draw(st.integers(0, len(sample)))
    end = data.draw(st.integers(start, min(len(sample), start + 5)))
    check(parser, sample[:start] + data.draw(st.binary(max_size=5)) + sample[end:])


def test_control_another_exception_is_found_out() -> None:
    lax = Parser("lax", lambda body: [msgspec.json.decode(body)["event"]], (msgspec.DecodeError,), ("event",))
    with pytest.raises((TypeError, KeyError, AssertionError)):
        check(lax, b"[]")


def test_every_dialect_has_its_parsers_here() -> None:
    assert {parser.name.split()[0] for parser in PARSERS} == set(DIALECTS)
