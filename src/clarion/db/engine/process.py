"""Programs as PostgreSQL's user, and the server as our child: begun, watched, heard and stopped.

The server runs in the foreground, in a session of its own (a terminal's Ctrl-C reaches us, not it), and is
told to shut down when we die, also by kill -9: on Linux by the kernel (launch.py), elsewhere by a watcher
(watch.py).
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from clarion.db.engine.account import Account, opened, owner_of
from clarion.db.engine.layout import Places, Postmaster, postmaster

_HERE = Path(__file__).parent
_LOG_BYTES_MAX = 8 << 20
_TAIL_BYTES = 64 << 10
#: All that PostgreSQL sees of our environment, which may hold secrets, and PG* variables that it would obey.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


def command(account: Account, folder: Path, program: list[str]) -> list[str]:
    """The command line that runs `program` as the account, in `folder`, for as long as this process lives."""
    uid, gid = (account.uid, account.gid) if account.switch else (-1, -1)
    launch = [sys.executable, "-I", "-S", str(_HERE / "launch.py")]
    return [*launch, str(os.getpid()), str(uid), str(gid), str(folder), *program]


def environment(**more: str) -> dict[str, str]:
    """A small environment for PostgreSQL's programs.

    In a container begun anew the process id in postmaster.pid is often that of our parent by now: PostgreSQL
    asks for its name to tell the two apart.
    """
    ours = {"LC_ALL": "C", "PG_GRANDPARENT_PID": str(os.getppid())}
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | ours | more


def run(
    account: Account, folder: Path, program: list[str], stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end; `stdout` of the result also holds what went to stderr."""
    return subprocess.run(  # noqa: S603  # a list, no shell
        command(account, folder, program),
        input=stdin or "",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(),
        text=True,
        errors="replace",
        start_new_session=True,
        check=False,
    )


class Log:
    """The server's log file: at most 8 MB and one older file of that size (`.1`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mark = 0

    def open(self) -> IO[bytes]:
        """For the server to append to; what it writes from here on is `since`."""
        folder = self.path.parent
        owner = owner_of(folder.parent)
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if owner:
                os.chown(folder, *owner)
        self.bound()
        with opened(folder) as at:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            file = os.fdopen(os.open(self.path.name, flags, 0o600, dir_fd=at), "ab")
        if owner:
            os.fchown(file.fileno(), *owner)
        self._mark = os.fstat(file.fileno()).st_size
        return file

    def since(self) -> list[str]:
        """The last lines that were written since `open`."""
        return tail(self.path, self._mark)

    def bound(self) -> None:
        """Copy and empty the file when it is too long: the server holds it open, so it cannot be renamed
        away.

        A line written between the two is lost.
        """
        try:
            if self.path.stat().st_size > _LOG_BYTES_MAX:
                shutil.copy(self.path, self.path.with_suffix(".log.1"))
                os.truncate(self.path, 0)
                self._mark = 0
        except OSError:
            pass  # a full disk must not stop the server's supervision


def tail(log: Path, mark: int = 0) -> list[str]:
    """The last lines of a log file, 64 kB at most, from byte `mark` on; none where there is no such file."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(mark, size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


class Server:
    """PostgreSQL as our child. Make it in a thread that lives as long as this process: on Linux the kernel
    takes the end of that thread for the end of the parent and shuts the server down.
    """

    def __init__(self, account: Account, pgdata: Path, program: list[str], log: Log) -> None:
        with log.open() as file:
            self._process = subprocess.Popen(  # noqa: S603  # a list, no shell
                command(account, pgdata, program),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd="/",
                env=environment(),
                start_new_session=True,
            )
        self._watcher = None if sys.platform == "linux" else _watch(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, once it has ended (negative: minus the signal)."""
        code = self._process.poll()
        if code is not None:
            self._dismiss_watcher()
        return code

    def shut_down(self) -> None:
        """Ask for a fast shutdown: sessions are ended, everything is written."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within that time."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        self._dismiss_watcher()
        return True

    def _dismiss_watcher(self) -> None:
        if self._watcher and self._watcher.stdin:
            self._watcher.communicate(b"q")
            self._watcher = None


def _watch(pid: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # a list, no shell
        [sys.executable, "-I", "-S", str(_HERE / "watch.py"), str(pid)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def running(places: Places) -> Postmaster | None:
    """What postmaster.pid says; None where there is none. A killed server leaves its own behind."""
    try:
        with (places.pgdata / "postmaster.pid").open() as file:
            return postmaster(file.read(), os.fstat(file.fileno()).st_mtime_ns)
    except FileNotFoundError:
        return None


def is_stopping(places: Places) -> bool:
    """Whether the server that postmaster.pid names is alive and shutting down."""
    server = running(places)
    if server is None or server.state != "stopping":
        return False
    try:
        os.kill(server.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
