"""Events on the timeline."""

from msgspec import Struct

from clarion import events
from clarion.api import views
from clarion.api.nouns._fields import Before, Limit, Text
from clarion.api.ports import Call, id_before, id_of
from clarion.events import StoredEvent, Which


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of events, of one metric or all. A profile's events are asked of the profile."""

    metric: Text | None = None
    limit: Limit = 50
    before: Before | None = None


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One event by its id."""

    event_id: str


async def list_page(call: Call, wish: List) -> views.EventPage:
    """The workspace's events, newest received first."""
    vault = await call.vault()
    before = id_before(views.EVENT, wish.before, "event")
    async with call.app() as tx:
        found = await events.list_events(
            tx, call.workspace_id, Which(metric=wish.metric, before=before),
            vault=vault, now_us=call.ports.database.now_us(), limit=wish.limit + 1,
        )  # fmt: skip
    return views.event_page(found, wish.limit)


async def show(call: Call, wish: One) -> StoredEvent:
    """One event."""
    vault = await call.vault()
    async with call.app() as tx:
        return await events.read_event(
            tx, call.workspace_id, id_of(views.EVENT, wish.event_id, "event"), vault=vault
        )
