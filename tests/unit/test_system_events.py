"""The catalogue of system events: 65 names in 11 groups, each with what it means."""

from collections import Counter

from clarion.metrics import SYSTEM_EVENTS

GROUPS = {
    "Onboarding": 4,
    "App Lifecycle": 2,
    "Authentication": 5,
    "E-Commerce": 15,
    "Search & Discovery": 5,
    "Subscription & Monetization": 10,
    "Push Notifications": 6,
    "Content & Engagement": 7,
    "User Profile & Preferences": 4,
    "Social & Virality": 3,
    "Friction & Errors": 4,
}


def test_there_are_65_in_11_groups_as_their_headings_say() -> None:
    assert len(SYSTEM_EVENTS) == 65
    assert Counter(one.group for one in SYSTEM_EVENTS.values()) == GROUPS
    assert list(dict.fromkeys(one.group for one in SYSTEM_EVENTS.values())) == list(GROUPS)


def test_each_has_a_description_and_params_as_hints() -> None:
    assert all(one.description and one.name.isidentifier() for one in SYSTEM_EVENTS.values())
    assert SYSTEM_EVENTS["purchase_completed"].params == ("order_id", "amount", "currency", "item_count")
    assert SYSTEM_EVENTS["logged_out"].params == ()
    without = [one.name for one in SYSTEM_EVENTS.values() if not one.params]
    assert len(without) == 5
