"""Segments: rules about people and events. So far the rule tree and what it matches; nothing is stored.

A rule is a closed tree (`rule`), read from JSON with a published schema. `match` says whether it holds for one event
and one profile: a pure function with two answers, so that `not` is always the opposite. Its table of comparisons is
what a compiler to SQL has to keep to.
"""

from clarion.segments.match import Facts, match
from clarion.segments.rule import (
    All,
    Any,
    Not,
    OfProperty,
    OfTrait,
    Operator,
    Problem,
    Rule,
    leaves,
    problems_of,
    schema,
    too_deep,
    uses_traits,
)

__all__ = [
    "All",
    "Any",
    "Facts",
    "Not",
    "OfProperty",
    "OfTrait",
    "Operator",
    "Problem",
    "Rule",
    "leaves",
    "match",
    "problems_of",
    "schema",
    "too_deep",
    "uses_traits",
]
