"""Which identities are one person: the same people whatever the order in which links became known."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.model import IdentityKind
from clarion.profiles.resolve import Cut, Joined, Link, Node, Sets, resolve, stamp_of


def blind(number: int) -> UUID:
    return UUID(int=number)


def external(number: int, namespace: str = "shop") -> Node:
    return Node(blind(number), IdentityKind.EXTERNAL_ID, namespace)


def email(number: int) -> Node:
    return Node(blind(number), IdentityKind.EMAIL)


def device(number: int) -> Node:
    return Node(blind(number), IdentityKind.ANONYMOUS_ID)


def link(strong: Node, weak: Node, at: int, *, by_hand: bool = False) -> Link:
    return Link(strong.blind, weak.blind, weak.kind, stamp_of(at, blind(at)), by_hand)


def people(nodes: list[Node], links: list[Link], cuts: list[Cut] = []) -> set[frozenset[int]]:  # noqa: B006
    found = resolve({node.blind: node for node in nodes}, links, cuts)
    return {frozenset(one.int for one in person) for person in found.people}


A, B, OTHER = external(1), external(2), external(3, "club")
ANN, BEN = email(11), email(12)
PHONE = device(21)


def test_a_link_makes_two_identities_one_person():
    assert people([A, ANN], [link(A, ANN, 1)]) == {frozenset({1, 11})}


def test_two_external_ids_of_one_namespace_stay_two_people_and_the_first_keeps_the_email():
    assert people([A, B, ANN], [link(B, ANN, 2), link(A, ANN, 1)]) == {frozenset({1, 11}), frozenset({2})}


def test_external_ids_of_two_namespaces_may_be_one_person():
    assert people([A, OTHER, ANN], [link(A, ANN, 1), link(OTHER, ANN, 2)]) == {frozenset({1, 3, 11})}


def test_a_device_that_two_people_claim_joins_nobody():
    links = [link(A, PHONE, 1), link(B, PHONE, 2)]
    assert people([A, B, PHONE], links) == {frozenset({1}), frozenset({2}), frozenset({21})}


def test_a_cut_parts_for_good_and_a_later_merge_by_hand_joins_again():
    cut = Cut(frozenset({A.blind}), frozenset({ANN.blind}), 5)
    links = [link(A, ANN, 1), link(A, ANN, 9)]
    assert people([A, ANN], links, [cut]) == {frozenset({1}), frozenset({11})}
    assert people([A, ANN], [*links, link(A, ANN, 10, by_hand=True)], [cut]) == {frozenset({1, 11})}
    assert people([A, ANN], [link(A, ANN, 4, by_hand=True)], [cut]) == {frozenset({1}), frozenset({11})}


def test_a_cut_is_not_got_around_by_a_third_identity():
    cut = Cut(frozenset({A.blind}), frozenset({OTHER.blind}), 5)
    found = people([A, OTHER, ANN], [link(A, ANN, 6), link(OTHER, ANN, 7)], [cut])
    assert found == {frozenset({1, 11}), frozenset({3})}


def test_a_merge_by_hand_may_join_two_external_ids():
    assert people([A, B], [link(A, B, 1, by_hand=True)]) == {frozenset({1, 2})}


NODES = [*map(external, range(1, 5)), *map(email, range(11, 15)), *map(device, range(21, 24))]
PAIRS = [(one, other) for one in NODES for other in NODES if one.kind < other.kind]
LINKS = st.lists(st.sampled_from(PAIRS), max_size=14, unique=True).map(
    lambda pairs: [link(one, other, at) for at, (one, other) in enumerate(pairs, 1)]
)


@given(LINKS, st.randoms())
@settings(max_examples=300, deadline=None)
def test_any_order_of_the_same_links_gives_the_same_people(links, random):
    shuffled = list(links)
    random.shuffle(shuffled)
    assert people(NODES, shuffled) == people(NODES, links)


@given(LINKS)
@settings(max_examples=300, deadline=None)
def test_the_newest_link_takes_one_step(links):
    """What `store.people.join` relies on: one more link, newer than all, needs no second look at the others."""
    if not links:
        return
    *before, newest = links
    nodes = {node.blind: node for node in NODES}
    held = resolve(nodes, before, [])
    standing = [
        Node(one, nodes[one].kind, nodes[one].namespace, min(person), shared=one in held.shared)
        for person in held.people
        for one in person
    ]
    sets = Sets(standing, [])
    contested = sets.join(newest) is Joined.TWO and newest.weak.int > 20
    if not contested:
        assert {frozenset(one.int for one in person) for person in sets.all()} == people(NODES, links)
