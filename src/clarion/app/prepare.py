"""What must be there before anything is served."""

import shlex

from msgspec import Struct

from clarion import accounts, db, errors, vault
from clarion.accounts import Credential, NewCredential, Workspace
from clarion.app.rooms import Rooms, rooms
from clarion.config import Settings
from clarion.db import Addresses, Database, instance
from clarion.dialects import DIALECTS

DEMO = "demo"


class Example(Struct, frozen=True, kw_only=True):
    """Something to try: a command line that works as it stands, and where its key is shown."""

    dialect: str
    curl: str
    key: str


class Prepared(Struct, frozen=True, kw_only=True):
    """What was done (sentences for the log) and what the banner shows; why nothing is sent, if so."""

    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()
    acting_paused: str | None = None


async def prepare(settings: Settings, addresses: Addresses) -> Prepared:
    """Make what is missing: the schema, the master key, the workspace `demo` and a credential per dialect."""
    if settings.database_url is not None:
        await db.ensure_roles(settings.database_url)
    applied = await db.migrate(addresses.owner)
    notes = [f"applied {name}" for name in applied]
    paused = await instance.check(addresses.owner, settings.data, shared=settings.database_url is not None)
    if paused is not None:
        notes.append(f"acting is paused, nothing is sent: {paused}; `clarion acting resume` ends it")
    if await _make_master_key(settings, addresses):
        notes.append(f"made the master key {settings.master_key_file}; keep a copy of it apart from the data")
    async with rooms(settings, addresses) as opened:
        demo = await _demo(opened)
        if demo is None:
            return Prepared(notes=tuple(notes), acting_paused=paused)
        made = [await _demo_credential(opened, demo, dialect) for dialect in DIALECTS]
    examples = tuple(_example(settings, new) for new in made if new is not None)
    return Prepared(examples=examples, notes=tuple(notes), acting_paused=paused)


async def _make_master_key(settings: Settings, addresses: Addresses) -> bool:
    """Only for a database that has nothing sealed yet; elsewhere its key must be put back."""
    if settings.master_key_file.exists():
        return False
    database = await Database.open(addresses, app=1)
    try:
        async with database.app() as tx:
            if await accounts.list_workspaces(tx):
                raise errors.Misconfigured(
                    f"the master key {settings.master_key_file} is missing, and this database holds data that only "
                    "it opens: put it back from your copy"
                )
    finally:
        await database.close()
    vault.make_master_key(settings.master_key_file)
    return True


async def _demo(opened: Rooms) -> Workspace | None:
    """The workspace `demo`: made in an empty installation, gone when somebody took it away."""
    async with opened.database.app() as tx:
        workspaces = await accounts.list_workspaces(tx)
        if not workspaces:
            return await accounts.create_workspace(tx, DEMO, ids=opened.ids, master=opened.master)
    return next((workspace for workspace in workspaces if workspace.name == DEMO), None)


async def _demo_credential(opened: Rooms, demo: Workspace, dialect: str) -> NewCredential | None:
    """The demo's credential for a dialect, made at the first start that knows it; None when it was revoked."""
    opener = await opened.vaults.of(demo.workspace_id)
    async with opened.database.app(demo.workspace_id) as tx:
        for credential in await accounts.list_credentials(tx, demo.workspace_id):
            if credential.dialect == dialect and credential.label == DEMO:
                return None if credential.revoked else await _reveal(tx, opened, credential)
        return await accounts.create_credential(
            tx, demo.workspace_id, dialect, DIALECTS[dialect].form, ids=opened.ids, vault=opener, label=DEMO
        )


async def _reveal(tx: db.Tx, opened: Rooms, credential: Credential) -> NewCredential:
    opener = await opened.vaults.of(credential.workspace_id)
    return await accounts.reveal_credential(
        tx, credential.workspace_id, credential.credential_id, ids=opened.ids, vault=opener, actor="serve"
    )


def _example(settings: Settings, new: NewCredential) -> Example:
    """A command line that works as it stands."""
    dialect = new.credential.dialect
    return Example(
        dialect=dialect,
        curl=DIALECTS[dialect].curl(settings.base_url, new.secret),
        key=f"./run credential list --workspace {DEMO} --data {shlex.quote(str(settings.data))}",
    )
