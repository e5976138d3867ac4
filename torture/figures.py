"""Rounds added up, and told."""

import json
from collections import Counter
from dataclasses import dataclass, field

from torture.outcome import TARGETS, Outcome


@dataclass(slots=True)
class Figures:
    """Rounds added up. `faults`: whatever should not be, and how often."""

    kills: int = 0
    acknowledged: int = 0
    stored: int = 0
    quarantined: int = 0
    by_target: Counter[str] = field(default_factory=Counter)
    windows: Counter[str] = field(default_factory=Counter)
    overtaken: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    worst_back_s: dict[str, float] = field(default_factory=dict)
    ready_after_start_s: float = 0.0
    gone_s: float = 0.0
    drain_s: float = 0.0
    longest_wait_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.kills += len(outcome.kills)
        self.acknowledged += outcome.verdict.acknowledged
        self.stored += outcome.verdict.stored
        self.quarantined += outcome.verdict.quarantined
        self.by_target.update(kill.target for kill in outcome.kills)
        self.windows.update(outcome.windows)
        self.overtaken += outcome.overtaken
        self.answers.update(outcome.answers)
        for target in TARGETS:
            worst = max(self.worst_back_s.get(target, 0.0), outcome.worst_back_s(target))
            self.worst_back_s[target] = round(worst, 2)
        self.ready_after_start_s = round(max(self.ready_after_start_s, outcome.ready_after_start_s), 2)
        self.gone_s = round(max(self.gone_s, outcome.gone_s), 2)
        self.drain_s = round(max(self.drain_s, outcome.drain_s), 2)
        self.longest_wait_s = round(max(self.longest_wait_s, outcome.longest_s), 2)
        self.faults.update(outcome.faults())
        self.examples += [
            *outcome.strange,
            *(text for shown in outcome.verdict.examples.values() for text in shown),
        ]

    def as_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    def as_text(self) -> str:
        """One figure a line."""
        lines = [f"{name.replace('_', ' '):20} {_shown(getattr(self, name))}" for name in self.__slots__]
        bound = f"{3 / self.kills:.2%}" if self.kills and not self.faults else "none"
        return "\n".join([*lines, f"{'failures per kill':20} below {bound} (95 %)"])


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in sorted(value.items())) or "none"
    if isinstance(value, list):
        return "".join(f"\n  {line}" for line in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
