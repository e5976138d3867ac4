"""What is done about events: who hears of them, and who plans the messages that automations ask for."""

from collections.abc import Callable, Sequence
from uuid import UUID

from clarion import automations, errors
from clarion.automations import Send, Templates
from clarion.db import Tx
from clarion.events import Listener


def listeners(now_us: Callable[[], int]) -> Sequence[Listener]:
    """Who is told what came onto the timeline, in this order, in its transaction."""
    return (automations.Triggers(now_us),)


async def plan(tx: Tx, workspace_id: UUID, sends: Sequence[Send]) -> None:
    """Nobody plans messages yet; what sends one cannot be published, so this is never reached."""
    raise errors.Misconfigured("this version sends no messages")


async def templates(tx: Tx, workspace_id: UUID) -> Templates:
    """The templates of a workspace, by name and number: none yet."""
    return {}
