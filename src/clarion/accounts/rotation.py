"""The master key is changed: every workspace's data key gets a new wrapping, while the installation serves."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from clarion import vault
from clarion.accounts import store
from clarion.db import Database
from clarion.vault import MasterKey

_STILL_THERE_EVERY = 1_000

Said = Callable[[str, int, int], None]


class Wrappings(Struct, frozen=True, kw_only=True):
    """`key`: fingerprint of the key that wraps; `workspaces` are how many each key opens, by fingerprint."""

    key: str
    workspaces: dict[str, int]
    unopened: int


async def rotate(database: Database, key_file: Path, say: Said) -> Wrappings:
    """Make a new master key, wrap every data key by it, and drop the old one.

    Whenever this is cut off, the key file opens everything, and calling it again goes on. `say` is told each step:
    its name, how many of how many.
    """
    async with database.app() as guard:
        await store.lock_keys(guard)
        master = vault.begin_rotation(key_file)
        say("keys", 0, 0)
        async with database.app() as tx:
            wrapped = await store.list_data_keys(tx)
        for done, (workspace_id, data_key) in enumerate(wrapped.items(), 1):
            async with database.app() as tx:
                await store.replace_data_key(tx, workspace_id, master.rewrapped(workspace_id, data_key))
            if done % _STILL_THERE_EVERY == 0:
                await store.lock_keys(guard)  # held already; a transaction that says nothing would be ended
            say("wrapped", done, len(wrapped))
        master = vault.end_rotation(key_file)
        say("done", len(wrapped), len(wrapped))
    return await wrappings(database, master)


async def wrappings(database: Database, master: MasterKey) -> Wrappings:
    """Which key wraps how many workspaces."""
    async with database.app() as tx:
        wrapped = await store.list_data_keys(tx)
    by = Counter(master.wrapped_by(workspace_id, data_key) for workspace_id, data_key in wrapped.items())
    return Wrappings(
        key=master.fingerprints[0],
        workspaces={name: by[name] for name in master.fingerprints},
        unopened=by[None],
    )
