"""A period of the timeline, offered again under its old ids. The timeline is the record; the journal an inbox."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from uuid import UUID

from clarion.db import Tx
from clarion.events.reading import StoredEvent, stream_events
from clarion.events.store import Which
from clarion.vault import Vault

#: Hears of a replayed event.
Handler = Callable[[StoredEvent], Awaitable[None]]

_NO_LIMIT = 1 << 62


async def replay(
    tx: Tx, workspace_id: UUID, which: Which, *, vault: Vault, handlers: Sequence[Handler] = ()
) -> AsyncIterator[StoredEvent]:
    """Offer each event to each handler, newest received first; yields what was offered. Stores nothing itself.

    A handler must be harmless when it has seen the event before; the event's id is the one it came under.
    """
    async for event in stream_events(tx, workspace_id, which, vault=vault, limit=_NO_LIMIT):
        for handler in handlers:
            await handler(event)
        yield event
