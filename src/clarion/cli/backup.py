"""`clarion backup`: of the embedded database, while it serves."""

import asyncio
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from msgspec.structs import replace

from clarion import __version__, accounts, db, errors, events, vault
from clarion import app as rooms_of
from clarion.cli._call import example
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show_one
from clarion.config import Settings
from clarion.db.engine import backup, borrowed

app = App(name="backup", help="Backups of the embedded database: create, verify, restore.")

_OWN = """\
this installation uses a PostgreSQL of yours: back that up with its own tools, for example
  pg_dump --format=custom --file=clarion.dump "$CLARION_DATABASE_URL"
and put it back with pg_restore; keep the master key {key} apart from it"""
KeyFile = Annotated[Path | None, Parameter(name="--master-key", help="Where your copy of the master key is.")]


@app.command
def create(file: Path | None = None, *, place: Place = HERE, json: Json = False) -> None:
    """Write a backup, while serving; without FILE into the folder `backups` of the data folder."""
    settings = _embedded(place)
    key = vault.load_master_key(settings.master_key_file).fingerprints[0]
    file = file or settings.data / "backups" / f"clarion-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
    with borrowed(settings.data, command="backup create", user=settings.engine_user) as connection:
        made = asyncio.run(
            backup.create(connection, file, version=__version__, master_key=key, progress=_progress(json))
        )
    show_one({"file": file} | msgspec.structs.asdict(made), json=json)
    if not json:
        print(f"\nThe master key is NOT in it: {settings.master_key_file} (fingerprint {key}).")
        print("Keep a copy of that file somewhere else: without it nobody can read this backup.")


@app.command
def restore(file: Path, *, master_key: KeyFile = None, place: Place = HERE, json: Json = False) -> None:
    """Put a backup into an empty data folder. It starts with acting paused."""
    settings = _embedded(place)
    header = backup.read_header(file)
    backup.check_empty(settings.data)
    key_file = _matching_key(header, master_key or settings.master_key_file)
    backup.restore(file, settings.data, user=settings.engine_user, progress=_progress(json))
    if not settings.master_key_file.exists():
        shutil.copyfile(key_file, settings.master_key_file)
        settings.master_key_file.chmod(0o600)
    show_one({"data": settings.data, "created_at": header.created_at, "version": header.version}, json=json)
    if not json:
        serve, resume = example("serve", place), example("acting resume", place)
        print(f"\nStart it: {serve}\nNothing is sent until you have looked and say: {resume}")


@app.command
def verify(file: Path, *, master_key: KeyFile = None, place: Place = HERE, json: Json = False) -> int:
    """Compare every checksum, start it in a folder beside, count the ledger again. Exit 1 where it is off."""
    settings = place.load().settings
    key_file = _matching_key(backup.read_header(file), master_key or settings.master_key_file)
    with tempfile.TemporaryDirectory(prefix="clarion-verify-") as folder:
        Path(folder).chmod(0o711)
        tried = replace(settings, data=Path(folder) / "data", master_key_file=key_file, database_url=None)
        backup.restore(file, tried.data, user=settings.engine_user, progress=_progress(json))
        with borrowed(tried.data, command="backup verify", user=settings.engine_user) as connection:
            found = asyncio.run(_counted(tried, connection.addresses()))
    show_one({"file": file} | found, json=json)
    return 1 if found["mismatches"] else 0


def _embedded(place: Place) -> Settings:
    settings = place.load().settings
    if settings.database_url is not None:
        raise errors.Misconfigured(_OWN.format(key=settings.master_key_file))
    return settings


def _matching_key(header: backup.Header, key_file: Path) -> Path:
    """Raises Misconfigured where the file is not the key that the backup wants."""
    want = f"this backup opens with the master key {header.master_key}"
    if not key_file.exists():
        raise errors.Misconfigured(
            f"{want}, and {key_file} is not there: name your copy of it with --master-key FILE"
        )
    if header.master_key not in vault.load_master_key(key_file).fingerprints:
        raise errors.Misconfigured(
            f"{want}, and {key_file} is another: name the right one with --master-key FILE"
        )
    return key_file


async def _counted(settings: Settings, addresses: db.Addresses) -> dict[str, Any]:
    """How much is in it, and whether its ledger adds up."""
    found = {"workspaces": 0, "minutes": 0, "stored": 0, "mismatches": 0}
    async with rooms_of.rooms(settings, addresses, owner=1) as rooms:
        async with rooms.database.app() as tx:
            workspaces = await accounts.list_workspaces(tx)
        for workspace in workspaces:
            await rooms.vaults.of(workspace.workspace_id)
            async with rooms.database.owner() as tx:
                lines, mismatches = await events.verify_ledger(tx, workspace.workspace_id)
            found["workspaces"] += 1
            found["minutes"] += len(lines)
            found["stored"] += sum(line.stored for line in lines)
            found["mismatches"] += len(mismatches)
    return found


def _progress(json: bool) -> backup.Progress:
    """A line that is rewritten on a terminal; elsewhere nothing."""
    shown = sys.stderr.isatty() and not json

    def show(done: int, of: int) -> None:
        if shown:
            share = min(100, done * 100 // max(of, 1))
            sys.stderr.write(f"\r{share:3d} %  {done >> 20:,} MB" + ("\n" if done >= of else ""))

    return show
