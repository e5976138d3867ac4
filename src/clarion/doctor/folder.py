"""The data folder, its disk, and the master key."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil

from clarion.db.engine import machine
from clarion.db.engine.layout import GB, MB, Places
from clarion.doctor.finding import Finding, Subject, fail, ok, warn

_FREE_WARN, _FREE_FAIL = GB, 200 * MB
_NETWORK_FILE_SYSTEMS = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "ceph",
    "glusterfs",
    "lustre",
    "afs",
    "fuse.sshfs",
    "webdav",
)


def look(subject: Subject) -> Iterator[Finding]:
    """Whether it can be used, and by nobody else."""
    yield from _data(subject.data)
    yield from _master_key(subject)


def _data(data: Path) -> Iterator[Finding]:
    there = nearest(data)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        who = f"user id {os.geteuid()}"
        yield fail("data folder", f"{who} may not write in {there}", "give a --data that this user owns")
        return
    if there == data:
        yield from _data_modes(data)
    else:
        yield ok("data folder", f"{data} is made at the first start")
    free = machine.disk(there)[1]
    detail = f"{free // MB:,} MB free on the disk of {there}"
    if free < _FREE_FAIL:
        yield fail("disk space", detail, "free some space: at least 200 MB, better 1 GB and more")
    elif free < _FREE_WARN:
        yield warn("disk space", detail, "free some space, or give a --data on a larger disk")
    else:
        yield ok("disk space", detail)
    yield from _file_system(there)


def nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(step for step in (folder, *folder.parents) if os.access(step, os.F_OK))


def _data_modes(data: Path) -> Iterator[Finding]:
    found = data.stat()
    mode = stat.S_IMODE(found.st_mode)
    detail = f"{data} has mode {mode:04o} and belongs to user id {found.st_uid}"
    if mode & 0o022:
        yield warn("data folder", f"{detail}: others may write there", f"run chmod go-w {data}")
    else:
        yield ok("data folder", detail)
    for name in ("engine.json", "engine.lock"):
        path = data / name
        if path.exists() and path.stat().st_mode & 0o077:
            yield fail("data folder", f"{path} can be read by others", f"run chmod 600 {path}")


def _file_system(folder: Path) -> Iterator[Finding]:
    mounts = psutil.disk_partitions(all=True)
    below = [mount for mount in mounts if folder.resolve().is_relative_to(mount.mountpoint)]
    if not below:
        return
    kind = max(below, key=lambda mount: len(mount.mountpoint)).fstype
    if kind in ("tmpfs", "ramfs"):
        yield warn(
            "file system", f"{folder} is in memory ({kind})", "give a --data on a disk: this one forgets"
        )
    elif kind.startswith(_NETWORK_FILE_SYSTEMS):
        yield warn("file system", f"{folder} is on a network ({kind})", "give a --data on a local disk")
    else:
        yield ok("file system", kind)


def _master_key(subject: Subject) -> Iterator[Finding]:
    path = subject.master_key_file
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        if Places(subject.data).connection.exists():
            yield fail(
                "master key", f"{path} is missing: nobody can read the data", "put it back from its backup"
            )
        else:
            yield ok("master key", f"{path} is made at the first start")
    except OSError as exc:
        yield fail("master key", f"{path} cannot be read: {exc.strerror}", "run as the user who runs serve")
    else:
        if mode & 0o077:
            yield fail("master key", f"{path} has mode {mode:04o}", f"run chmod 600 {path}")
        else:
            yield ok("master key", str(path))
