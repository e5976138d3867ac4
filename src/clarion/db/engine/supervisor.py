"""The embedded PostgreSQL's life: started, polled, restarted, stopped; and lent to commands."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clarion.db.address import Address, Addresses
from clarion.db.engine import account, binaries, cluster, connection, failures, lock, process
from clarion.db.engine.account import Account
from clarion.db.engine.connection import Connection, Role
from clarion.db.engine.failures import EngineBusy
from clarion.db.engine.layout import Places, Postmaster, socket_folders
from clarion.errors import EngineFailed

SERVE = "serve"

_LOOK_EVERY_S = 0.02
_SAY_EVERY_S = 5.0
_PATIENCE_S = 30.0  # with what a killed server left behind
_RETRY_EVERY_S = 0.25
_WAIT_UNSAID_S = 2.0
_WAIT_EVERY_S = 0.1


def to_stderr(sentence: str) -> None:
    sys.stderr.write(f"clarion: {sentence}\n")


class Engine:
    """PostgreSQL in the data folder `data`, as a child of this process, and the folder's one owner.

    `kind` is "serve" or the command's name, which others are told; `user` is the setting CLARION_ENGINE_USER
    (whom PostgreSQL runs as when we are root); `log` is handed a sentence when something takes long. `start`
    and `restart` must be called from a thread that lives as long as the process (see process.Server). Not for
    several threads.
    """

    def __init__(
        self,
        data: Path,
        *,
        kind: str = SERVE,
        user: str | None = None,
        log: Callable[[str], None] = to_stderr,
    ) -> None:
        self._places = Places(data.expanduser().resolve())
        self._kind = kind
        self._user = user
        self._say = log
        self._log = process.Log(self._places.log)
        self._lock: lock.Lock | None = None
        self._server: process.Server | None = None
        self._account: Account
        self._programs: Path
        self._connection: Connection | None = None
        self._passwords_are_new = False

    def start(self) -> None:
        """Make the cluster where there is none, start it, wait until it takes connections, see to roles and
        database.

        Recovery after a crash may take as long as it needs. Raises EngineBusy where another process owns the
        folder, EngineFailed with what to do where it cannot run; then nothing is left running.
        """
        with _explained(self._places.data):
            account.data_folder(self._places.data)
            self._lock = lock.take(self._places.lock, self._kind)
            try:
                self._prepare()
                self._run()
            except BaseException:
                self.stop()
                raise

    def poll(self) -> int | None:
        """The server's exit code once it has ended (minus the signal's number), None while it runs.

        Also keeps the log file short: call it every second or so.
        """
        self._log.bound()
        return self._server.poll() if self._server else None

    def restart(self) -> None:
        """Start the server again, stopping it first where it still runs. Raises EngineFailed after 30 s of
        trying.
        """
        with _explained(self._places.data):
            self._halt()
            try:
                self._run()
            except BaseException:
                self._halt()
                raise

    def stop(self) -> None:
        """Fast shutdown: end sessions, write everything, wait; then give the data folder free. Twice does no
        harm.
        """
        self._halt()
        if self._lock:
            self._remove_runtime_folder()
            self._lock.release()
            self._lock = None

    def address(self, role: Role) -> Address:
        """The way in as a role; of a started engine."""
        return self.connection.address(role)

    def addresses(self) -> Addresses:
        """The two ways in that Clarion itself uses; of a started engine."""
        return self.connection.addresses()

    @property
    def connection(self) -> Connection:
        """What other processes find in engine.json; of a started engine."""
        assert self._connection is not None, "the engine is not started"
        return self._connection

    @property
    def pid(self) -> int | None:
        """The server's process id while it is our child."""
        return self._server.pid if self._server else None

    def _prepare(self) -> None:
        places = self._places
        self._account = account.choose(places, self._user)
        account.own_folder(places.engine, self._account)
        _walkable(places, self._account)
        self._programs = binaries.usable(self._account, places.copies)
        known = connection.load(places)
        passwords = known.passwords if known else connection.new_passwords()
        self._passwords_are_new = known is None
        if not cluster.exists(places):
            _never_had_one(places, known)
            self._say(f"making a new database in {places.engine}")
            cluster.make(places, self._account, self._programs, passwords["admin"])
        elif known is None:
            self._say(
                f"{places.connection} is not there, as after a restore: the database's users get new passwords"
            )
            cluster.set_admin_password(places, self._account, self._programs, passwords["admin"])
        socket = _socket_folder(places, self._account)
        self._connection = Connection(data=places.data, socket=socket, passwords=passwords)

    def _run(self) -> None:
        cluster.configure(self._places, self._account, self.connection.socket)
        self._launch()
        cluster.furnish(self.connection, set_passwords=self._passwords_are_new)
        cluster.check_durability(self.connection)
        connection.save(self.connection)
        self._passwords_are_new = False

    def _launch(self) -> None:
        """Start the server; again and again while it finds a killed one's lock file or children."""
        program = cluster.server(self._places, self._account, self._programs)
        give_up_at = time.monotonic() + _PATIENCE_S
        while True:
            before = process.running(self._places)
            self._server = process.Server(self._account, self._places.pgdata, program, self._log)
            if self._until_ready(self._server, before):
                return
            said = self._log.since()
            if process.is_stopping(self._places):  # a fast shutdown may have gigabytes to write
                give_up_at = time.monotonic() + _PATIENCE_S
            held = any(failures.STILL_HELD.search(line) for line in said)
            if not held or time.monotonic() > give_up_at:
                raise failures.of_log(said, self._places.data, self._places.log)
            time.sleep(_RETRY_EVERY_S)

    def _until_ready(self, server: process.Server, before: Postmaster | None) -> bool:
        """Wait for as long as the server needs; False when it ended. `before` is what a killed one left."""
        began = time.monotonic()
        say_at = began + _SAY_EVERY_S
        while server.poll() is None:
            found = process.running(self._places)
            if found and found != before and found.pid == server.pid and found.state == "ready":
                return True
            if time.monotonic() > say_at:
                last = (self._log.since() or ["nothing yet"])[-1]
                self._say(f"PostgreSQL is starting since {time.monotonic() - began:.0f} s; it said: {last}")
                say_at += _SAY_EVERY_S
            time.sleep(_LOOK_EVERY_S)
        return False

    def _remove_runtime_folder(self) -> None:
        """The socket's folder where it lies outside the data folder; PostgreSQL has emptied it."""
        if self._connection and self._connection.socket != self._places.socket:
            try:
                self._connection.socket.rmdir()
            except OSError:
                pass

    def _halt(self) -> None:
        if self._server is None:
            return
        self._server.shut_down()
        while not self._server.wait(_SAY_EVERY_S):
            self._say("PostgreSQL is shutting down: it writes what is still in memory")
        self._server = None


