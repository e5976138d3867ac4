"""What a caller's contact ids stand for in its workspace."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from clarion import accounts, profiles
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
