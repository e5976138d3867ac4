"""Backups by the schedule: one when the newest is old enough, and the oldest go."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from clarion import __version__, log, vault
from clarion.config import Settings
from clarion.db import Tx
from clarion.db.engine import attach, backup

LOOK_EVERY_S = 300.0
_NAME = "clarion-scheduled-*.tar"

_log = log.get(__name__)


async def back_up(_tx: Tx, *, settings: Settings) -> None:
    """Make a backup if one is due; remove those beyond the number to keep."""
    if not settings.backup_every_hours or settings.database_url is not None:
        return
    now, folder = datetime.now(UTC), settings.backup_folder
    made = sorted(folder.glob(_NAME))
    if made and now - _made_at(made[-1]) < timedelta(hours=settings.backup_every_hours):
        return
    for unfinished in folder.glob(f".{_NAME}.*"):  # of a process that was killed
        unfinished.unlink()
    file = folder / f"clarion-scheduled-{now:%Y%m%d-%H%M%S}.tar"
    key = vault.load_master_key(settings.master_key_file).fingerprints[0]
    header = await backup.create(
        attach(settings.data), file, version=__version__, master_key=key, progress=lambda done, of: None
    )
    for old in [*made, file][: -settings.backup_keep]:
        old.unlink()
    _log.info("a backup was made", action="backup_made", file=str(file), bytes=header.bytes)


def _made_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
