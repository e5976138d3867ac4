"""The events that are sent: SMASHSEND's wire or another, a shop's metrics, an e-mail each.

Requests are encoded once, with holes for what must be new in each: the message id and whom the event is about. So
the generator spends a fraction of a microsecond an event.
"""

import random
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

PROPERTIES_BYTES = 252  # of JSON, as the reference's rows have
BATCH = 200
CONNECTIONS = {"single": 64, "batch": 32, "introduction": 32}
NEW_PERCENT = 20
TRAITS_PERCENT = 10
FIRST_NEW = 10**9  # people below are known, if they were introduced

_MESSAGE = "@message@"
_PERSON = "@person@"
_HOLES = ((_MESSAGE.encode(), b"%012d"), (_PERSON.encode(), b"%010d"))
NAMES = (
    "page_viewed", "product_viewed", "cart_updated", "checkout_started", "order_placed", "order_delivered",
    "search_made", "wishlist_updated",
)  # fmt: skip
_PLANS = ("free", "silver", "gold")
_TAGS = ("sale", "new", "summer", "gift", "eco", "limited")
_WORDS = "linen shirt canvas bag wool scarf leather belt cotton socks silk tie denim jacket".split()
_SINGLES = 4096  # different ones
_BATCHES = 128


class Wire(Struct, frozen=True):
    """Where a door takes events, how its key is shown, and an event of SMASHSEND's in its words."""

    single: bytes
    batch: bytes
    shown: Callable[[str], str]
    event: Callable[[dict[str, Any]], dict[str, Any]]


def _esputnik(told: dict[str, Any]) -> dict[str, Any]:
    params = told["properties"] | {"messageId": told["messageId"]}
    said = {"eventTypeKey": told["event"], "keyValue": told["identify"]["email"], "params": params}
    return said | {"occurred": told["timestamp"]}


FIRST_DOOR = "smashsend"
WIRES = {
    FIRST_DOOR: Wire(b"/v1/events", b"/v1/events/batch", lambda key: f"Bearer {key}", lambda told: told),
    "esputnik": Wire(
        b"/api/v3/event",
        b"/api/v3/past_events",
        lambda key: f"Basic {b64encode(f'bench:{key}'.encode()).decode()}",
        _esputnik,
    ),
}


class Workload(Struct, frozen=True):
    """Who is known: people 0 to `known` - 1. `seed` makes two runs alike."""

    known: int
    seed: int = 1


class Requests:
    """Makes whole HTTP requests, each with events that were never sent before."""

    def __init__(self, workload: Workload, key: str, door: str = FIRST_DOOR) -> None:
        wire = WIRES[door]
        self._random = random.Random(workload.seed)
        self._known = range(workload.known)
        self._message = 0
        self._new = FIRST_NEW
        shown = wire.shown(key)
        head = f"Host: 127.0.0.1\r\nAuthorization: {shown}\r\nContent-Type: application/json\r\n".encode()
        events = [msgspec.json.encode(wire.event(event(self._random))) for _ in range(_SINGLES)]
        self._singles = [_whole(wire.single, head, sent) for sent in events]
        chosen = [self._random.sample(events, BATCH) for _ in range(_BATCHES)]
        self._batches = [
            _whole(wire.batch, head, b'{"events":[' + b",".join(sent) + b"]}") for sent in chosen
        ]

    def single(self) -> bytes:
        """One event."""
        self._message += 1
        if self._random.randrange(100) < NEW_PERCENT or not self._known:
            self._new += 1
            person = self._new
        else:
            person = self._random.randrange(len(self._known))
        return self._singles[self._message % _SINGLES] % (person, self._message)

    def batch(self) -> bytes:
        """BATCH events, the new people among them at random places."""
        new = BATCH * NEW_PERCENT // 100 if self._known else BATCH
        people = self._random.choices(self._known, k=BATCH) if self._known else [0] * BATCH
        for place in self._random.sample(range(BATCH), new):
            self._new += 1
            people[place] = self._new
        return self._of(people)

    def introduction(self, first: int) -> bytes:
        """BATCH events that make people `first` and following known."""
        return self._of(list(range(first, first + BATCH)))

    def _of(self, people: list[int]) -> bytes:
        numbers = [0] * (2 * BATCH)
        numbers[0::2] = people  # the order of the holes in an event
        numbers[1::2] = range(self._message + 1, self._message + BATCH + 1)
        self._message += BATCH
        return self._batches[self._message // BATCH % _BATCHES] % tuple(numbers)


def event(chance: random.Random) -> dict[str, Any]:
    """An event with holes for person and message id, in this order; one in ten carries traits."""
    identify: dict[str, Any] = {"email": f"person{_PERSON}@example.com"}
    if chance.randrange(100) < TRAITS_PERCENT:
        identify["traits"] = {
            "firstName": chance.choice(("Olena", "Taras", "Iryna", "Petro", "Sofiia")),
            "plan": chance.choice(_PLANS),
            "points": chance.randrange(1_000_000),
        }
    moment = datetime.now(UTC) - timedelta(milliseconds=chance.randrange(3_600_000))
    return {
        "event": chance.choice(NAMES),
        "identify": identify,
        "properties": properties(chance),
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "messageId": f"bench-{_MESSAGE}",
    }


def properties(chance: random.Random) -> dict[str, Any]:
    """Text, integers, decimals, booleans and a list; PROPERTIES_BYTES of JSON."""
    made = {
        "product_id": f"SKU-{chance.randrange(10**6):06d}",
        "product_name": " ".join(chance.sample(_WORDS, 2)),
        "price": round(chance.uniform(1, 900), 2),
        "currency": chance.choice(("EUR", "UAH", "USD")),
        "quantity": chance.randrange(1, 10),
        "in_stock": chance.random() < 0.9,
        "tags": chance.sample(_TAGS, 2),
        "url": "",
    }
    left = PROPERTIES_BYTES - len(msgspec.json.encode(made))
    made["url"] = f"https://shop.example/{chance.getrandbits(256):0100x}"[:left]
    return made


def _whole(path: bytes, head: bytes, body: bytes) -> bytes:
    """The request with its holes; they are filled with digits of a fixed width, so its length is known."""
    assert b"%" not in body + head, "a percent sign would be taken for a hole"
    for hole, digits in _HOLES:
        body = body.replace(hole, digits)
    length = len(body % ((0,) * body.count(b"%")))
    return b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (path, head, length) + body
