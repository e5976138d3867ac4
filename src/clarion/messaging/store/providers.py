"""Who carries which channel of a workspace."""

from typing import Any, cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion.db import Tx
from clarion.messaging.configs import DEFAULT, PROVIDERS, Config
from clarion.messaging.port import CHANNELS, Channel
from clarion.messaging.store._queries import Q
from clarion.model import Ids, time_us_of
from clarion.vault import Vault

_NIL = UUID(int=0)


class StoredProvider(Struct, frozen=True, kw_only=True):
    """A channel's provider, its settings open. `changed_us` None: nothing was set, so the default carries it."""

    provider_id: UUID
    channel: Channel
    kind: str
    config: Config
    changed_us: int | None


async def set_provider(
    tx: Tx, workspace_id: UUID, channel: Channel, kind: str, config: Config, *, vault: Vault, ids: Ids
) -> StoredProvider:
    """From now on it carries the channel."""
    provider_id = ids.next()
    sealed = vault.seal(msgspec.json.encode(config), _place(provider_id))
    changed_us = time_us_of(provider_id)
    await tx.execute(Q.set_provider, workspace_id, provider_id, channel, kind, sealed, changed_us)
    return StoredProvider(
        provider_id=provider_id, channel=channel, kind=kind, config=config, changed_us=changed_us
    )


async def find_provider(
    tx: Tx, workspace_id: UUID, channel: Channel, *, vault: Vault
) -> StoredProvider | None:
    """Who carries the channel; None where nobody was set and the mailbox does not carry it either."""
    rows = await tx.fetch(Q.list_providers, workspace_id, channel)
    return _provider(rows[0], vault) if rows else default_provider(channel)


async def list_providers(tx: Tx, workspace_id: UUID, *, vault: Vault) -> list[StoredProvider]:
    """Of every channel that somebody carries."""
    rows = await tx.fetch(Q.list_providers, workspace_id, None)
    found = {row["channel"]: _provider(row, vault) for row in rows}
    return [one for channel in CHANNELS if (one := found.get(channel) or default_provider(channel))]


async def kinds_set(connection: Any) -> set[str]:
    """Which kinds of providers somebody has set, in any workspace."""
    return {row["kind"] for row in await connection.fetch(Q.list_kinds_set)}


def default_provider(channel: Channel) -> StoredProvider | None:
    """What carries a channel of which nothing was set."""
    offer = PROVIDERS[DEFAULT]
    if channel not in offer.channels:
        return None
    return StoredProvider(
        provider_id=_NIL, channel=channel, kind=DEFAULT, config=offer.config(), changed_us=None  # type: ignore[call-arg]
    )  # fmt: skip


def _provider(row: asyncpg.Record, vault: Vault) -> StoredProvider:
    kind: type[Any] = PROVIDERS[row["kind"]].config
    return StoredProvider(
        provider_id=row["provider_id"],
        channel=cast(Channel, row["channel"]),
        kind=row["kind"],
        config=msgspec.json.decode(vault.open(row["sealed"], _place(row["provider_id"])), type=kind),
        changed_us=row["changed_us"],
    )


def _place(provider_id: UUID) -> bytes:
    return b"provider" + provider_id.bytes
