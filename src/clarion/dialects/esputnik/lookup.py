"""What a caller's words stand for in its workspace: contact ids, times without an offset."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from clarion import accounts, profiles
from clarion.db import Tx
from clarion.dialects import _asked
from clarion.dialects._door import Store
from clarion.model import Identity
from clarion.vault import Vault


async def identities_of(
    tx: Tx, workspace_id: UUID, numbers: Sequence[int], *, vault: Vault
) -> Mapping[int, Identity]:
    """By what the profiles behind contact ids are found; of an unknown id nothing."""
    found = await accounts.ids_of_numbers(tx, workspace_id, profiles.PROFILE, numbers)
    leads = await profiles.leads_of(tx, workspace_id, list(found.values()), vault=vault)
    return {number: leads[profile_id] for number, profile_id in found.items() if profile_id in leads}


async def zone_of(store: Store, workspace_id: UUID) -> tzinfo:
    """In which the workspace counts its days. Raises Unavailable."""
    workspace = await _asked.transact(
        store, workspace_id, lambda tx: accounts.read_workspace(tx, workspace_id)
    )
    return ZoneInfo(workspace.zone)
