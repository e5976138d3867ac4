"""What the load generator remembers: every item it offered, every sending of it, every answer. Pure."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

#: What one sending of one item came to. "unanswered": the connection broke, or nothing came in time.
Answer = Literal["accepted", "duplicate", "acknowledged", "failed", "refused", "unavailable", "unanswered"]
ACKNOWLEDGED: frozenset[Answer] = frozenset({"accepted", "duplicate", "acknowledged"})


@dataclass(slots=True)
class Sending:
    """One sending of one item, in monotonic seconds. `whole`: the request's last byte had been handed over."""

    sent_at: float
    ended_at: float
    answer: Answer
    whole: bool


@dataclass(slots=True)
class Item:
    """One event as it was offered. `number` is a property of it, by which it is found again.

    `time_us` None: it told no time. `must`: what has to become of it once it is acknowledged. A "shadow" bears
    the key of an item that was acknowledged before with another content, so it must leave no trace.
    """

    workspace: str
    key: str
    number: int
    content: str
    time_us: int | None
    must: Literal["be stored", "be refused", "be a shadow"] = "be stored"
    sendings: list[Sending] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return any(sending.answer in ACKNOWLEDGED for sending in self.sendings)


@dataclass(slots=True)
class Heard:
    """One answer as HTTP had it. `retry_after`: whether it said when to come again."""

    status: int
    seconds: float
    retry_after: bool


@dataclass(slots=True)
class Record:
    """All of a run; only the load generator writes it."""

    items: list[Item] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    broken: list[float] = field(default_factory=list)  # when connections broke under a request
    longest_s: float = 0.0  # that a caller waited for an answer or for the connection to break
    strange: list[str] = field(default_factory=list)  # answers that no vendor gives


def content_of(name: str, person: str, properties: dict[str, Any]) -> str:
    """A hash of what an event says. Numbers are equal as JSON has them: 1, 1.0 and 1e0 are one."""
    whole = [name, person, canonical(properties)]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """The value with each number in one form: a whole one below 2^63 as an int, any other as a float."""
    if isinstance(value, dict):
        return {key: canonical(below) for key, below in value.items()}
    if isinstance(value, list):
        return [canonical(below) for below in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if value == value // 1 and abs(value) < 2**63:
        return int(value)
    return float(value)