def attach(data: Path) -> Connection:
    """The engine that another process of this user runs, by <data>/engine.json; ask it whether it
    `accepts()`.

    Raises EngineFailed where there never was one, or where it is another user's.
    """
    places = Places(data.expanduser().resolve())
    found = connection.load(places)
    if found is None:
        raise EngineFailed(f"{places.data} holds no database yet: run `clarion serve`, which makes it")
    return found


@contextmanager
def borrowed(
    data: Path,
    *,
    command: str,
    user: str | None = None,
    log: Callable[[str], None] = to_stderr,
) -> Iterator[Connection]:
    """The engine for the length of a command: the one of a running `serve`, else one of our own.

    While another command has one of its own we wait, and say so after 2 s. Raises EngineFailed.
    """
    engine = Engine(data, kind=command, user=user, log=log)
    try:
        yield _started_or_served(engine, data, log)
    finally:
        engine.stop()


def _started_or_served(engine: Engine, data: Path, log: Callable[[str], None]) -> Connection:
    say_at: float | None = time.monotonic() + _WAIT_UNSAID_S
    while True:
        try:
            engine.start()
            return engine.connection
        except EngineBusy as busy:
            if busy.kind == SERVE:
                served = connection.load(Places(data.expanduser().resolve()))
                if served and served.accepts():
                    return served
            if say_at and time.monotonic() > say_at:
                log(f"waiting for `clarion {busy.kind}` (process {busy.pid}), which has {data} at the moment")
                say_at = None
        time.sleep(_WAIT_EVERY_S)


def _socket_folder(places: Places, account_: Account) -> Path:
    """The first of the possible folders whose parent is there and ours to write in."""
    candidates = socket_folders(places, uid=os.geteuid(), runtime=os.environ.get("XDG_RUNTIME_DIR"))
    for folder in candidates:
        if folder.is_dir() or os.access(folder.parent, os.W_OK | os.X_OK):
            account.own_folder(folder, account_)
            return folder
    raise EngineFailed("there is no folder for the database's socket: give a --data whose path is shorter")


def _never_had_one(places: Places, known: Connection | None) -> None:
    """Raises EngineFailed where engine.json, written last, tells of a cluster: it is lost, or not mounted."""
    if known:
        raise EngineFailed(
            f"the database in {places.pgdata} is gone: mount it or restore a backup; to begin anew with an "
            f"empty one, remove {places.connection}"
        )


def _walkable(places: Places, account_: Account) -> None:
    """Raises EngineFailed where PostgreSQL's user cannot use the data folder (only as root without Linux's
    /proc).
    """
    if not account_.switch or cluster.pgdata_for(account_, places.pgdata) != str(places.pgdata):
        return
    closed = account.closed_folder(places.engine, account_)
    if closed:
        raise EngineFailed(
            f"the user {account_.name}, as whom PostgreSQL runs, cannot enter {closed}: give a --data whose "
            "parents everybody may enter, for example /var/lib/clarion"
        )


@contextmanager
def _explained(data: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise failures.of_os_error(exc, data) from exc
