"""The caller's workspace."""

from clarion import accounts
from clarion.api import views
from clarion.api.ports import Call, Nothing


async def show(call: Call, wish: Nothing) -> views.Workspace:
    """The workspace that the token belongs to."""
    async with call.app() as tx:
        return views.workspace(await accounts.read_workspace(tx, call.workspace_id))
