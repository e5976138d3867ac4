"""What one rendering holds: its variables, its output, and what it has used of its budgets."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from clarion.velocity.errors import Trouble
from clarion.velocity.limits import Limits
from clarion.velocity.values import Safe


class Overspent(Exception):
    """A budget is used up. The compiler adds the place."""


#: Longer texts that are made for the output are work.
_SHORT = 100


class State:
    """Handed to every compiled part. Nothing outlives the rendering."""

    __slots__ = (
        "_clock",
        "_deadline",
        "_items",
        "_loops",
        "_work",
        "at",
        "escape",
        "limits",
        "macro_depth",
        "mark",
        "now",
        "out",
        "room",
        "variables",
        "zone",
    )

    def __init__(
        self,
        variables: dict[str, Any],
        limits: Limits,
        *,
        escape: bool,
        now: datetime | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self.variables, self.limits, self.escape = variables, limits, escape
        self.out: list[str] = []
        self.now = now
        self.zone: tzinfo = zone or UTC
        self.macro_depth = 0
        #: Where in the template we are, for the error's sake.
        self.at = 0
        #: How many characters the output may still grow by.
        self.room = limits.output_chars_max
        self.mark = 0
        self._work = self._loops = self._items = 0
        self._clock = limits.clock
        self._deadline = limits.clock() + limits.cpu_s_max

    def write_value(self, text: str, value: Any) -> None:
        """Put what a reference gave into the output, escaped where this message asks for it."""
        if len(text) > _SHORT:
            self.spend(len(text))
        self.out.append(html.escape(text) if self.escape and type(value) is not Safe else text)

    def account(self) -> None:
        """Count what was put into the output since the last time. What waits to be counted are only references."""
        new = self.out[self.mark :] if self.mark else self.out
        self.room -= sum(map(len, new))
        self.mark = len(self.out)
        if self.room < 0:
            raise Overspent(f"the output is longer than {self.limits.output_chars_max:,} characters")

    def round(self) -> None:
        """One more round of a loop, or call of a macro."""
        self._loops += 1
        if self._loops > self.limits.loops_max:
            raise Overspent(f"more than {self.limits.loops_max:,} rounds of loops")
        if not self._loops & 15:
            self.account()
            self.check()

    def spend(self, chars: int) -> None:
        """So many characters were read or made."""
        self._work += chars
        if self._work > self.limits.work_chars_max:
            raise Overspent(f"more than {self.limits.work_chars_max:,} characters were worked on")
        if chars > 1000:
            self.check()

    def keep(self, items: int) -> None:
        """So many elements were put into lists and maps."""
        self._items += items
        if self._items > self.limits.items_max:
            raise Overspent(f"more than {self.limits.items_max:,} elements were put into lists and maps")

    def check(self) -> None:
        """Whether time is left: asked before what may take a millisecond, for a template may say it 20,000 times."""
        if self._clock() > self._deadline:
            raise Overspent(f"rendering took more than {self.limits.cpu_s_max:g} s")

    def present(self) -> datetime:
        """The time of this rendering, in the contact's zone. Without one there is no `$dateTool.currentDate`."""
        if self.now is None:
            raise Trouble("the time is not known here")
        return self.now.astimezone(self.zone)


def variables_of(context: Mapping[str, Any], tools: Mapping[str, Any]) -> dict[str, Any]:
    """The variables a rendering begins with. Data cannot hide a tool: `$esc` is always ours."""
    return {**context, **tools}
