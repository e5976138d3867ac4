"""What a batch of items says of identities; pure. And what a worker remembers of them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from clarion.model import Identity, Inbound
from clarion.profiles.identities import blind_of, strongest
from clarion.profiles.resolve import Stamp, stamp_of
from clarion.profiles.tenures import Tenures
from clarion.vault import Vault

REMEMBERED_MAX = 400_000  # members and links


class Arrival(Struct, frozen=True, gc=False):
    """What an item says of identities: who it is about, and its stamp (us, item id)."""

    item_id: UUID
    inbound: Inbound
    stamp_us: int

    @property
    def stamp(self) -> Stamp:
        return stamp_of(self.stamp_us, self.item_id)


class Wanted:
    """The distinct identities, links and addresses of some items, each with its first stamp.

    An identity that was replaced after its item was accepted counts as what it became.
    """

    def __init__(self, vault: Vault, tenures: Tenures | None = None) -> None:
        self._vault = vault
        self._tenures = tenures
        self.former: set[tuple[UUID, Identity, int]] = set()  # what it became, a former value, until when
        self._blinds: dict[Identity, UUID] = {}
        self.identities: dict[UUID, tuple[Identity, Arrival]] = {}
        self.arrivals: list[Arrival] = []
        self.leads: list[UUID] = []  # the strongest identity of each arrival
        self.links: dict[tuple[UUID, UUID], Arrival] = {}
        self.reaches: dict[tuple[UUID, str, str], Arrival] = {}  # (strongest, channel, value as given)
        self.made: set[UUID] = set()  # who was made for them and is nobody else's

    @classmethod
    def of(cls, arrivals: Iterable[Arrival], vault: Vault, tenures: Tenures | None = None) -> "Wanted":
        wanted = cls(vault, tenures)
        for arrival in arrivals:
            wanted.see(arrival)
        return wanted

    def see(self, arrival: Arrival) -> None:
        """Note what an item says."""
        identities = arrival.inbound.identities
        lead = self._see_identity(identities[0] if len(identities) == 1 else strongest(identities), arrival)
        self.arrivals.append(arrival)
        self.leads.append(lead)
        if len(identities) > 1:
            for identity in identities:
                weaker = self._see_identity(identity, arrival)
                if weaker != lead:
                    self._keep_first(self.links, (lead, weaker), arrival)
        for reach in arrival.inbound.reaches:
            self._keep_first(self.reaches, (lead, reach.channel, reach.value), arrival)

    def _see_identity(self, identity: Identity, arrival: Arrival) -> UUID:
        blind = self._blinds.get(identity)
        if blind is None:
            blind = self._blinds[identity] = blind_of(self._vault, identity)
            if not self._tenures:
                self.identities[blind] = (identity, arrival)
        return self._today(blind, identity, arrival) if self._tenures else blind

    def value_in(self, arrival: Arrival, blind: UUID) -> Identity:
        """An identity as an item gave it."""
        if not self._tenures:
            return self.identities[blind][0]
        identities = arrival.inbound.identities
        return next(one for one in identities if self._today(self._blinds[one], one, arrival) == blind)

    def _today(self, own: UUID, identity: Identity, arrival: Arrival) -> UUID:
        assert self._tenures is not None
        tenure = self._tenures.at(own, arrival.stamp_us)
        if tenure is None or tenure.became is None:
            self.identities.setdefault(own, (identity, arrival))
            return own
        self.identities.setdefault(tenure.became, (identity, arrival))
        self.former.add((tenure.became, identity, tenure.until_us))
        return tenure.became

    @staticmethod
    def _keep_first(into: dict[Any, Arrival], key: Any, arrival: Arrival) -> None:
        held = into.setdefault(key, arrival)
        if arrival.stamp < held.stamp:
            into[key] = arrival


class Known:
    """Members by blind index, and links, as far as this worker remembers; may be emptied at any time.

    A member never moves. What ends a tenure (erasure, replacement) raises the workspace's epoch: see `heed`.
    """

    def __init__(self) -> None:
        self._of: dict[UUID, _OfWorkspace] = {}
        self._count = 0  # at most so many members and links

    def heed(self, workspace_id: UUID, epoch: int) -> None:
        """The time (us) of the workspace's newest erasure or replacement: with another one nothing known holds."""
        held = self._of.get(workspace_id)
        if held is None or held.epoch != epoch:
            self._of[workspace_id] = _OfWorkspace(epoch)

    def may_precede(self, workspace_id: UUID, stamps_us: Iterable[int]) -> bool:
        """Whether one of these may fall into a tenure that is over; so it is where nobody told the epoch."""
        held = self._of.get(workspace_id)
        epoch = None if held is None else held.epoch
        return epoch is None or (epoch > 0 and min(stamps_us, default=epoch) < epoch)

    def find(self, workspace_id: UUID, blinds: Iterable[UUID]) -> dict[UUID, UUID | None]:
        """Those that are remembered."""
        members = self._held(workspace_id).members
        return {blind: members[blind] for blind in blinds if blind in members}

    def note(self, workspace_id: UUID, members: Mapping[UUID, UUID | None]) -> None:
        """Remember; a transaction that fails afterwards has to `clear`."""
        known = self._with_room(workspace_id, len(members)).members
        before = len(known)
        known.update({blind: member for blind, member in members.items() if member is not None})
        self._count += len(known) - before

    def new_links(
        self, workspace_id: UUID, links: Mapping[tuple[UUID, UUID], Arrival]
    ) -> dict[tuple[UUID, UUID], Arrival]:
        """Those that are not remembered with an earlier stamp; from now on they are."""
        known = self._with_room(workspace_id, len(links)).links
        fresh = {}
        for pair, arrival in links.items():
            held = known.get(pair)
            if held is None or arrival.stamp < held:
                known[pair] = arrival.stamp
                fresh[pair] = arrival
        self._count += len(fresh)
        return fresh

    def clear(self) -> None:
        """Forget; the epochs stay."""
        for workspace_id, held in self._of.items():
            self._of[workspace_id] = _OfWorkspace(held.epoch)
        self._count = 0

    def _held(self, workspace_id: UUID) -> "_OfWorkspace":
        held = self._of.get(workspace_id)
        if held is None:
            held = self._of[workspace_id] = _OfWorkspace(None)
        return held

    def _with_room(self, workspace_id: UUID, more: int) -> "_OfWorkspace":
        """What is known of a workspace; of all together never more than the most."""
        if self._count + more > REMEMBERED_MAX:
            self.clear()
        return self._held(workspace_id)


class _OfWorkspace:
    """`epoch`: at which the rest was learned; None where nobody told it."""

    def __init__(self, epoch: int | None) -> None:
        self.epoch = epoch
        self.members: dict[UUID, UUID] = {}
        self.links: dict[tuple[UUID, UUID], bytes] = {}
