"""What a batch says, read where it came in; `_beside` reads it in another process."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from clarion.events import Packed
from clarion.model import Offer, Sample, Source

#: What the answer needs of each item, what is offered, and what is kept of the refused ones. Raises Declined.
Judged = tuple[list[Any], list[Offer], list[Sample]]


class Reading(Struct, frozen=True):
    """How a call's bodies are read: a pure function of a module, so that another process finds it by its name.

    `judge` is given the body, the time (us by the database's clock), and what else the call says in plain values.
    `told`: of what type its answer's first part is. What it raises of `Declined` is known by its class and its one
    sentence.
    """

    judge: Callable[..., Judged]
    told: Any
    source: Source


class Read(Struct, frozen=True):
    """A body's content; `offers` may have been packed already."""

    told: list[Any]
    offers: Sequence[Offer] | Packed
    samples: list[Sample]


class Reads(Protocol):
    """Whoever reads large bodies."""

    async def read(self, reading: Reading, workspace_id: UUID, body: bytes, now_us: int, *more: str) -> Read:
        """What the body says. Raises what `judge` raises, and Unavailable."""


class Here:
    """At once, in this process."""

    async def read(self, reading: Reading, workspace_id: UUID, body: bytes, now_us: int, *more: str) -> Read:
        """What the body says. Raises what `judge` raises."""
        return Read(*reading.judge(body, now_us, *more))
