"""The rooms of an installation, opened."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from msgspec import Struct

from clarion import accounts, vault
from clarion.accounts import Vaults
from clarion.app.providers import providers
from clarion.config import Settings
from clarion.db import Addresses, Database, Tx
from clarion.messaging import Provider
from clarion.model import Ids
from clarion.vault import MasterKey


class Rooms(Struct, frozen=True, kw_only=True):
    """An installation's rooms, opened: what commands, routes and workers call."""

    settings: Settings
    database: Database
    master: MasterKey
    vaults: Vaults
    ids: Ids
    providers: Mapping[str, Provider]


@asynccontextmanager
async def rooms(
    settings: Settings, addresses: Addresses, *, app: int = 2, owner: int = 0
) -> AsyncIterator[Rooms]:
    """Open them with pools of at most `app` and `owner` connections. Raises Unavailable, Misconfigured."""
    master = vault.load_master_key(settings.master_key_file)
    database = await Database.open(addresses, app=app, owner=owner)

    async def load_data_key(workspace_id: UUID) -> bytes:
        async with database.app() if app else database.owner() as tx:
            return await accounts.load_data_key(tx, workspace_id)

    def transaction(workspace_id: UUID) -> AbstractAsyncContextManager[Tx]:
        return database.app(workspace_id) if app else database.owner()

    vaults, ids = Vaults(master, load_data_key), Ids(database.now_us)
    try:
        async with providers(settings, transaction, vaults, ids) as carrying:
            yield Rooms(
                settings=settings,
                database=database,
                master=master,
                vaults=vaults,
                ids=ids,
                providers=carrying,
            )
    finally:
        await database.close()
