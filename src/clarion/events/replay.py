"""A period of the timeline, offered again under its old ids. The timeline is the record; the journal an inbox."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

from clarion.db import Tx
from clarion.events.reading import StoredEvent, stream_events
from clarion.events.store import Which
from clarion.vault import Vault

Handler = Callable[[StoredEvent], Awaitable[None]]

#: Who is offered replayed events. Nobody yet: segments and triggers stand here once they exist. A handler must be
#: harmless when it has seen the event before; the event's id is the one it came under.
HANDLERS: Sequence[Handler] = ()

_NO_LIMIT = 1 << 62


async def replay(
    tx: Tx, workspace_id: UUID, which: Which, *, vault: Vault, handlers: Sequence[Handler] = HANDLERS
) -> AsyncIterator[StoredEvent]:
    """Offer each event to each handler, newest received first; yields what was offered. Stores nothing itself."""
    async for event in stream_events(tx, workspace_id, which, vault=vault, limit=_NO_LIMIT):
        for handler in handlers:
            await handler(event)
        yield event
