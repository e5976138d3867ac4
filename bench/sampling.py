"""What this process does with its CPU time: the kernel rings every millisecond of it, and the stack is noted."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType

from msgspec import Struct, field

EVERY_S = 0.001
_ROOTS = (
    "/site-packages/",
    "/src/",
    "/lib/python",
)  # what stands before them in a path is the machine's business


class Stacks(Struct):
    """How often each stack was met, outermost frame first; `cpu_s`: what the process used meanwhile."""

    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    cpu_s: float = 0.0


@contextmanager
def sampled() -> Iterator[Stacks]:
    """Samples of the main thread while the block runs. A long call into C is its caller's."""
    stacks = Stacks()

    def note(_signal: int, frame: FrameType | None) -> None:
        stacks.counts[_stack(frame)] += 1

    before = signal.signal(signal.SIGPROF, note)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        yield stacks
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        stacks.cpu_s = time.process_time() - began


@cache
def _shown(file: str) -> str:
    for root in _ROOTS:
        _, found, rest = file.rpartition(root)
        if found:
            return rest
    return "/".join(file.split("/")[-2:])


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    names = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{_shown(code.co_filename)}:{code.co_name}")
        frame = frame.f_back
    return tuple(reversed(names))
