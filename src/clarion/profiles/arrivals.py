"""What a batch of items says of identities; pure. And what a worker remembers of them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from clarion.model import Identity, Inbound
from clarion.profiles.identities import blind_of, strongest
from clarion.profiles.resolve import Stamp, stamp_of
from clarion.vault import Vault

MEMBERS_MAX = 200_000


class Arrival(Struct, frozen=True, gc=False):
    """What an item says of identities: who it is about, and its stamp (us, item id)."""

    item_id: UUID
    inbound: Inbound
    stamp_us: int

    @property
    def stamp(self) -> Stamp:
        return stamp_of(self.stamp_us, self.item_id)


class Wanted:
    """The distinct identities, links and addresses of some items, each with its first stamp."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._blinds: dict[Identity, UUID] = {}
        self.identities: dict[UUID, tuple[Identity, Arrival]] = {}
        self.leads: set[UUID] = set()
        self.links: dict[tuple[UUID, UUID], Arrival] = {}
        self.reaches: dict[tuple[UUID, str, str], Arrival] = {}  # (strongest, channel, value as given)

    def see(self, arrival: Arrival) -> UUID:
        """Note what an item says; returns the blind index of its strongest identity."""
        identities = arrival.inbound.identities
        lead = self._see_identity(identities[0] if len(identities) == 1 else strongest(identities), arrival)
        self.leads.add(lead)
        if len(identities) > 1:
            for identity in identities:
                weaker = self._see_identity(identity, arrival)
                if weaker != lead:
                    self._keep_first(self.links, (lead, weaker), arrival)
        for reach in arrival.inbound.reaches:
            self._keep_first(self.reaches, (lead, reach.channel, reach.value), arrival)
        return lead

    def _see_identity(self, identity: Identity, arrival: Arrival) -> UUID:
        blind = self._blinds.get(identity)
        if blind is None:
            blind = self._blinds[identity] = blind_of(self._vault, identity)
            self.identities[blind] = (identity, arrival)
        return blind

    @staticmethod
    def _keep_first(into: dict[Any, Arrival], key: Any, arrival: Arrival) -> None:
        held = into.setdefault(key, arrival)
        if arrival.stamp < held.stamp:
            into[key] = arrival


class Known:
    """Members by workspace and blind index, and links, as far as this worker remembers; may be emptied at any time.

    A member never moves. What makes one disappear (erasure) has to empty this in every worker.
    """

    def __init__(self) -> None:
        self._members: dict[tuple[UUID, UUID], UUID] = {}
        self._links: dict[tuple[UUID, UUID, UUID], bytes] = {}

    def find(self, workspace_id: UUID, blinds: Iterable[UUID]) -> dict[UUID, UUID | None]:
        """Those that are remembered."""
        found = ((blind, self._members.get((workspace_id, blind))) for blind in blinds)
        return {blind: member for blind, member in found if member is not None}

    def note(self, workspace_id: UUID, members: Mapping[UUID, UUID | None]) -> None:
        """Remember; a transaction that fails afterwards has to `clear`."""
        if len(self._members) + len(members) > MEMBERS_MAX:
            self._members.clear()
        for blind, member in members.items():
            if member is not None:
                self._members[workspace_id, blind] = member

    def new_links(
        self, workspace_id: UUID, links: Mapping[tuple[UUID, UUID], Arrival]
    ) -> dict[tuple[UUID, UUID], Arrival]:
        """Those that are not remembered with an earlier stamp; from now on they are."""
        if len(self._links) + len(links) > MEMBERS_MAX:
            self._links.clear()
        fresh = {}
        for (strong, weak), arrival in links.items():
            held = self._links.get((workspace_id, strong, weak))
            if held is None or arrival.stamp < held:
                self._links[workspace_id, strong, weak] = arrival.stamp
                fresh[strong, weak] = arrival
        return fresh

    def clear(self) -> None:
        self._members.clear()
        self._links.clear()
