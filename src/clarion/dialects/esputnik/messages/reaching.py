"""Recipients become people and addresses: contacts are found, and made of addresses that are nobody's."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from clarion import accounts, events, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik.contacts.mapping import DELETED
from clarion.dialects.esputnik.contacts.reading import NOBODY
from clarion.dialects.esputnik.messages.mapping import Refused, Wanted
from clarion.messaging import Channel
from clarion.model import Identity, IdentityKind
from clarion.vault import Vault


class Reached(Struct, frozen=True):
    """To whom a message goes, and where. `locator`: the address as the caller gave it, or that of the contact."""

    wanted: Wanted
    locator: str
    address: str
    profile_id: UUID


async def reach(
    tx: Tx, asked: Asked, channel: Channel, wanted: Sequence[Wanted | Refused], vault: Vault
) -> list[Reached | Refused]:
    """Each recipient's person and address, in their order; who is named by an id that is nobody's is refused."""
    named = [one.contact for one in wanted if isinstance(one, Wanted) and one.contact is not None]
    contacts = await _contacts(tx, asked.workspace_id, named, channel, vault) if named else {}
    owned = await _owners(tx, asked, channel, wanted, vault)
    return [one if isinstance(one, Refused) else _reached(one, channel, contacts, owned) for one in wanted]


def _reached(
    one: Wanted,
    channel: Channel,
    contacts: dict[int, tuple[UUID, str | None]],
    owned: dict[Identity, UUID],
) -> Reached | Refused:
    if one.contact is None:
        assert one.address is not None, "one of the two is given"
        return Reached(one, one.locator, one.address, owned[_identity(channel, one.address)])
    if one.contact not in contacts:
        return Refused(one.locator, NOBODY.format(one.contact))
    root, own = contacts[one.contact]
    address = one.address or own
    if address is None:
        what = "email" if channel == "email" else "phone"
        return Refused(one.locator, f"Contact with id='{one.contact}' has no {what}")
    return Reached(one, one.locator or address, address, root)


async def _contacts(
    tx: Tx, workspace_id: UUID, numbers: Sequence[int], channel: Channel, vault: Vault
) -> dict[int, tuple[UUID, str | None]]:
    """The persons behind contact ids, and where they are reached; without those who are deleted or erased."""
    ids = await accounts.ids_of_numbers(tx, workspace_id, profiles.PROFILE, numbers)
    kin = await profiles.kin_of(tx, workspace_id, ids.values(), vault=vault)
    there = {
        number: kin[member].root_id
        for number, member in ids.items()
        if member in kin and kin[member].traits.get(DELETED) is not True
    }
    kind = "email" if channel == "email" else "sms"
    reached = await profiles.newest_addresses(tx, workspace_id, list(there.values()), kind, vault=vault)
    return {number: (root, reached.get(root)) for number, root in there.items()}


async def _owners(
    tx: Tx, asked: Asked, channel: Channel, wanted: Sequence[Wanted | Refused], vault: Vault
) -> dict[Identity, UUID]:
    """Whose the addresses are; contacts are made of those that are nobody's."""
    identities = {
        _identity(channel, one.address): None
        for one in wanted
        if isinstance(one, Wanted) and one.contact is None and one.address is not None
    }
    found = await profiles.find_reached(tx, asked.workspace_id, list(identities), vault=vault)
    strangers = [one for one in identities if one not in found]
    if strangers:
        found |= await events.meet_people(tx, asked.workspace_id, strangers, vault=vault, ids=asked.store.ids)
    return found


def _identity(channel: Channel, address: str) -> Identity:
    return Identity(IdentityKind.EMAIL if channel == "email" else IdentityKind.PHONE, "", address)
