"""One owner of a data folder at a time: a lock on <data>/engine.lock that ends with the process that holds
it.
"""

import fcntl
import os
import time
from pathlib import Path

from clarion.db.engine.account import owner_of
from clarion.db.engine.failures import EngineBusy

_LOOKS = 4  # a process that only asks who the holder is holds the lock for a moment itself
_LOOK_EVERY_S = 0.05


class Lock:
    """Held from `take` to `release`. The file says who holds it: process id and kind."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def take(path: Path, kind: str) -> Lock:
    """Become the owner. Raises EngineBusy at once where another process is, OSError where no lock is to be
    had.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        owner = owner_of(path.parent)
        if owner:
            os.fchown(descriptor, *owner)
        if not _locked(descriptor):
            pid, held_by = _read(descriptor)
            raise EngineBusy(
                f"{path.parent} is in use by `clarion {held_by}` (process {pid}): stop that first, or give "
                "another --data",
                pid=pid,
                kind=held_by,
            )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {kind}\n".encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return Lock(descriptor)


def holder(path: Path) -> tuple[int, str] | None:
    """Process id and kind of the owner; None where nobody is. PermissionError where we may not look."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    for look in range(_LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if look < _LOOKS - 1:
                time.sleep(_LOOK_EVERY_S)
    return False


def _read(descriptor: int) -> tuple[int, str]:
    """Who holds it; 0 and "?" in the moment before they have written it."""
    pid, _, kind = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip().partition(" ")
    return (int(pid), kind) if pid.isdigit() else (0, "?")
