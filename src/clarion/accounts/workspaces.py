"""Workspaces and their vaults."""

from collections.abc import Awaitable, Callable
from typing import Literal
from uuid import UUID

from msgspec import Struct

from clarion.vault import MasterKey, Vault

Plan = Literal["free", "standard", "premium"]
DeviceTokens = Literal["shape", "fcm", "onesignal"]


class Workspace(Struct, frozen=True, kw_only=True):
    """One tenant. `zone`: IANA name, in which its days are counted. A `test` workspace is never billed or sent from.

    `plan`, `api_allowed`: what some vendors ask of a store before their API may be called.
    `device_tokens`: whose tokens its devices have: told by their shape, or all of one provider.
    """

    workspace_id: UUID
    name: str
    test: bool
    zone: str
    created_at: str
    plan: Plan = "standard"
    api_allowed: bool = True
    device_tokens: DeviceTokens = "shape"


class Vaults:
    """The vaults of workspaces, each unwrapped once."""

    def __init__(self, master: MasterKey, load_wrapped: Callable[[UUID], Awaitable[bytes]]) -> None:
        self._master = master
        self._load_wrapped = load_wrapped
        self._known: dict[UUID, Vault] = {}

    async def of(self, workspace_id: UUID) -> Vault:
        """The workspace's vault. Raises NotFound, Unavailable, Misconfigured (another master key)."""
        vault = self._known.get(workspace_id)
        if vault is None:
            vault = self._master.vault(workspace_id, await self._load_wrapped(workspace_id))
            self._known[workspace_id] = vault
        return vault
