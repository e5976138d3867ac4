"""The caller's workspace."""

from msgspec import Struct

from clarion import accounts
from clarion.accounts import DeviceTokens, Plan
from clarion.api import views
from clarion.api.ports import Call, Nothing


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What vendors ask of a store before their API may be called; what is left out stays.

    `device_tokens`: whose tokens devices have: told by their shape, or all of one provider.
    """

    plan: Plan | None = None
    api_allowed: bool | None = None
    device_tokens: DeviceTokens | None = None


async def show(call: Call, wish: Nothing) -> views.Workspace:
    """The workspace that the token belongs to."""
    async with call.app() as tx:
        return views.workspace(await accounts.read_workspace(tx, call.workspace_id))


async def change(call: Call, wish: Change) -> views.Workspace:
    """Change the plan or the place on the allow-list, which some doors ask for, or whose tokens devices have."""
    async with call.app() as tx:
        changed = await accounts.set_workspace(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor,
            plan=wish.plan, api_allowed=wish.api_allowed, device_tokens=wish.device_tokens,
        )  # fmt: skip
        return views.workspace(changed)
