"""`./run torture NAME …`."""

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from torture import flood, fuzz, kill, sends

TORTURES: Mapping[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "kill": (kill.main, "kill -9 of every process under load: nothing acknowledged is lost"),
    "database": (
        partial(kill.main, tier=kill.DATABASE),
        "PostgreSQL killed, stopped at once, over and over: callers hear success or 503",
    ),
    "stall": (
        partial(kill.main, tier=kill.STALL),
        "a worker sleeps past its lease and goes on: it writes nothing",
    ),
    "sends": (
        sends.main,
        "workers killed at every point of an SMTP attempt: nothing sent twice, nothing lost",
    ),
    "load": (
        flood.main,
        "a burst, 5,000 idle connections, bombs: refused in words, memory bounded, nothing lost",
    ),
    "openapi": (fuzz.main, "20,000 made-up requests to every door and the management API: no 5xx, no lie"),
}


def main(words: Sequence[str]) -> int:
    name, *arguments = words or ["help"]
    if name in TORTURES:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped as well
        return TORTURES[name][0](arguments)
    print("\n".join(["./run torture NAME [--minutes N] [--json]", ""]))
    print("\n".join(f"  {known:10} {told}" for known, (_, told) in TORTURES.items()))
    return 0 if name in ("help", "--help", "-h") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
