"""People as they are shown, opened."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import model
from clarion.db import Tx
from clarion.model import Identity, IdentityKind
from clarion.profiles.devices import StoredDevice
from clarion.profiles.identities import blind_of
from clarion.profiles.store._queries import Q
from clarion.profiles.store.devices import list_devices
from clarion.profiles.store.traits import open_traits
from clarion.vault import Vault


class FoundProfile(Struct, frozen=True, kw_only=True):
    """A person, opened: what the root and its members hold together."""

    id: str
    created_at: str
    traits: dict[str, Any]
    identities: list[dict[str, str]]
    addresses: list[dict[str, Any]]
    members: list[str]
    devices: list[StoredDevice] = []


class StoredChange(Struct, frozen=True, kw_only=True):
    """One line of a profile's history. `refused`: the value was not taken, and why."""

    what: str
    value: Any
    at: str
    cause: str
    refused: str | None = None


async def find_by_identity(
    tx: Tx, workspace_id: UUID, identity: Identity, *, vault: Vault
) -> FoundProfile | None:
    """The person whom an identity finds."""
    root_id = await tx.fetchval(Q.find_root, workspace_id, blind_of(vault, identity))
    return await read_profile(tx, workspace_id, root_id, vault=vault) if root_id else None


async def read_profile(tx: Tx, workspace_id: UUID, profile_id: UUID, *, vault: Vault) -> FoundProfile | None:
    """A person by the id of any member."""
    rows = await tx.fetch(Q.read_members, workspace_id, profile_id)
    if not rows:
        return None
    root_id = rows[0]["root_id"]
    members = [row["profile_id"] for row in rows]
    root = next(row for row in rows if row["profile_id"] == root_id)
    held, sealed = ("fold_traits", "fold_sealed") if root["fold_traits"] is not None else ("traits", "sealed")
    traits = msgspec.json.decode(root[held]) | open_traits(vault, root_id, root[sealed])
    identities = await tx.fetch(Q.list_identities, workspace_id, root_id)
    addresses = await tx.fetch(Q.list_addresses, workspace_id, members)
    return FoundProfile(
        id=model.show_id("prf", root_id),
        created_at=_iso(min(row["created_us"] for row in rows)),
        traits=dict(sorted(traits.items())),
        identities=[_shown_identity(row, vault) for row in identities],
        addresses=[_shown_address(row, vault) for row in addresses],
        members=[model.show_id("prf", member) for member in members],
        devices=await list_devices(tx, workspace_id, members, vault=vault),
    )


async def history(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], *, vault: Vault, limit: int
) -> list[StoredChange]:
    """What changed, newest first."""
    rows = await tx.fetch(Q.list_changes, workspace_id, profile_ids, limit)
    return [
        StoredChange(
            what=row["what"],
            value=_change_value(row, vault),
            at=_iso(row["stamp_us"]),
            cause=row["cause"],
            refused=row["refused"],
        )
        for row in rows
    ]


def _change_value(row: asyncpg.Record, vault: Vault) -> Any:
    if row["sealed"] is not None:
        return msgspec.msgpack.decode(vault.open(row["sealed"], b"change" + row["change_id"].bytes))
    return None if row["value"] is None else msgspec.json.decode(row["value"])


def _shown_identity(row: asyncpg.Record, vault: Vault) -> dict[str, str]:
    value = vault.open(row["sealed"], b"identity" + row["blind"].bytes).decode()
    return {"kind": IdentityKind(row["kind"]).name.lower(), "namespace": row["namespace"], "value": value}


def _shown_address(row: asyncpg.Record, vault: Vault) -> dict[str, Any]:
    value = vault.open(row["sealed"], b"address" + row["blind"].bytes).decode()
    return {"channel": row["channel"], "value": value, "irregular": row["irregular"]}


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).isoformat()
