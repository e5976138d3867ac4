"""A process that renders each attack in a child of its own, and says what became of it: python -m …prisoner

The child is forked from a process that has only imported the library, so its time and memory are the attack's and the
library's. Lines of JSON come in, a template each; one goes out for each: outcome, CPU seconds, the most memory that
was resident. With --unbound the budgets are off.
"""

import json
import os
import sys
from datetime import UTC, datetime

from clarion import velocity
from tests.unit.velocity.grammar_data import CONTEXT

UNBOUND = velocity.Limits(loops_max=10**9, output_chars_max=10**9, work_chars_max=10**9, cpu_s_max=10**6)


def main() -> None:
    limits = UNBOUND if sys.argv[1:] == ["--unbound"] else velocity.Limits()
    for line in sys.stdin:
        print(json.dumps(render_in_child(json.loads(line), limits)), flush=True)


def render_in_child(source: str, limits: velocity.Limits) -> dict[str, object]:
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        os.write(sending, render(source, limits).encode())
        os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, "rb") as answers:
        outcome = answers.read().decode(errors="replace")
    _, status, used = os.wait4(child, 0)
    return {
        "outcome": outcome if status == 0 else f"killed: {status}",
        "cpu_s": used.ru_utime + used.ru_stime,
        "resident_mb": used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1024),
    }


def render(source: str, limits: velocity.Limits) -> str:
    """`text: …`, `error: …`, or what should not be."""
    try:
        return (
            "text: " + velocity.compile(source, limits=limits).render(CONTEXT, now=datetime.now(UTC))[:2000]
        )
    except velocity.VelocityError as exc:
        return f"error: {exc}"[:2000]
    except BaseException as exc:
        return f"crash: {type(exc).__name__}: {exc}"[:2000]


if __name__ == "__main__":
    main()
