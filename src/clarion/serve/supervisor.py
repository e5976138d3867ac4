"""The supervisor: start everything, keep it running, stop it in order. Synchronous, in the main thread."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from msgspec.structs import replace

from clarion import log
from clarion.config import Settings
from clarion.db.address import Addresses
from clarion.errors import ClarionError, Misconfigured
from clarion.serve import folder, health, listen
from clarion.serve.engine import KeptEngine
from clarion.serve.port import GRACE_S, Done, Listener, Orders, Prepared, Refused, decode_answer, elsewhere
from clarion.serve.process import Child
from clarion.serve.signals import Signals

Announce = Callable[[Settings, Prepared], None]

#: A child that ends so often before we are ready will not get better by itself.
_FALSE_STARTS_MAX = 3
_LOOK_EVERY_S = 1.0  # PostgreSQL's log wants to be kept short about as often
_LOOK_EVERY_STARTING_S = 0.03
_AFTER_GRACE_S = 1.0
_HURRIED_S = 0.5

_log = log.get(__name__)


def run(settings: Settings, announce: Announce, *, app: str = "clarion.app") -> None:
    """Serve until a signal asks to stop. `announce` is called once, when HTTP answers /healthz, with the
    settings as they came out (the real port) and what `app.prepare` returned; `app` names the module that
    provides port.App.

    Raises ClarionError when it cannot start: the folder is in use, the port is taken, PostgreSQL will not
    run, the data is newer than this version.
    """
    folder.make(settings.data)
    with Signals() as signals, ExitStack() as held:
        if settings.database_url is None:
            held.enter_context(folder.held(settings.data))
        listening = None
        if settings.role != "worker":
            listening = held.enter_context(listen.bind(settings))
            settings = replace(settings, port=listening.getsockname()[1])
            _warn_in_clear(settings, listening)
        supervisor = _Supervisor(settings, signals, listening, app)
        try:
            prepared = supervisor.start()
            if prepared:
                supervisor.watch(lambda: announce(settings, prepared))
        finally:
            supervisor.stop()


def _warn_in_clear(settings: Settings, listening: socket.socket) -> None:
    if not listen.is_loopback(listening) and settings.tls_cert is None:
        _log.warning(
            f"listening on {settings.host} without TLS: keys and people's data travel in clear; set tls_cert "
            "and tls_key, or let only a proxy with TLS reach this port",
            action="listening_in_clear",
        )


class _Supervisor:
    """What is running. `start`, then `watch`, then in any case `stop`."""

    def __init__(
        self, settings: Settings, signals: Signals, listening: socket.socket | None, app: str
    ) -> None:
        self._settings = settings
        self._signals = signals
        self._listening = listening
        self._app = app
        self._engine: KeptEngine | None = None
        self._prepare: Child | None = None
        self._http: list[Child] = []
        self._workers: list[Child] = []

    def start(self) -> Prepared | None:
        """Returns when the children have their orders, None when a signal came first. Raises ClarionError."""
        # All begin to import the application while PostgreSQL starts.
        self._prepare = Child("prepare", "prepare", self._app)
        if self._listening:
            self._http = [Child("http", "http", self._app, (self._listening.fileno(),))]
        if self._settings.role != "api":
            self._workers = [
                Child(f"worker-{number}", "worker", self._app)
                for number in range(1, self._settings.workers + 1)
            ]
        addresses = self._database()
        prepared = self._prepared(self._prepare, addresses)
        if prepared:
            for child in (*self._http, *self._workers):
                child.order(self._orders(child.name, addresses))
        return prepared

    def watch(self, ready: Callable[[], None]) -> None:
        """Keep everything running until a signal asks to stop; call `ready` once. Raises ClarionError
        before that.
        """
        announced = False
        while not self._signals.asked:
            now = time.monotonic()
            for child in (*self._http, *self._workers):
                child.tend(now)
            if self._engine:
                self._engine.tend(now)
            if not announced:
                self._check_false_starts()
                if self._listening is None or health.answers(self._settings):
                    announced = True
                    self._end_prepare()
                    ready()
            self._signals.wait(self._look_again_s() if announced else _LOOK_EVERY_STARTING_S)

    def stop(self) -> None:
        """End everything, in the order in which nothing accepted is lost. Bounded by the graces, but for
        PostgreSQL, which writes what it must.
        """
        if self._signals.asked:
            _log.info("stopping", action="stopping")
        self._end_prepare()
        if self._listening:
            self._listening.close()
        self._drain(self._http, GRACE_S["http"])
        self._drain(self._workers, GRACE_S["worker"])
        if self._engine:
            self._engine.stop()
        if self._signals.asked:
            _log.info("stopped", action="stopped")

    def _database(self) -> Addresses:
        if addresses := elsewhere(self._settings):
            return addresses
        self._engine = KeptEngine(self._settings)
        return self._engine.start(self._signals)

    def _prepared(self, child: Child, addresses: Addresses) -> Prepared | None:
        """What the prepare child answers; None when a signal comes first."""
        child.order(self._orders(child.name, addresses))
        answer = b""
        while not answer.endswith(b"\n"):
            self._signals.wait(_LOOK_EVERY_S, [child.answer])
            if self._signals.asked:
                return None
            part = _read(child.answer)
            if part == b"":
                raise ClarionError("preparing the database failed; the lines above say more")
            answer += part or b""
        match decode_answer(answer):
            case Done(prepared):
                for note in prepared.notes:
                    _log.info(note, action="prepared")
                return prepared
            case Refused(sentence):
                raise Misconfigured(sentence)

    def _end_prepare(self) -> None:
        if self._prepare:
            self._prepare.kill()
            self._prepare = None

    def _look_again_s(self) -> float:
        due = [child.start_at for child in (*self._http, *self._workers) if child.start_at is not None]
        return min([_LOOK_EVERY_S, *(at - time.monotonic() for at in due)])

    def _orders(self, name: str, addresses: Addresses) -> Orders:
        listener = None
        if name == "http" and self._listening:
            listener = Listener(descriptor=self._listening.fileno(), backlog=listen.BACKLOG)
        return Orders(name=name, settings=self._settings, addresses=addresses, listener=listener)

    def _check_false_starts(self) -> None:
        for child in (*self._http, *self._workers):
            if child.ends >= _FALSE_STARTS_MAX:
                raise ClarionError(
                    f"{child.name} ended {child.ends} times while starting; the lines above say why"
                )

    def _drain(self, children: Sequence[Child], grace_s: float) -> None:
        for child in children:
            child.drain()
        asked_at, until = time.monotonic(), time.monotonic() + grace_s + _AFTER_GRACE_S
        while not all(child.ended() for child in children) and time.monotonic() < until:
            if self._signals.asked > 1:
                until = min(until, asked_at + _HURRIED_S)
            self._signals.wait(0.1)
        for child in children:
            if not child.ended():
                _log.warning(
                    f"{child.name} did not end in time; ending it", action="child_killed", child=child.name
                )
            child.kill()


def _read(descriptor: int) -> bytes | None:
    """What is there to read: nothing at the end, None when there is nothing yet."""
    os.set_blocking(descriptor, False)
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return None
