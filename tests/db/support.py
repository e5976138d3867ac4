"""Words for tests of the events room: offers, and what the tables say afterwards."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from clarion import events
from clarion.db import Database
from clarion.events import StoredEvent
from clarion.events.ledger import total
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, Source

DAY_S = 86_400


def email(value: str = "ann@example.com") -> Identity:
    return Identity(IdentityKind.EMAIL, "", value)


def event(name: str = "user.signup", *, who: str = "ann@example.com", **fields: Any) -> Event:
    fields.setdefault("occurred_at_us", time.time_ns() // 1000)
    return Event(name=name, identities=(email(who),), **fields)


def windowed(key: str, **fields: Any) -> Offer:
    """Known for 24 hours, as SMASHSEND's."""
    return Offer(event(**fields), Dedup(Mode.ONCE, key, window_s=DAY_S))


def overriding(key: str, **fields: Any) -> Offer:
    """Created or overridden by id, as Yotpo's."""
    return Offer(event(**fields), Dedup(Mode.OVERRIDE, key))


async def timeline(database: Database, tenant: Any) -> list[StoredEvent]:
    async with database.app(tenant.workspace_id) as tx:
        return await events.list_events(
            tx,
            tenant.workspace_id,
            events.Which(),
            vault=tenant.vault,
            now_us=database.now_us(),
            limit=1_000_000,
        )


async def mismatches(database: Database, workspace_id: UUID) -> list[Any]:
    async with database.owner() as tx:
        return (await events.verify_ledger(tx, workspace_id))[1]


async def ledger_total(database: Database, workspace_id: UUID) -> Any:
    async with database.owner() as tx:
        return total(await events.read_ledger(tx, workspace_id))


__all__ = ["Source"]


@asynccontextmanager
async def failing(database: Database, workspace_id: UUID, table: str, sqlstate: str) -> AsyncIterator[None]:
    """For as long as this lasts a workspace's rows cannot be written to a table, and PostgreSQL says why."""
    async with database.owner() as tx:
        await tx.execute(
            f"""CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'for a test' USING ERRCODE = '{sqlstate}'; END $$;
            CREATE TRIGGER failing BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW
            WHEN (NEW.workspace_id = '{workspace_id}') EXECUTE FUNCTION failing()"""
        )
    try:
        yield
    finally:
        async with database.owner() as tx:
            await tx.execute(f"DROP TRIGGER failing ON {table}; DROP FUNCTION failing()")
