"""What is offered: SMASHSEND's wire, singles and batches, good events and bad ones, repeats and keys used twice."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from torture.record import Item, content_of

PEOPLE = 300
BATCH_MAX = 40
_NAMES = ("page_viewed", "order.placed", "cart:updated", "search-made", "user.signup")
_WORDS = ("льон", "wool", "soie", "麻", "naïve", "zażółć", 'quo"te', "back\\slash", "line\nfeed", "😀", "")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: its bytes, and the items in it by their place."""

    body: bytes
    items: tuple[Item, ...]
    single: bool


class Workload:
    """Makes requests of one workspace; items get numbers from 0 on, and keys that other workspaces use as well."""

    def __init__(self, workspace: str, key: str, seed: int) -> None:
        self.workspace = workspace
        self._head = f"Host: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n".encode()
        self._chance = random.Random(f"{seed} {workspace}")
        self._number = 0

    def next(self, acknowledged: Item | None) -> Request:
        """The next request. `acknowledged` was answered with success before, if given: its key may be used again."""
        chance = self._chance.random()
        if chance < 0.6:
            return self._single(*self._event())
        if chance < 0.62 and acknowledged is not None:
            return self._single(*self._event(shadow_of=acknowledged))
        if chance < 0.63:
            return self._single(*self._bad_event())
        return self._batch()

    def _batch(self) -> Request:
        events = [self._event() for _ in range(self._chance.randint(2, BATCH_MAX))]
        if self._chance.random() < 0.2:
            events.insert(self._chance.randrange(len(events)), self._bad_event())
        if self._chance.random() < 0.2:
            events.append(events[0])  # the same one twice in one request
        body = b'{"events":[' + b",".join(sent for _, sent in events) + b"]}"
        return self._request("/v1/events/batch", body, tuple(item for item, _ in events), single=False)

    def _single(self, item: Item, sent: bytes) -> Request:
        return self._request("/v1/events", sent, (item,), single=True)

    def _request(self, path: str, body: bytes, items: tuple[Item, ...], *, single: bool) -> Request:
        head = f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n".encode()
        return Request(head + self._head + b"\r\n" + body, items, single)

    def _event(self, shadow_of: Item | None = None) -> tuple[Item, bytes]:
        self._number += 1
        name, person = self._chance.choice(_NAMES), f"person{self._chance.randrange(PEOPLE)}@example.com"
        properties = self._properties()
        sent: dict[str, Any] = {"event": name, "identify": {"email": person}, "properties": properties}
        if self._chance.random() < 0.3:
            sent["identify"]["traits"] = {"firstName": self._chance.choice(_WORDS), "score": self._number}
        time_us = self._time(sent)
        sent["messageId"] = shadow_of.key if shadow_of else f"message-{self._number}"
        item = Item(
            workspace=self.workspace,
            key=sent["messageId"],
            number=self._number,
            content=content_of(name, person, properties),
            time_us=time_us,
            must="be a shadow" if shadow_of else "be stored",
        )
        return item, json.dumps(sent, ensure_ascii=self._chance.random() < 0.5).encode()

    def _bad_event(self) -> tuple[Item, bytes]:
        item, sent = self._event()
        item.must = "be refused"
        broken = json.loads(sent)
        match self._chance.randrange(3):
            case 0:
                broken["identify"]["email"] = "nobody at example"
            case 1:
                broken["event"] = "a name with spaces"
            case _:
                broken["properties"] = {"a": {"b": {"c": {"d": 1}}}}
        return item, json.dumps(broken).encode()

    def _properties(self) -> dict[str, Any]:
        chance = self._chance
        made: dict[str, Any] = {"n": self._number, "word": chance.choice(_WORDS)}
        if chance.random() < 0.5:
            made |= {
                "price": round(chance.uniform(0, 900), 2),
                "whole": chance.getrandbits(63),
                "tiny": 1e-300,
            }
        if chance.random() < 0.3:
            made |= {"email": f"other{self._number}@example.com", "deep": {"er": {"phone": "+380501234567"}}}
        if chance.random() < 0.3:
            made |= {"list": [1, "two", None, True, 2.5], "none": None, "empty": {}, "": "no name"}
        return made

    def _time(self, sent: dict[str, Any]) -> int | None:
        """Sometimes told as ISO 8601, sometimes as milliseconds, sometimes not; returns it in microseconds."""
        moment = datetime.now(UTC) - timedelta(milliseconds=self._chance.randrange(10**10))
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
        milliseconds = since // timedelta(milliseconds=1)
        match self._chance.randrange(3):
            case 0:
                sent["timestamp"] = moment.isoformat()
                return since // timedelta(microseconds=1)
            case 1:
                sent["timestamp"] = milliseconds
                return milliseconds * 1000
        return None
