"""Converting values: nothing is lost, twice is once, and the first value is always of its own type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.profiles.conversion import Converted, Refused, convert, type_of

TYPES = ("text", "integer", "decimal", "boolean", "date", "datetime", "choice", "choices")
scalars = (
    st.integers(-(2**63), 2**63)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.integers(-(10**6), 10**6).map(str)
    | st.dates().map(str)
    | st.datetimes().map(lambda at: at.isoformat())
)
values = st.none() | st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(values, st.sampled_from(TYPES))
def test_converting_twice_is_converting_once(value, wanted):
    first = convert(value, wanted)
    if isinstance(first, Converted):
        assert convert(first.value, wanted) == first


@given(values)
def test_a_first_value_is_of_the_type_it_is_discovered_with(value):
    assert isinstance(convert(value, type_of(value)), Converted)


@given(st.integers(-(2**53), 2**53) | st.booleans() | st.dates().map(str))
def test_what_was_converted_to_text_converts_back(value):
    told = convert(value, "text")
    assert isinstance(told, Converted)
    assert convert(told.value, type_of(value)) == Converted(value)


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ("5", "integer", 5),
        (5, "text", "5"),
        (5, "decimal", 5.0),
        (5.0, "integer", 5),
        ("10.00", "decimal", 10.0),
        ("true", "boolean", True),
        (True, "text", "true"),
        ("2024-01-15", "datetime", "2024-01-15T00:00:00"),
        (1_705_312_800, "datetime", "2024-01-15T10:00:00Z"),
        (1_705_312_800_500, "datetime", "2024-01-15T10:00:00.500000Z"),
        ("a", "choices", ["a"]),
        (["a", 5, "a"], "choices", ["a", "5"]),
        (["a"], "choice", "a"),
        ({"add": ["a", "a"], "remove": [5]}, "choices", {"add": ["a"], "remove": ["5"]}),
        ({"b": 1, "a": [2]}, "text", '{"a":[2],"b":1}'),
        (None, "integer", None),
    ],
)
def test_converted(value, wanted, expected):
    found = convert(value, wanted)
    assert found == Converted(expected)
    assert isinstance(found, Converted)
    assert type(found.value) is type(expected)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("007", "integer"),
        ("5.5", "integer"),
        ("1e5", "decimal"),
        (2**53 + 1, "decimal"),
        ("0.12345678901234567", "decimal"),
        (True, "integer"),
        (1, "boolean"),
        ("yes", "boolean"),
        ("2024-02-30", "date"),
        ("2024-01-15T10:00:00Z", "date"),
        ("soon", "datetime"),
        (-1, "datetime"),
        (["a", "b"], "choice"),
        ([["a"]], "choices"),
        ({"a": 1}, "choices"),
    ],
)
def test_refused_for_something_would_be_lost(value, wanted):
    found = convert(value, wanted)
    assert isinstance(found, Refused)
    assert str(value) not in found.reason


def test_options_are_the_only_choices():
    assert convert("a", "choice", ["a"]) == Converted("a")
    assert convert("b", "choice", ["a"]) == Refused("not among the options")
    assert convert(["a", "b"], "choices", ["a"]) == Refused("not among the options")
    assert convert({"add": ["b"]}, "choices", ["a"]) == Refused("not among the options")
    assert convert({"remove": ["b"]}, "choices", ["a"]) == Converted({"remove": ["b"]})
