"""Signals as something to wait for: the supervisor has no event loop."""

import os
import select
import signal
from collections.abc import Sequence
from types import FrameType, TracebackType

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """While open: SIGTERM, Ctrl-C and a closed terminal are counted in `asked`, and each signal, also a
    child's end, cuts `wait` short. A third request to end, or a second while nobody waits, exits at once:
    children and PostgreSQL notice by themselves. Main thread only.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> "Signals":
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in _ENDING:
            if (
                signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGTERM
            ):  # nohup ignores SIGHUP
                self._before[number] = signal.signal(number, self._count)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _nothing)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        os.close(self._read)
        os.close(self._write)

    def wait(self, timeout_s: float, readable: Sequence[int] = ()) -> None:
        """Return at the next signal, when one of the descriptors can be read, or after the time."""
        ready, _, _ = select.select([self._read, *readable], [], [], max(0.0, timeout_s))
        if self._read in ready:
            os.read(self._read, 512)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.asked += 1
        if self.asked > 2:
            os._exit(128 + number)


def _nothing(number: int, frame: FrameType | None) -> None:
    """A child has ended; waking up is enough."""
