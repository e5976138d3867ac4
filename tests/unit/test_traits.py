"""Folding facts: any order gives the same profile; the newer stamp wins; imports only fill."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from clarion.profiles.conversion import type_of
from clarion.profiles.standard import canonical_name
from clarion.profiles.traits import Definition, Facts, Standing, fold, merged, problems, same, settled

EMPTY = Standing({}, {}, {})


def facts(stamp: int, *, history: bool = False, **traits: object) -> Facts:
    return Facts(traits, f"{stamp:016x}{uuid.UUID(int=stamp).hex}", history)


def folded(*told: Facts, **definitions: Definition) -> Standing:
    standing = EMPTY
    for one in told:
        standing, _ = fold(standing, [one], definitions)
    return standing


many = st.lists(
    st.builds(
        lambda stamp, history, traits: facts(stamp, history=history, **traits),
        st.integers(1, 2**50),
        st.booleans(),
        st.dictionaries(
            st.sampled_from(["a", "b", "firstName", "first_name"]),
            st.none() | st.integers() | st.text(max_size=3),
        ),
    ),
    max_size=8,
    unique_by=lambda one: one.stamp,
)


@given(many, st.randoms())
def test_any_order_gives_the_same(told, dice):
    # A fact that names one trait twice (firstName, first_name) is one caller's contradiction; order inside it rules.
    told = [one for one in told if len({canonical_name(name) for name in one.traits}) == len(one.traits)]
    shuffled = told.copy()
    dice.shuffle(shuffled)
    assert folded(*told) == folded(*shuffled)
    assert fold(EMPTY, told, {})[0] == folded(*told)


def test_the_newer_stamp_wins_though_it_comes_first():
    assert folded(facts(5, plan="new"), facts(3, plan="old")).plain == {"plan": "new"}


def test_an_equal_value_with_a_newer_stamp_guards_against_what_lay_between():
    assert folded(facts(1, plan="a"), facts(3, plan="a"), facts(2, plan="b")).plain == {"plan": "a"}


def test_history_fills_and_never_replaces():
    assert folded(facts(9, history=True, plan="import")).plain == {"plan": "import"}
    assert folded(facts(1, plan="told"), facts(9, history=True, plan="import")).plain == {"plan": "told"}


def test_a_removed_value_keeps_its_stamp():
    standing = folded(facts(5, plan=None), facts(3, plan="old"))
    assert standing.plain == {}
    assert standing.stamps["plan"].startswith(f"{5:016x}")


def test_only_changed_values_are_changes():
    standing = folded(facts(1, plan="a", n=1))
    _, changes = fold(standing, [facts(2, plan="a", n=2)], {})
    assert [(change.name, change.value) for change in changes] == [("n", 2)]


def test_true_is_not_one():
    standing = folded(facts(1, flag=1))
    _, changes = fold(standing, [facts(2, flag=True)], {})
    assert [change.value for change in changes] == [True]


def test_equality_of_values_is_that_of_json():
    assert same([1, "a"], [1.0, "a"])
    assert same(10**16, 1e16)
    assert not same([1], [True])
    assert not same([1], [1, 2])
    assert not same(0, None)
    assert not same("1", 1)


def test_personal_values_are_kept_apart():
    standing = folded(facts(1, firstName="Ann", plan="a"), first_name=Definition("text", personal=True))
    assert (standing.plain, standing.personal) == ({"plan": "a"}, {"first_name": "Ann"})


def test_standard_names_have_one_spelling_and_custom_ones_keep_theirs():
    assert {canonical_name(name) for name in ("firstName", "first_name", "First Name")} == {"first_name"}
    assert canonical_name("signupSource") == "signupSource"


def test_the_type_of_a_first_value():
    samples = {
        True: "boolean",
        "2024-01-15": "date",
        "2024-01-15T10:00:00Z": "datetime",
        "x": "text",
        1.5: "decimal",
    }
    assert {value: type_of(value) for value in samples} == samples
    assert type_of(["a"]) == "choices"
    assert type_of(7) == "integer"
    assert type_of("1234567890") == "text"


# ---- types, choices by element, members of one person

TYPES = {
    "t": Definition("text"),
    "i": Definition("integer"),
    "c": Definition("choices"),
    "p": Definition("choices", personal=True),
}
elements = st.lists(st.sampled_from("abcd"), max_size=3)
contested = st.lists(
    st.builds(
        lambda stamp, history, traits: facts(stamp, history=history, **traits),
        st.integers(1, 2**50),
        st.booleans(),
        st.dictionaries(
            st.sampled_from(sorted(TYPES)),
            st.none()
            | st.integers(-3, 3)
            | st.booleans()
            | st.text(max_size=2)
            | elements
            | st.fixed_dictionaries({}, optional={"add": elements, "remove": elements}),
        ),
    ),
    max_size=8,
    unique_by=lambda one: one.stamp,
)


@given(contested, st.randoms(), st.integers(1, 8))
def test_any_order_and_any_grouping_of_contested_types_gives_the_same(told, dice, size):
    shuffled = told.copy()
    dice.shuffle(shuffled)
    grouped = EMPTY
    for start in range(0, len(shuffled), size):
        grouped, _ = fold(grouped, shuffled[start : start + size], TYPES)
    assert grouped == folded(*told, **TYPES)


@given(contested, st.randoms())
def test_the_fold_of_members_is_what_one_member_would_hold(told, dice):
    parts: list[list[Facts]] = [[], [], []]
    for one in told:
        dice.choice(parts).append(one)
    members = [folded(*part, **TYPES) for part in parts]
    together = folded(*told, **TYPES)
    assert merged(members, TYPES) == together
    assert merged(reversed(members), TYPES) == together


def test_choices_come_and_go_by_element():
    told = [
        facts(1, c=["a", "b"]),
        facts(2, c={"add": ["c"]}),
        facts(3, c={"remove": ["a"]}),
        facts(4, c={"add": ["d"], "remove": ["b"]}),
    ]
    assert folded(*told, **TYPES).plain == {"c": ["c", "d"]}
    assert folded(*reversed(told), **TYPES).plain == {"c": ["c", "d"]}
    assert folded(*told, facts(5, c=["z"]), **TYPES).plain == {"c": ["z"]}
    assert folded(facts(3, c={"remove": ["a"]}), facts(1, c=["a", "b"]), **TYPES).plain == {"c": ["b"]}


def test_a_value_of_another_type_is_converted_or_refused_and_a_refusal_says_why():
    standing, changes = fold(EMPTY, [facts(1, i="5"), facts(2, i="many")], TYPES)
    assert standing.plain == {"i": 5}
    assert [(change.name, change.value, change.refused) for change in changes] == [
        ("i", 5, None),
        ("i", "many", "this text is no integer"),
    ]
    assert standing.stamps["i"].startswith(f"{1:016x}")  # a refused value does not guard


def test_a_changed_definition_is_applied_to_what_is_held():
    standing = folded(facts(1, i="5", t="many"), i=Definition("text"), t=Definition("text"))
    sealed, refused = settled(standing, "i", Definition("integer", personal=True))
    assert (sealed.plain, sealed.personal, refused) == ({"t": "many"}, {"i": 5}, None)
    gone, refused = settled(standing, "t", Definition("integer"))
    assert "t" not in gone.plain
    assert refused is not None
    assert (refused.value, refused.refused) == ("many", "this text is no integer")
    assert settled(sealed, "i", Definition("integer", personal=True)) == (sealed, None)


def test_a_door_may_ask_before():
    definitions = {"i": Definition("integer"), "r": Definition("text", readonly=True)}
    found = problems({"i": "x", "r": "y", "new": [1], "firstName": "Ann"}, definitions)
    assert [(one.name, one.reason) for one in found] == [
        ("i", "this text is no integer"),
        ("r", "is read-only"),
    ]
