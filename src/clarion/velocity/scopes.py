"""What #break and #stop leave, and how variables come back when a loop or a macro is done."""

from typing import Any, Final

from clarion.velocity.compiler import Run
from clarion.velocity.state import State

#: Stands for what was not there, where null is something else.
ABSENT: Final = object()


class Broken(Exception):
    """#break; `scope` is the loop that is meant, or None for the nearest scope."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        super().__init__()


class Stopped(Exception):
    """#stop"""


def scoped_run(run: Run) -> Run:
    """A block that #break leaves."""

    def scoped(state: State) -> None:
        try:
            run(state)
        except Broken as broken:
            if broken.scope is not None:
                raise

    return scoped


def restore(variables: dict[str, Any], around: dict[str, Any]) -> None:
    for key, value in around.items():
        if value is ABSENT:
            variables.pop(key, None)
        else:
            variables[key] = value
