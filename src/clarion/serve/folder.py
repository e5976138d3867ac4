"""The data folder: made, and held by one supervisor at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clarion.errors import Misconfigured

LOCK_NAME = "serve.lock"


def make(data: Path) -> None:
    """Make the folder where it is missing: 0700, as root 0711, so that PostgreSQL's user can walk through.

    The mode of a folder that is there already is its owner's business. Raises Misconfigured.
    """
    try:
        if not data.exists():
            data.parent.mkdir(parents=True, exist_ok=True)
            data.mkdir()
            data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as exc:
        raise Misconfigured(
            f"the data folder {data} cannot be made: {exc.strerror}; choose one with --data"
        ) from exc
    if not data.is_dir():
        raise Misconfigured(f"{data} is not a folder; choose one with --data")
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise Misconfigured(
            f"the data folder {data} cannot be written by this user; run as its owner, or choose another "
            "with --data"
        )


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the folder until the end of the block, or of this process. Raises Misconfigured, naming who
    holds it.
    """
    descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").partition("\n")[0].strip()
            who = f"process {pid}" if pid else "another process"
            stop = f"`kill {pid}`" if pid else "it"
            raise Misconfigured(
                f"`clarion serve` is running on {data} already ({who}); stop {stop} first, or choose another "
                "folder with --data"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def note_url(data: Path, base_url: str) -> None:
    """By whoever holds the folder, where it is held at all: where he listens."""
    if not (data / LOCK_NAME).exists():
        return
    with (data / LOCK_NAME).open("r+", encoding="ascii") as file:
        holder = file.readline()
        file.seek(0)
        file.truncate()
        file.write(f"{holder}{base_url}\n")


def served_at(data: Path) -> str | None:
    """Where the server listens that holds the folder; None where none does, or it has not said."""
    try:
        with (data / LOCK_NAME).open(encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return "".join(file.read().splitlines()[1:2]) or None
    except OSError:
        pass
    return None
