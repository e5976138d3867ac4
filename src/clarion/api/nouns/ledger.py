"""The ledger: what became of every item, and whether that is true."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

from clarion import errors, events
from clarion.api import views
from clarion.api.ports import Call

MINUTES_MAX = 31 * 24 * 60
_MINUTE_US = 60_000_000


class Show(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period that ends now: so many minutes (60, unless said), or since a time. `verify`: count again."""

    minutes: Annotated[int, Meta(ge=1, le=MINUTES_MAX)] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    verify: bool = False


async def show(call: Call, wish: Show) -> views.Ledger:
    """The ledger's minutes and their total; with `verify`, where they differ from what is stored."""
    if wish.minutes is not None and wish.since is not None:
        raise errors.Invalid("give minutes or since, not both")
    now_us = call.ports.database.now_us()
    since_us = now_us - (wish.minutes or 60) * _MINUTE_US
    if wish.since is not None:
        since_us = time_us(wish.since)
        if since_us < now_us - MINUTES_MAX * _MINUTE_US:
            raise errors.Invalid("since may lie 31 days back at most")
    return await read(call, since_us, verify=wish.verify)


async def read(call: Call, since_us: int, *, verify: bool) -> views.Ledger:
    """The same since any time (microseconds since 1970). Whole minutes: a half one could not be counted again."""
    since_us = max(0, since_us // _MINUTE_US * _MINUTE_US)
    if verify:
        async with call.snapshot() as tx:
            lines, mismatches = await events.verify_ledger(tx, call.workspace_id, since_us=since_us)
    else:
        async with call.app() as tx:
            lines = await events.read_ledger(tx, call.workspace_id, since_us=since_us)
        mismatches = [mismatch for line in lines for mismatch in events.inner_mismatches(line)]
    return views.ledger(lines, mismatches, verified=verify)


def time_us(time: datetime) -> int:
    """Microseconds since 1970; a time without an offset is UTC."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1_000_000)
