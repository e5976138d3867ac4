"""What a template may use up. Every number has a unit, and running into it is an error, never a hang."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The budgets of one compilation and one rendering."""

    source_chars_max: int = 1_000_000
    nodes_max: int = 20_000  #: parts of the syntax tree
    nesting_max: int = 50  #: blocks, brackets and strings within each other
    loops_max: int = 100_000  #: rounds of all #foreach, and macro calls, together
    output_chars_max: int = 1_000_000
    work_chars_max: int = 5_000_000  #: characters that string methods and operators read and make
    items_max: int = 100_000  #: elements that a template puts into lists and maps, together
    macro_depth_max: int = 20  #: as Velocity's velocimacro.max_depth
    cpu_s_max: float = 0.5
    #: How the time is told: of this thread's CPU, so that a busy machine does not break a good template.
    clock: Callable[[], float] = time.thread_time


DEFAULT = Limits()
