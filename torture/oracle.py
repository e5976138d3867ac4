"""The oracle: what was offered and answered, against what is stored. Pure Python; it shares no code with the server.

E1  every acknowledged item is stored exactly once with equal content, or in quarantine: lost, duplicated, altered
E2  nothing is stored that was not offered: invented
E3  answers agree with each other and with what is stored: contradicted
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torture.record import Item, content_of

CLOCK_SLACK_S = 60
_SHOWN = 5

Place = tuple[str, int]  # (workspace, number)


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as the timeline shows it."""

    workspace: str
    number: int | None
    name: str
    person: str
    time_us: int
    properties: dict[str, Any]


@dataclass(slots=True)
class Verdict:
    """How many of each, and the first few as examples."""

    offered: int = 0
    acknowledged: int = 0
    stored: int = 0
    quarantined: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def blame(self, fault: str, example: str) -> None:
        self.faults[fault] += 1
        if len(self.examples[fault]) < _SHOWN:
            self.examples[fault].append(example)

    @property
    def lost(self) -> int:
        return self.faults["lost"]

    @property
    def clean(self) -> bool:
        return not self.faults.total()


def judge(items: Iterable[Item], stored: Iterable[Stored], quarantined: Iterable[Place]) -> Verdict:
    """Hold the two against each other; times are checked only where the caller told one."""
    verdict = Verdict()
    offered: dict[Place, Item] = {(item.workspace, item.number): item for item in items}
    found: Counter[Place] = Counter()
    for event in stored:
        verdict.stored += 1
        _judge_stored(verdict, offered, event, found)
    aside = Counter(quarantined)
    verdict.quarantined = aside.total()
    for place, item in offered.items():
        verdict.offered += 1
        verdict.acknowledged += item.acknowledged and item.must == "be stored"
        _judge_item(verdict, item, found[place] + aside[place])
        _judge_answers(verdict, item)
    return verdict


def _judge_stored(verdict: Verdict, offered: dict[Place, Item], event: Stored, found: Counter[Place]) -> None:
    place = (event.workspace, event.number if event.number is not None else -1)
    item = offered.get(place)
    if item is None or not item.sendings:
        verdict.blame("invented", f"{place}: nobody offered it")
        return
    found[place] += 1
    if item.content != content_of(event.name, event.person, event.properties):
        verdict.blame("altered", f"{place}: {event.name} of {event.person} says {event.properties}")
    elif item.time_us is not None and item.time_us != event.time_us:
        verdict.blame("altered", f"{place}: its time was {item.time_us}, and is {event.time_us}")


def _judge_item(verdict: Verdict, item: Item, times: int) -> None:
    place = (item.workspace, item.number)
    if times > 1:
        verdict.blame("duplicated", f"{place} is there {times} times")
    if item.must == "be stored":
        if item.acknowledged and not times:
            verdict.blame("lost", f"{place}: {[sending.answer for sending in item.sendings]}")
        if times and all(sending.answer in ("failed", "refused") for sending in item.sendings):
            verdict.blame("contradicted", f"{place} was refused, and is stored")
    elif times:
        verdict.blame("contradicted", f"{place} had to {item.must}, and is stored")


def _judge_answers(verdict: Verdict, item: Item) -> None:
    place = (item.workspace, item.number)
    answers = [sending.answer for sending in sorted(item.sendings, key=lambda sending: sending.sent_at)]
    if item.must == "be refused" and item.acknowledged:
        verdict.blame("contradicted", f"{place} breaks the vendor's rules, and was acknowledged")
    if item.must == "be stored" and ("failed" in answers or "refused" in answers):
        verdict.blame("contradicted", f"{place} breaks no rule, and was refused: {answers}")
    if item.must == "be a shadow" and "accepted" in answers:
        verdict.blame("contradicted", f"{place} bears a key that was known, and was accepted")
    if answers.count("accepted") > 1:
        verdict.blame("contradicted", f"{place} was accepted more than once: {answers}")
    if item.must == "be stored" and answers == ["duplicate"]:
        verdict.blame("contradicted", f"{place} was offered once, and called a duplicate")
