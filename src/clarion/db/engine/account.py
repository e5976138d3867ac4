"""Whom PostgreSQL runs as, and folders and files that are surely theirs or ours.

PostgreSQL refuses to run as root. When we are root it runs as a user without rights, who owns `<data>/engine`
and nothing else. As root we never follow a link in a folder that is that user's, and never change the mode of
a folder that we did not make.
"""

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from clarion.db.engine.layout import Places
from clarion.errors import EngineFailed

_CANDIDATES = ("clarion", "postgres", "nobody")


class Account(Struct, frozen=True):
    """A user with a passwd entry; `switch` says that we are root and have to become it."""

    name: str
    uid: int
    gid: int
    switch: bool


def choose(places: Places, wanted: str | None) -> Account:
    """Whom PostgreSQL runs as. As root: `wanted` (CLARION_ENGINE_USER), else whose the cluster is, else the
    first of clarion, postgres, nobody that exists. Raises EngineFailed.
    """
    uid = os.geteuid()
    owner = _owner(places.engine)
    if uid != 0:
        if owner not in (None, uid):
            raise EngineFailed(
                f"{places.engine} belongs to {_called(owner)}: run as that user, or give another --data"
            )
        return _account(_by_uid(uid), switch=False)
    if wanted:
        account = _account(_by_name(wanted), switch=True)
    elif owner:
        account = _account(_by_uid(owner), switch=True)
    else:
        account = _account(_first_of(_CANDIDATES), switch=True)
    if account.uid == 0:
        raise EngineFailed("PostgreSQL refuses to run as root: set CLARION_ENGINE_USER to another user")
    if owner not in (None, account.uid):
        raise EngineFailed(
            f"{places.engine} belongs to {_called(owner)} and PostgreSQL is to run as {account.name}: "
            f"run chown -R {account.name}: {places.engine}"
        )
    return account


def _account(entry: pwd.struct_passwd, *, switch: bool) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch)


def _by_uid(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError as exc:
        raise EngineFailed(
            f"user id {uid} has no entry in /etc/passwd, which PostgreSQL wants: run as a user that has one"
        ) from exc


def _by_name(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError as exc:
        raise EngineFailed(
            f"CLARION_ENGINE_USER is {name!r}, and this machine has no such user: "
            f"run useradd --system {name}, or unset it"
        ) from exc


def _first_of(names: tuple[str, ...]) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EngineFailed(
        "PostgreSQL refuses to run as root and needs a user of its own: run useradd --system clarion"
    )


def _called(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"user id {uid}"


def _owner(folder: Path) -> int | None:
    try:
        return folder.lstat().st_uid
    except FileNotFoundError:
        return None


def data_folder(data: Path) -> None:
    """Make it where it is missing: 0700, and 0711 when root makes it, so that PostgreSQL's user can walk
    through.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    if not data.exists():
        data.parent.mkdir(parents=True, exist_ok=True)
        data.mkdir()
        data.chmod(mode)  # whatever the umask is
        sync(data.parent)
    if not data.is_dir():
        raise OSError(errno.ENOTDIR, "not a folder", str(data))
    if os.statvfs(data).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, "read-only", str(data))
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, "not writable", str(data))


def own_folder(folder: Path, account: Account) -> None:
    """A 0700 folder that is the account's: made, or found to be exactly that. Raises EngineFailed for a
    stranger's.

    In a folder that everybody may write (/tmp) someone else may have been there first.
    """
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            raise EngineFailed(
                f"{folder} must be a folder of mode 0700 that belongs to {account.name}, and is mode "
                f"{stat.S_IMODE(found.st_mode):04o} of {_called(found.st_uid)}: chown and chmod it if it is "
                "yours, remove it if a stranger made it"
            ) from None
    else:
        if account.switch:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def write_whole(folder: Path, name: str, text: str, owner: tuple[int, int] | None = None) -> None:
    """Put a 0600 file in place at once, on disk when it returns. `owner` (uid, gid) is given by root only."""
    with opened(folder) as at:
        temporary = f".{name}.new"
        try:
            os.unlink(temporary, dir_fd=at)
        except FileNotFoundError:
            pass
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=at), "w", encoding="utf-8") as file:
            if owner:
                os.fchown(file.fileno(), *owner)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, name, src_dir_fd=at, dst_dir_fd=at)
        os.fsync(at)


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """The folder as a descriptor; a link in its place is refused."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield at
    finally:
        os.close(at)


def sync(folder: Path) -> None:
    """Put on disk what names the folder holds."""
    with opened(folder) as at:
        os.fsync(at)


def owner_of(folder: Path) -> tuple[int, int] | None:
    """To whom files that we put there shall belong: as root to the folder's owner, else to us anyway."""
    if os.geteuid() != 0:
        return None
    found = folder.stat()
    return found.st_uid, found.st_gid


def closed_folder(folder: Path, account: Account) -> Path | None:
    """The first folder on the way from / to `folder` that the account cannot enter, by its mode bits."""
    for step in [*reversed(folder.parents), folder]:
        try:
            found = step.stat()
        except OSError:
            return step
        if found.st_uid == account.uid:
            bit = 0o100
        elif found.st_gid == account.gid:
            bit = 0o010
        else:
            bit = 0o001
        if not found.st_mode & bit:
            return step
    return None
