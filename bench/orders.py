"""What the load generator is told, a line of JSON each on its standard input, and what it says on its output."""

from typing import Literal

import msgspec
from msgspec import Struct

from bench.workload import FIRST_DOOR, Workload

Shape = Literal["single", "batch", "introduction"]


class Begin(Struct, frozen=True, tag=True):
    """First line: get ready. `key`: what both servers are shown; `others`: the keys of further doors."""

    key: str
    workload: Workload
    others: dict[str, str] = {}


class Run(Struct, frozen=True, tag=True, kw_only=True):
    """Send for `warm_s` seconds uncounted and then `seconds` counted; an introduction ends by itself.

    `per_s`: no more than so many requests a second; 0 is as many as are answered. `limited`: 429 is foreseen, and
    the next request goes out at once, as a rude client's does.
    """

    port: int
    shape: Shape
    connections: int
    seconds: float
    warm_s: float
    per_s: float = 0.0
    limited: bool = False
    door: str = FIRST_DOOR


class Gate(Struct, frozen=True, tag=True):
    """Hold back new requests, or let them go again."""

    open: bool


class Ready(Struct, frozen=True, tag=True):
    """The requests are encoded."""

    event_bytes: int  # of JSON, on average


class Counting(Struct, frozen=True, tag=True):
    """The counted seconds begin now."""


class Counted(Struct, frozen=True, tag=True):
    """The counted seconds are over; the answers still outstanding are waited for."""

    seconds: float
    requests: int
    events: int


class Ran(Struct, frozen=True, tag=True, kw_only=True):
    """The run is over, every request answered. Latencies and `refused` are those of the counted seconds.

    `acknowledged`: events that were answered with success, counted or not. `refused`: requests answered with 503 or,
    where that is foreseen, with 429. `failures`: the first answers that nobody expected.
    """

    acknowledged: int
    refused: int
    latencies: dict[int, int]
    failures: list[str]


Told = Begin | Run | Gate
Said = Ready | Counting | Counted | Ran

decode_told = msgspec.json.Decoder(Told).decode
decode_said = msgspec.json.Decoder(Said).decode


def encode(value: Told | Said) -> bytes:
    return msgspec.json.encode(value) + b"\n"
