"""Contacts as they are shown, and by what they are asked for."""

from collections.abc import Sequence
from uuid import UUID

from clarion import accounts, errors, model, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik.contacts import mapping, wire
from clarion.model import Identity, IdentityKind
from clarion.profiles import FoundProfile
from clarion.vault import Vault

NOBODY = "Contact with id='{}' not found"


async def by_number(tx: Tx, asked: Asked, number: int) -> UUID:
    """The profile behind a contact id, deleted or not. Raises NotFound."""
    found = await accounts.ids_of_numbers(tx, asked.workspace_id, profiles.PROFILE, [number])
    if number not in found:
        raise errors.NotFound(NOBODY.format(number))
    return found[number]


async def by_external_id(tx: Tx, asked: Asked, external_id: str, vault: Vault) -> FoundProfile:
    """Whom the shop's id finds. Raises NotFound."""
    identity = Identity(IdentityKind.EXTERNAL_ID, asked.credential.namespace, external_id.strip())
    found = await profiles.find_by_identity(tx, asked.workspace_id, identity, vault=vault)
    if found is None or is_gone(found):
        raise errors.NotFound(f"Contact with externalCustomerId='{external_id[:100]}' not found")
    return found


async def person(tx: Tx, asked: Asked, number: int, vault: Vault) -> FoundProfile:
    """The contact with an id. Raises NotFound, also of one that is deleted or erased."""
    profile_id = await by_number(tx, asked, number)
    found = await profiles.read_profile(tx, asked.workspace_id, profile_id, vault=vault)
    if found is None or is_gone(found):
        raise errors.NotFound(NOBODY.format(number))
    return found


def is_gone(found: FoundProfile) -> bool:
    """Deleted, or erased."""
    return not found.identities or found.traits.get(mapping.DELETED) is True


def root_of(found: FoundProfile) -> UUID:
    root = model.parse_id("prf", found.id)
    assert root is not None, "we made it"
    return root


async def number_of(tx: Tx, workspace_id: UUID, root: UUID) -> int:
    """A person's contact id."""
    return (await numbers_of(tx, workspace_id, [root]))[root]


async def numbers_of(tx: Tx, workspace_id: UUID, roots: Sequence[UUID]) -> dict[UUID, int]:
    """Of each person the number of the member that was made first, so that it stays whoever joins them."""
    oldest = await profiles.oldest_of(tx, workspace_id, roots)
    numbers = await accounts.number_of(tx, workspace_id, profiles.PROFILE, list(oldest.values()))
    return {root: numbers[member] for root, member in oldest.items()}


async def show(tx: Tx, asked: Asked, people: Sequence[FoundProfile]) -> list[wire.ShownContact]:
    """As the vendor shows them."""
    roots = [root_of(one) for one in people]
    ids = await numbers_of(tx, asked.workspace_id, roots)
    fields = {one.name: one.number for one in await profiles.list_traits(tx, asked.workspace_id)}
    groups = await groups_of(tx, asked.workspace_id, roots)
    namespace = asked.credential.namespace
    return [
        mapping.shown(one, ids[root], fields, groups[root], namespace)
        for one, root in zip(people, roots, strict=True)
    ]


async def groups_of(tx: Tx, workspace_id: UUID, roots: Sequence[UUID]) -> dict[UUID, list[wire.ShownGroup]]:
    """The lists that people are on, as groups."""
    lists = await profiles.lists_of(tx, workspace_id, roots)
    wanted = list({list_id for found in lists.values() for list_id, _ in found})
    numbers = await accounts.number_of(tx, workspace_id, profiles.LIST, wanted)
    return {
        root: [wire.ShownGroup(numbers[list_id], name) for list_id, name in found]
        for root, found in lists.items()
    }
