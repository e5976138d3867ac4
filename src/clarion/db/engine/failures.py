"""Why the engine would not start, as sentences that say what to do. Pure."""

import errno
import re
from pathlib import Path

from clarion.errors import EngineFailed


class EngineBusy(EngineFailed):
    """Another process owns the data folder: `pid`, and its `kind` ("serve", or the command)."""

    def __init__(self, message: str, *, pid: int, kind: str) -> None:
        super().__init__(message)
        self.pid = pid
        self.kind = kind


#: The old server or its children are still there; it passes by itself.
STILL_HELD = re.compile(r'lock file "[^"]*" already exists|pre-existing shared memory block')

#: What launch.py says where the change of user is refused (EINVAL: not mapped in a user namespace).
MAY_NOT_SWITCH = re.compile(r"as user id \d+: \[Errno (1|22)\]")

_TELLING = re.compile(r"FATAL|PANIC|ERROR|error:|invalid value|unrecognized configuration|syntax error")

_FULL = "the disk of {data} is full: free some space (1 GB is comfortable) and start again"
_READ_ONLY = "{path} cannot be written (read-only file system): mount it for writing, or give another --data"

_FOREIGN = "{path} may not be used by this user: chown it to who runs Clarion, or give another --data"

_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: "the disk quota for {data} is used up: free some space and start again",
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _FOREIGN,
    errno.EPERM: _FOREIGN,
    errno.ENOTDIR: "{path} is not a folder, and links are not followed: move it away, or give another --data",
    errno.ELOOP: "{path} is a link, which is not followed: move it away, or give another --data",
    errno.ENAMETOOLONG: "the path {data} is too long for this file system: give a shorter --data",
    errno.ENOLCK: "{path} cannot be locked (a network file system?): put --data on a local disk",
}

_BY_LOG = [
    (
        r"could not resize shared memory segment",
        "the shared memory is full: free some (df /dev/shm), or give more (docker run --shm-size=256m)",
    ),
    (r"No space left on device|Disk quota exceeded", _FULL),
    (r"Read-only file system", _READ_ONLY),
    (
        r"has wrong ownership|has invalid permissions",
        "{data}/engine/pgdata must belong to who runs PostgreSQL, with mode 0700: chown -R and chmod it",
    ),
    (r"incompatible with server", "{data}/engine/pgdata was written by another version of PostgreSQL"),
    (
        r"could not map anonymous shared memory|could not create shared memory|Cannot allocate memory",
        "there is not enough memory for PostgreSQL: free some, or raise the limit (256 MB is the least)",
    ),
    (
        r"configuration file|configuration parameter|invalid value for parameter",
        (
            "PostgreSQL refuses a setting: remove what was added to {data}/engine/pgdata/postgresql.conf or to "
            "postgresql.auto.conf beside it"
        ),
    ),
    (
        r"password authentication failed",
        (
            "the passwords in {data}/engine.json are not the database's: stop Clarion, remove that file and "
            "start again; new passwords are made"
        ),
    ),
    (
        r"lock file \"[^\"]*\" already exists",
        (
            "another PostgreSQL runs on {data}/engine/pgdata: stop it (kill -INT its process id, which is the "
            "first line of postmaster.pid there), then start again"
        ),
    ),
    (
        r"pre-existing shared memory block",
        (
            "processes of an earlier PostgreSQL still use {data}/engine/pgdata: end them "
            "(ps -ef | grep postgres), then start again"
        ),
    ),
    (
        MAY_NOT_SWITCH.pattern,
        (
            "this process may not start PostgreSQL as another user (a container without the capability "
            "SETUID?): run Clarion as a normal user that owns {data}"
        ),
    ),
    (
        r"could not locate a valid checkpoint record|invalid checkpoint record|could not read file|checksum",
        "the database in {data}/engine/pgdata is damaged: keep a copy of the folder and restore a backup",
    ),
]


def of_os_error(exc: OSError, data: Path) -> EngineFailed:
    """The sentence for a refused system call."""
    path = exc.filename if exc.filename and Path(exc.filename).is_absolute() else data
    sentence = _BY_ERRNO.get(exc.errno or 0, "{path} cannot be used: " + (exc.strerror or "unknown error"))
    return EngineFailed(sentence.format(data=data, path=path))


def of_log(lines: list[str], data: Path, log: Path) -> EngineFailed:
    """The sentence for a PostgreSQL that ended; `lines` are what it wrote since it was started."""
    telling = [line.strip() for line in lines if _TELLING.search(line)] or lines[-1:] or ["nothing"]
    said = "\n".join(telling[:3])
    for pattern, sentence in _BY_LOG:
        if re.search(pattern, said):
            return EngineFailed(f"{sentence.format(data=data, path=data)}\nPostgreSQL said: {said}")
    return EngineFailed(f"PostgreSQL would not start; it said: {said}\nMore is in {log}")


def of_major(found: str, ours: int, pgdata: Path) -> EngineFailed:
    """The sentence for a cluster of another major version."""
    return EngineFailed(
        f"{pgdata} was written by PostgreSQL {found} and this Clarion brings PostgreSQL {ours}: make a "
        "backup with the version of Clarion that wrote it (clarion backup), and restore it into an empty "
        "--data with this one"
    )
