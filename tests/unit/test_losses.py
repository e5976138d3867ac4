"""What an automation becomes without something that it asked of."""

import msgspec
import pytest
from msgspec import structs

from clarion import automations
from clarion.automations import LostAttributes, LostMetric, LostTrait
from clarion.automations.losses import NEVER, without
from clarion.segments import Facts, match

TRAIT = {"kind": "trait", "name": "plan", "operator": "is", "value": "gold"}
PROPERTY = {"kind": "property", "name": "total", "operator": "at_least", "value": 5}


def read(rule, where=None):
    trigger = {"type": "event", "metric": "left"} | ({"where": where} if where else {})
    nodes = {
        "ask": {"type": "branch", "rule": rule, "yes": "send", "no": "end"},
        "send": {"type": "send", "template": "hello", "next": "end"},
        "end": {"type": "exit"},
    }
    return automations.read(msgspec.json.encode({"trigger": trigger, "start": "ask", "nodes": nodes}))


@pytest.mark.parametrize(
    "rule",
    [
        TRAIT,
        TRAIT | {"operator": "is_not"},
        {"kind": "trait", "name": "plan", "operator": "is_not_set"},
        {"kind": "not", "rule": TRAIT},
        {"kind": "any", "rules": [{"kind": "all", "rules": []}, TRAIT]},
        {"kind": "not", "rule": {"kind": "all", "rules": [{"kind": "not", "rule": TRAIT}, PROPERTY]}},
    ],
)
def test_a_branch_that_asked_of_it_leads_to_no_for_everybody(rule):
    """Of a negation as well: left as it is, `is_not` and `not` would hold for all as soon as the trait is gone."""
    after, found = without(read(rule), LostTrait("plan"))
    assert [(one.effect, one.where) for one in found] == [("takes_no", "nodes.ask.rule")]
    for facts in (Facts(), Facts(traits={"plan": "gold"}), Facts(properties={"total": 9})):
        assert not match(after.nodes["ask"].rule, facts)
    assert after.nodes["ask"].rule == NEVER


@pytest.mark.parametrize(
    "lost",
    [
        LostTrait("total"),
        LostAttributes("left", frozenset({"plan"})),
        LostAttributes("other", frozenset({"total"})),
    ],
)
def test_what_only_has_the_same_name_is_not_lost(lost):
    held = read({"kind": "all", "rules": [TRAIT, PROPERTY]}, PROPERTY)
    assert without(held, lost) == (held, [])


def saying(held, lost):
    return structs.replace(held, trigger=structs.replace(held.trigger, lost=lost))


def test_a_trigger_that_asked_of_it_pauses_keeps_its_words_and_says_what_it_lost():
    held = read(TRAIT, PROPERTY)
    assert without(held, LostMetric("other")) == (held, [])
    after, (paused,) = without(held, LostMetric("left"))
    assert (paused.effect, paused.where) == ("paused", "trigger.metric")
    assert after == saying(held, "metric left")
    after, (paused,) = without(held, LostAttributes("left", frozenset({"total"})))
    assert (paused.effect, paused.where) == ("paused", "trigger.where")
    assert after == saying(held, "total of metric left")


def test_a_path_into_an_attribute_is_lost_with_it():
    rule = PROPERTY | {"name": "cart.total"}
    (one,) = without(read(rule), LostAttributes("left", frozenset({"cart"})))[1]
    assert one.effect == "takes_no"
    assert without(read(rule), LostAttributes("left", frozenset({"total"})))[1] == []
