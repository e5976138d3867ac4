"""Devices: whose they are, whether they may be pushed to, and what takes a token's place."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion import accounts
from clarion.db import Tx
from clarion.model import Device, IdentityKind, Ids
from clarion.profiles.devices import StoredDevice, kind_of
from clarion.profiles.store._queries import Q
from clarion.profiles.store.finding import leads_of
from clarion.vault import Vault


class SeenDevice(Struct, frozen=True, gc=False):
    """A device that an item told of, the member for whom the item was written, and its stamp."""

    device: Device
    profile_id: UUID
    stamp_us: int
    item_id: UUID

    @property
    def stamp(self) -> tuple[int, UUID]:
        return self.stamp_us, self.item_id


async def put_devices(
    tx: Tx, workspace_id: UUID, seen: Iterable[SeenDevice], *, vault: Vault, ids: Ids, cause: str
) -> None:
    """Keep what the newest item says of each device; a permission that changed goes to the log of changes."""
    newest: dict[UUID, SeenDevice] = {}
    for one in seen:
        blind = blind_of_token(vault, one.device.token)
        if blind not in newest or newest[blind].stamp < one.stamp:
            newest[blind] = one
    if not newest:
        return
    rows = await tx.fetch(Q.lock_devices, workspace_id, list(newest))
    held = {row["blind"]: row for row in rows}
    fresh = [
        (blind, one)
        for blind, one in sorted(newest.items(), key=lambda pair: pair[0].bytes)
        if blind not in held or (held[blind]["stamp_us"], held[blind]["stamp_id"]) < one.stamp
    ]
    if not fresh:
        return
    await _put(tx, workspace_id, fresh, vault=vault)
    changed = [
        one for blind, one in fresh
        if blind not in held or held[blind]["may_push"] is not one.device.may_push
    ]  # fmt: skip
    await _log_permissions(tx, workspace_id, changed, ids=ids, cause=cause)


async def list_devices(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], *, vault: Vault
) -> list[StoredDevice]:
    """Those of some members, the one that was seen last first."""
    rows = await tx.fetch(Q.list_devices, workspace_id, profile_ids)
    if not rows:
        return []
    whose = (await accounts.read_workspace(tx, workspace_id)).device_tokens
    return [_shown(row, whose, vault) for row in rows]


async def find_device(tx: Tx, workspace_id: UUID, token: str, *, vault: Vault) -> "FoundDevice | None":
    """The device that has a token, or had it before another took its place."""
    row = await tx.fetchrow(Q.find_device, workspace_id, blind_of_token(vault, token))
    if row is None:
        return None
    leads = await leads_of(tx, workspace_id, [row["profile_id"]], vault=vault)
    anybody = all(lead.kind is IdentityKind.ANONYMOUS_ID for lead in leads.values())
    device = Device(token, *(row[name] for name in Device.__struct_fields__[1:]))
    return FoundDevice(row["blind"], device, row["profile_id"], row["root_id"], row["successor"], anybody)


class FoundDevice(Struct, frozen=True):
    """A device and whose it is. `anybody`: of the person nothing is known by which they could be told from others."""

    blind: UUID
    device: Device
    profile_id: UUID
    root_id: UUID
    successor: UUID | None
    anybody: bool


async def replace_token(
    tx: Tx,
    workspace_id: UUID,
    old: FoundDevice,
    new: Device,
    profile_id: UUID,
    *,
    vault: Vault,
    ids: Ids,
    now_us: int,
) -> None:
    """`new` takes the place of `old`, for a member. It never loses to what is stored."""
    blind = blind_of_token(vault, new.token)
    rows = await tx.fetch(Q.lock_devices, workspace_id, [old.blind, blind])
    stamp = max(now_us, *(row["stamp_us"] + 1 for row in rows)), ids.next()
    await _put(tx, workspace_id, [(blind, SeenDevice(new, profile_id, *stamp))], vault=vault)
    await tx.execute(Q.replace_device, workspace_id, old.blind, blind, *stamp)


def blind_of_token(vault: Vault, token: str) -> UUID:
    return vault.blind("device", token)


async def _put(tx: Tx, workspace_id: UUID, fresh: Sequence[tuple[UUID, SeenDevice]], *, vault: Vault) -> None:
    devices = [one.device for _, one in fresh]
    await tx.execute(
        Q.put_devices,
        workspace_id,
        [blind for blind, _ in fresh],
        [one.profile_id for _, one in fresh],
        [kind_of(device.token) for device in devices],
        [device.platform for device in devices],
        [device.may_push for device in devices],
        [device.language for device in devices],
        [device.country for device in devices],
        [device.timezone for device in devices],
        [vault.seal(one.device.token.encode(), _place(blind)) for blind, one in fresh],
        [one.stamp_us for _, one in fresh],
        [one.item_id for _, one in fresh],
    )


async def _log_permissions(
    tx: Tx, workspace_id: UUID, changed: Sequence[SeenDevice], *, ids: Ids, cause: str
) -> None:
    if not changed:
        return
    await tx.execute(
        Q.insert_changes,
        workspace_id,
        [one.profile_id for one in changed],
        ids.many(len(changed)),
        [f"push:{one.device.platform}" for one in changed],
        ["true" if one.device.may_push else "false" for one in changed],
        [None] * len(changed),
        [one.stamp_us for one in changed],
        [one.item_id for one in changed],
        cause,
        [None] * len(changed),
    )


def _shown(row: asyncpg.Record, whose: str, vault: Vault) -> StoredDevice:
    return StoredDevice(
        token=vault.open(row["sealed"], _place(row["blind"])).decode(),
        token_kind=row["kind"] if whose == "shape" else whose,  # type: ignore[arg-type]  # the table's check
        platform=row["platform"],
        may_push=row["may_push"],
        language=row["language"],
        country=row["country"],
        timezone=row["timezone"],
        replaced=row["successor"] is not None,
        last_seen=datetime.fromtimestamp(row["stamp_us"] / 1_000_000, UTC).isoformat(),
    )


def _place(blind: UUID) -> bytes:
    return b"device" + blind.bytes
