"""A Python process of ours as the supervisor sees it: started, given its orders, started again when it
ends.
"""

import subprocess
import sys
import time
from typing import Literal

from clarion import log
from clarion.serve.port import Orders, encode

Kind = Literal["prepare", "http", "worker"]

PAUSE_LEAST_S = 0.2
PAUSE_MOST_S = 10.0
#: One that lived this long is well again: its next pause is the least one.
_WELL_S = 3.0

_log = log.get(__name__)


class Pause:
    """How long to wait before something that ended is started again: doubling while it keeps ending."""

    def __init__(self) -> None:
        self.ends = 0
        self._next_s = PAUSE_LEAST_S

    def after(self, lived_s: float) -> float:
        """It ended after so many seconds; returns the pause in seconds."""
        self.ends += 1
        if lived_s >= _WELL_S:
            self._next_s = PAUSE_LEAST_S
        pause_s, self._next_s = self._next_s, min(PAUSE_MOST_S, self._next_s * 2)
        return pause_s


class Child:
    """`python -m clarion.serve.child KIND APP`, in a session of its own: a terminal's Ctrl-C reaches us
    alone.

    It imports the application first and then waits for its orders, so it may be started before they are
    known.
    """

    def __init__(self, name: str, kind: Kind, app: str, inherits: tuple[int, ...] = ()) -> None:
        self.name = name
        self._command = [sys.executable, "-P", "-m", "clarion.serve.child", kind, app]
        self._inherits = inherits
        self._answers = kind == "prepare"
        self._orders: Orders | None = None
        self._pause = Pause()
        self._start_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def ends(self) -> int:
        """How often it ended without being told to."""
        return self._pause.ends

    @property
    def start_at(self) -> float | None:
        """When it is due to be started again, in monotonic seconds; None while it runs."""
        return None if self._process else self._start_at

    @property
    def answer(self) -> int:
        """The descriptor that the prepare child's answer is read from."""
        assert self._process
        assert self._process.stdout
        return self._process.stdout.fileno()

    def order(self, orders: Orders) -> None:
        """Set it to work; the same orders are given at every later start."""
        self._orders = orders
        self._give_orders()

    def tend(self, now: float) -> None:
        """Notice that it ended; start it again when its pause is over."""
        if self._process is None:
            if now >= self._start_at:
                self._start()
        elif (code := self._process.poll()) is not None:
            self._close()
            pause_s = self._pause.after(now - self._started_at)
            self._start_at = now + pause_s
            _log.error(
                f"{self.name} ended {_how(code)}; starting it again in {pause_s:g} s",
                action="child_ended", child=self.name, code=code, ends=self.ends,
            )  # fmt: skip

    def ended(self) -> bool:
        """Whether it is not running; it is not started again by asking."""
        return self._process is None or self._process.poll() is not None

    def drain(self) -> None:
        """Tell it to finish and end."""
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def kill(self) -> None:
        """End it now."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._close()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - a list of our own words, no shell
            self._command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if self._answers else 2,  # what is printed by mistake goes to the log
            pass_fds=self._inherits,
            start_new_session=True,
        )
        self._started_at = time.monotonic()
        _log.debug(f"{self.name} starts", action="child_started", child=self.name, pid=self._process.pid)
        self._give_orders()

    def _give_orders(self) -> None:
        if self._orders and self._process and self._process.stdin:
            try:
                self._process.stdin.write(encode(self._orders))
            except BrokenPipeError:
                pass  # it has ended; `tend` sees to that

    def _close(self) -> None:
        assert self._process
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process = None


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with exit code {code}"
