"""The embedded PostgreSQL as the supervisor keeps it: started, and restarted whenever it ends."""

import time

from clarion import log
from clarion.config import Settings
from clarion.db.address import Addresses
from clarion.db.engine import Engine, EngineBusy
from clarion.errors import EngineFailed
from clarion.serve.process import Pause
from clarion.serve.signals import Signals

#: Another command of ours has the data folder's engine for a moment (`clarion credential create`).
_COMMAND_WAIT_S = 15.0

_log = log.get(__name__)


class KeptEngine:
    """One Engine and when to start it again."""

    def __init__(self, settings: Settings) -> None:
        self._engine = Engine(settings.data, user=settings.engine_user, log=_say)
        self._pause = Pause()
        self._started_at = 0.0
        self._restart_at: float | None = None

    def start(self, signals: Signals) -> Addresses:
        """Returns when it takes connections. Raises EngineFailed."""
        give_up_at = time.monotonic() + _COMMAND_WAIT_S
        while True:
            try:
                self._engine.start()
                break
            except EngineBusy as exc:
                if exc.kind == "serve" or time.monotonic() > give_up_at or signals.asked:
                    raise
                signals.wait(0.1)
        self._started_at = time.monotonic()
        return self._engine.addresses()

    def tend(self, now: float) -> None:
        """Notice that it ended; start it again when its pause is over. `now` is monotonic seconds."""
        if self._restart_at is not None:
            if now >= self._restart_at:
                self._restart(now)
        elif (code := self._engine.poll()) is not None:
            self._again(now, f"PostgreSQL ended by itself (exit code {code})", now - self._started_at)

    def stop(self) -> None:
        self._engine.stop()

    def _restart(self, now: float) -> None:
        try:
            self._engine.restart()
        except EngineFailed as exc:
            self._again(now, str(exc), 0.0)
        else:
            self._restart_at = None
            self._started_at = time.monotonic()
            _log.info("PostgreSQL is back", action="engine_back", ends=self._pause.ends)

    def _again(self, now: float, sentence: str, lived_s: float) -> None:
        pause_s = self._pause.after(lived_s)
        self._restart_at = now + pause_s
        _log.error(
            f"{sentence}; starting it again in {pause_s:g} s", action="engine_ended", ends=self._pause.ends
        )


def _say(sentence: str) -> None:
    _log.info(sentence, action="engine_says")
