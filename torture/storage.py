"""What the server holds, read through its own rooms beside it, in the oracle's words."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from clarion import accounts, config, errors, events, model, profiles
from clarion.app import Rooms, rooms
from clarion.db import Tx
from clarion.db.engine import attach
from clarion.dialects import DIALECTS
from clarion.events.journal import unpack_item
from clarion.model import Event
from clarion.vault import Vault
from torture.oracle import Place, Stored

_ALL = 1 << 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A workspace made for a run, and the key of its door."""

    workspace_id: UUID
    name: str
    key: str


@dataclass(slots=True)
class Holdings:
    """All that some workspaces hold. `mismatches`: what the ledger contradicts; `counted`: rows by plain SQL."""

    stored: list[Stored]
    quarantined: list[Place]
    mismatches: list[str]
    counted: int
    ledger_accepted: int


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Rooms]:
    """The rooms of the server that runs on this folder."""
    settings = config.load({"data": data}, environ={}).settings
    async with rooms(settings, attach(data).addresses(), app=2, owner=2) as found:
        yield found


async def make_tenants(
    data: Path, names: Sequence[str], door: str = "smashsend", *, rate: int = 0
) -> list[Tenant]:
    """New workspaces, each with a key of `rate` requests a minute and bucket; 0 is no limit."""
    made = []
    dialect = DIALECTS[door]
    async with opened(data) as place:
        for name in names:
            async with place.database.app() as tx:
                workspace = await accounts.create_workspace(tx, name, ids=place.ids, master=place.master)
            workspace_id = workspace.workspace_id
            vault = await place.vaults.of(workspace_id)
            async with place.database.app(workspace_id) as tx:
                new = await accounts.create_credential(
                    tx, workspace_id, door, dialect.form, ids=place.ids, vault=vault
                )
                await accounts.set_rate(tx, workspace_id, door, dict.fromkeys(dialect.buckets, rate))
            made.append(Tenant(workspace_id, name, new.secret))
    return made


async def read(data: Path, tenants: Sequence[Tenant]) -> Holdings:
    """Everything of these workspaces."""
    held = Holdings([], [], [], 0, 0)
    async with opened(data) as place:
        for tenant in tenants:
            vault = await place.vaults.of(tenant.workspace_id)
            async with place.database.owner_connection() as tx, tx.transaction(isolation="repeatable_read"):
                await _read_tenant(tx, tenant, vault, held)
    return held


async def _read_tenant(tx: Tx, tenant: Tenant, vault: Vault, held: Holdings) -> None:
    shown = [
        event
        async for event in events.stream_events(
            tx, tenant.workspace_id, events.Which(), vault=vault, limit=_ALL
        )
    ]
    people = {
        profile_id: await _email(tx, tenant.workspace_id, profile_id, vault)
        for profile_id in {event.profile_id for event in shown}
    }
    for event in shown:
        held.stored.append(
            Stored(
                tenant.name,
                _number(event.properties),
                event.name,
                people[event.profile_id],
                (datetime.fromisoformat(event.occurred_at) - _EPOCH) // timedelta(microseconds=1),
                event.properties,
            )
        )
    for item in await events.list_quarantine(tx, tenant.workspace_id, limit=1_000_000):
        inbound = unpack_item(vault, item.quarantine_id, item.payload) if item.ordinal is not None else None
        number = _number(inbound.properties) if isinstance(inbound, Event) else None
        held.quarantined.append((tenant.name, -1 if number is None else number))
    lines, mismatches = await events.verify_ledger(tx, tenant.workspace_id)
    held.mismatches += [f"{tenant.name}: {mismatch}" for mismatch in mismatches]
    held.ledger_accepted += sum(line.accepted for line in lines)
    held.counted += await tx.fetchval(
        "SELECT count(*) FROM event WHERE workspace_id = $1", tenant.workspace_id
    )


async def _email(tx: Tx, workspace_id: UUID, shown_id: str, vault: Vault) -> str:
    """The e-mails by which a person is found; one, when nothing went wrong."""
    profile_id = model.parse_id("prf", shown_id)
    assert profile_id is not None, "a profile's id is shown as prf_…"
    person = await profiles.read_profile(tx, workspace_id, profile_id, vault=vault)
    if person is None:
        return f"nobody, but {shown_id}"
    return " and ".join(identity["value"] for identity in person.identities)


def _number(properties: dict[str, object]) -> int | None:
    number = properties.get("n")
    return number if isinstance(number, int) else None


async def read_leases(data: Path, tenants: Sequence[Tenant]) -> list[str]:
    """The leases of these workspaces' lanes, by their tokens; none where the database is away."""
    try:
        async with opened(data) as place, place.database.owner() as tx:
            rows = await tx.fetch(
                "SELECT token FROM lane "
                "WHERE workspace_id = ANY($1::uuid[]) AND token IS NOT NULL AND leased_until > now()",
                [tenant.workspace_id for tenant in tenants],
            )
    except errors.Unavailable:
        return []
    return [str(row["token"]) for row in rows]
