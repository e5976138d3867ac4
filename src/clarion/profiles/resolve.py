"""Which identities are one person: a pure function of the links, whatever the order in which they became known.

Links are taken in the order of their stamps. Each joins two sets of identities, unless the joined set would hold two
external ids of one namespace, or both sides of a cut; then it joins nothing. A merge by hand may join two external
ids, and crosses every cut that is older than itself. An anonymous id that two people claim is a device that several
use: none of its links join.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from uuid import UUID

from msgspec import Struct

from clarion.model import IdentityKind

Stamp = bytes  # 8 bytes of microseconds, 16 of the item's id: sorts as (accept time, item id) do
Order = bytes  # of links: their stamp, then what tells those of one item apart


class Node(Struct, frozen=True):
    """An identity. `namespace` counts for external ids only. `person`: the set that it stands in so far.

    `newest`: the order of the newest link that names it.
    """

    blind: UUID
    kind: IdentityKind
    namespace: str = ""
    person: UUID | None = None
    newest: Order = b""
    shared: bool = False


class Link(Struct, frozen=True):
    """Two identities came in one item, or were merged by hand. Of one item's links the stronger come first."""

    strong: UUID
    weak: UUID
    weak_kind: IdentityKind
    stamp: Stamp
    by_hand: bool = False

    @property
    def order(self) -> Order:
        """When it is taken."""
        return self.stamp + bytes((self.weak_kind,)) + self.weak.bytes


class Cut(Struct, frozen=True):
    """Identities that are two people, whatever links say; `stamp_us` is when a person said so."""

    one_side: frozenset[UUID]
    other_side: frozenset[UUID]
    stamp_us: int

    def is_crossed_by(self, link: Link) -> bool:
        """A person's later word counts."""
        return link.by_hand and time_us_of(link.stamp) > self.stamp_us

    def parts(self, one: Iterable[UUID], other: Iterable[UUID]) -> bool:
        """Whether it lies between two sets."""
        ones, others = set(one), set(other)
        return bool(
            (self.one_side & ones and self.other_side & others)
            or (self.one_side & others and self.other_side & ones)
        )


class Joined(Enum):
    """What a link does."""

    ONE = 1  #: its identities are one person, now or before
    CUT = 2  #: a cut lies between them
    TWO = 3  #: each has an external id of one namespace: two people
    SHARED = 4  #: its device has several users


class Sets:
    """Sets of identities that links join one after the other."""

    def __init__(self, nodes: Iterable[Node], cuts: Sequence[Cut]) -> None:
        self._nodes = {node.blind: node for node in nodes}
        self._cuts = cuts
        self._shared = {node.blind for node in self._nodes.values() if node.shared}
        self._set_of: dict[UUID, set[UUID]] = {}
        people: dict[UUID, set[UUID]] = {}
        for node in self._nodes.values():
            held = {node.blind} if node.person is None else people.setdefault(node.person, set())
            held.add(node.blind)
            self._set_of[node.blind] = held

    def join(self, link: Link) -> Joined:
        """Take the next link."""
        one, other = self._set_of[link.strong], self._set_of[link.weak]
        if one is other:
            return Joined.ONE
        if any(cut.parts(one, other) for cut in self._cuts if not cut.is_crossed_by(link)):
            return Joined.CUT
        if not link.by_hand:
            if link.strong in self._shared or link.weak in self._shared:
                return Joined.SHARED
            if not self._namespaces(one).isdisjoint(self._namespaces(other)):
                return Joined.TWO
        one |= other
        for blind in other:
            self._set_of[blind] = one
        return Joined.ONE

    def of(self, blind: UUID) -> set[UUID]:
        """Who is one person with this identity, itself included."""
        return self._set_of[blind]

    def all(self) -> list[frozenset[UUID]]:
        """Every set, once."""
        return list({id(held): frozenset(held) for held in self._set_of.values()}.values())

    def _namespaces(self, held: Iterable[UUID]) -> set[str]:
        nodes = (self._nodes[blind] for blind in held)
        return {node.namespace for node in nodes if node.kind is IdentityKind.EXTERNAL_ID}


class Resolved(Struct, frozen=True):
    """`people`: sets of identities, each one person (or, of one identity, perhaps nobody). `shared`: of devices."""

    people: list[frozenset[UUID]]
    shared: frozenset[UUID]


def resolve(nodes: Mapping[UUID, Node], links: Iterable[Link], cuts: Sequence[Cut]) -> Resolved:
    """Everything anew. A refused link of an anonymous id makes its device shared, and that is begun again."""
    ordered = sorted(links, key=lambda link: link.order)
    shared: set[UUID] = set()
    while True:
        fresh = [
            Node(node.blind, node.kind, node.namespace, shared=node.blind in shared)
            for node in nodes.values()
        ]
        sets = Sets(fresh, cuts)
        contested = [link for link in ordered if sets.join(link) is Joined.TWO and devices(link, nodes)]
        if not contested:
            return Resolved(sets.all(), frozenset(shared))
        shared |= devices(contested[0], nodes)


def devices(link: Link, nodes: Mapping[UUID, Node]) -> set[UUID]:
    """The anonymous ids of a link."""
    ends = (nodes[link.strong], nodes[link.weak])
    return {node.blind for node in ends if node.kind is IdentityKind.ANONYMOUS_ID}


def stamp_of(stamp_us: int, item_id: UUID) -> Stamp:
    """When an item was accepted, and which."""
    return stamp_us.to_bytes(8) + item_id.bytes


def time_us_of(stamp: Stamp) -> int:
    """The accept time in a stamp."""
    return int.from_bytes(stamp[:8])
