"""Rules: what matches what, by the table; negation and De Morgan for any rule and any facts."""

from datetime import timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion import segments
from clarion.segments import All, Any, Facts, Not, OfProperty, OfTrait, Operator, Rule, match
from clarion.segments.rule import DEPTH_MAX, NEGATIVE

KYIV = timezone(timedelta(hours=2))
TABLE = [
    # value, operator, wanted, holds
    ("red", "is", "red", True),
    ("Red", "is", "red", False),
    (" red", "is", "red", False),
    (10, "is", 10.0, True),
    ("10", "is", 10, True),
    ("10.50", "is", 10.5, True),
    ("10", "is", "10", True),
    (10, "is", "10", False),
    ("1e1", "is", 10, False),
    (0.1, "is", 0.1, True),
    ("0.1", "is", 0.1, True),
    (True, "is", True, True),
    (True, "is", 1, False),
    (1, "is", True, False),
    ("true", "is", True, False),
    (None, "is", "red", False),
    (None, "is_not", "red", True),
    ([], "is_set", None, False),
    ("", "is_set", None, True),
    (0, "is_set", None, True),
    (False, "is_set", None, True),
    (None, "is_not_set", None, True),
    ("red", "one_of", ("red", 1), True),
    (1, "one_of", ("red", 1), True),
    ("blue", "none_of", ("red", 1), True),
    ("dark red", "contains", "red", True),
    (["dark red"], "contains", "red", False),
    (["red", "blue"], "contains", "red", True),
    (["red", "blue"], "is", "red", True),
    (["red"], "contains_not", "blue", True),
    ([1, 20], "greater", 10, True),
    (105, "contains", "10", False),
    ("red", "starts_with", "re", True),
    (11, "greater", 10, True),
    (10, "greater", 10, False),
    ("10.0", "at_least", 10, True),
    (9.99, "less", 10, True),
    (10, "at_most", 10, True),
    ("ten", "less", 10, False),
    (True, "less", 10, False),
    ({"a": 1}, "greater", 0, False),
    ("2026-01-02", "after", "2026-01-01", True),
    ("2026-01-01", "after", "2026-01-01", True),
    ("2026-01-01T00:00:00Z", "before", "2026-01-01T00:30:00+00:00", True),
    ("2026-01-01T01:00:00", "before", "2026-01-01T00:00:00Z", True),  # 23:00 UTC the day before
    (1767225600, "before", "2027-01-01", False),
    ("yesterday", "before", "2027-01-01", False),
    ("0001-01-01", "before", "2027-01-01", False),  # no such moment in UTC
]


@pytest.mark.parametrize(("value", "operator", "wanted", "holds"), TABLE)
def test_the_table(value, operator, wanted, holds):
    rule = OfProperty(name="x", operator=Operator(operator), value=wanted)
    assert match(rule, Facts({"x": value}, zone=KYIV)) is holds
    assert (
        match(OfTrait(name="x", operator=rule.operator, value=wanted), Facts({}, {"x": value}, KYIV)) is holds
    )


def test_a_path_leads_into_objects_and_a_name_with_a_dot_goes_first():
    rule = OfProperty(name="cart.total", operator=Operator.GREATER, value=10)
    assert match(rule, Facts({"cart": {"total": 11}}))
    assert not match(rule, Facts({"cart": {"total": 11}, "cart.total": 9}))
    for missing in ({}, {"cart": None}, {"cart": 11}, {"cart": {}}, {"cart": [{"total": 11}]}):
        assert not match(rule, Facts(missing))


names = st.sampled_from(["a", "b", "a.b"])
scalars = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.5]),
    st.sampled_from(["", "1", "x", "2026-01-01"]),
)
values = st.one_of(
    scalars, st.none(), st.lists(scalars, max_size=2), st.dictionaries(names, scalars, max_size=2)
)


@st.composite
def leaves(draw):
    operator = draw(st.sampled_from(Operator))
    if operator in (Operator.IS_SET, Operator.IS_NOT_SET):
        value = None
    elif operator in (Operator.ONE_OF, Operator.NONE_OF):
        value = tuple(draw(st.lists(scalars, min_size=1, max_size=3)))
    else:
        value = draw(scalars)
    return draw(st.sampled_from([OfProperty, OfTrait]))(name=draw(names), operator=operator, value=value)


rules = st.recursive(
    leaves(),
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda many: All(rules=tuple(many))),
        st.lists(below, max_size=3).map(lambda many: Any(rules=tuple(many))),
        below.map(lambda one: Not(rule=one)),
    ),
    max_leaves=8,
)
facts = st.builds(
    Facts, st.dictionaries(names, values, max_size=3), st.dictionaries(names, values, max_size=3)
)


@given(st.lists(rules, max_size=3), facts)
def test_de_morgan(some, known):
    """The control: with `any([])` true, it fails at once."""
    none = Not(rule=Any(rules=tuple(some)))
    each_not = All(rules=tuple(Not(rule=one) for one in some))
    assert match(none, known) == match(each_not, known)
    assert match(Not(rule=All(rules=tuple(some))), known) == match(
        Any(rules=tuple(Not(rule=one) for one in some)), known
    )


@given(leaves(), facts)
def test_a_negative_operator_is_the_opposite_of_its_positive_one(leaf, known):
    for negative, positive in NEGATIVE.items():
        if leaf.operator is positive:
            opposite = msgspec.structs.replace(leaf, operator=negative)
            assert match(opposite, known) != match(leaf, known)


@given(leaves())
def test_of_nothing_every_positive_operator_is_false(leaf):
    assert match(leaf, Facts()) is (leaf.operator in NEGATIVE)


@given(rules, facts)
def test_a_rule_is_the_same_after_a_way_through_json(rule, known):
    again = msgspec.json.decode(msgspec.json.encode(rule), type=Rule)
    assert match(again, known) == match(rule, known)


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (OfProperty(name="x", operator=Operator.IS), "takes one value"),
        (OfProperty(name="x", operator=Operator.IS_SET, value=1), "takes no value"),
        (OfProperty(name="x", operator=Operator.ONE_OF, value="a"), "takes a list"),
        (OfProperty(name="x", operator=Operator.GREATER, value="10"), "takes a number"),
        (OfProperty(name="x", operator=Operator.GREATER, value=True), "takes a number"),
        (OfProperty(name="x", operator=Operator.BEFORE, value="soon"), "takes a date"),
        (OfTrait(name="first_name", operator=Operator.CONTAINS, value="A"), "sealed"),
        (OfProperty(name="buyer.email", operator=Operator.STARTS_WITH, value="A"), "sealed"),
    ],
)
def test_what_does_not_fit_is_said_and_where(rule, what):
    (problem,) = segments.problems_of(All(rules=(Not(rule=rule),)), "trigger.where")
    assert problem.where == "trigger.where.rules[0].rule"
    assert what in problem.what


def test_depth_and_number_are_limited():
    deep = OfProperty(name="x", operator=Operator.IS_SET)
    for _ in range(DEPTH_MAX):
        deep = Not(rule=deep)
    assert "deep" in segments.problems_of(deep)[0].what
    leaf = OfProperty(name="x", operator=Operator.IS_SET)
    wide = All(rules=tuple(All(rules=(leaf,) * 199) for _ in range(2)))
    assert "more than 200" in segments.problems_of(wide)[0].what
