"""What a caller's numbers, of contacts above all, stand for in its workspace."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from clarion import accounts, errors, profiles
from clarion.db import Tx
from clarion.model import Identity
from clarion.vault import Vault


async def identities_of(
    tx: Tx, workspace_id: UUID, numbers: Sequence[int], *, vault: Vault
) -> Mapping[int, Identity]:
    """By what the profiles behind contact ids are found; of an unknown id nothing."""
    found = await accounts.ids_of_numbers(tx, workspace_id, profiles.PROFILE, numbers)
    leads = await profiles.leads_of(tx, workspace_id, list(found.values()), vault=vault)
    return {number: leads[profile_id] for number, profile_id in found.items() if profile_id in leads}


def number(text: str, noun: str) -> int:
    """A contact's or another number in a path. Raises NotFound: what is no number names nothing."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise errors.NotFound(f"{noun} with id='{text[:20]}' not found")
    return int(text)
