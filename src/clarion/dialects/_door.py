"""What the server hands every dialect, and all that a dialect may ask of it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from msgspec import Struct, field
from starlette.types import Receive, Scope, Send

from clarion import errors
from clarion.accounts import Credential, Credentials, Rates, Vaults
from clarion.db import Database
from clarion.dialects import _http
from clarion.dialects._reading import Here, Reads
from clarion.dialects._turns import Turns
from clarion.events import Packed
from clarion.model import Accepted, Duplicate, Ids, Offer, Sample, Source

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
Routes = Mapping[tuple[str, str], Handler]  # (method, path) -> handler; `{name}` in a path is one segment


class Ingest(Protocol):
    """Where offers go; `clarion.events.Ingest` is the one."""

    async def offer(
        self,
        credential: Credential,
        source: Source,
        offers: Sequence[Offer] | Packed,
        *,
        rejected: int = 0,
        samples: Sequence[Sample] = (),
        in_turn: bool = False,
    ) -> list[Accepted | Duplicate]:
        """What became of each offer, told once it is on disk; `rejected` is counted. Raises Unavailable.

        `samples` of what was rejected are kept for whoever asks why. `in_turn`: the caller holds one of `turns`.
        """

    def admit(self, items: int) -> None:
        """Asked before events are told in a transaction of one's own. Raises Unavailable where too much waits."""


class Store(Struct, frozen=True):
    """What calls need that are done at once, in a transaction of the caller's workspace.

    `outbox_max`: how many due transactional messages of a channel may wait before calls that send are refused.
    """

    database: Database
    vaults: Vaults
    ids: Ids
    outbox_max: int = 100_000


class Door(Struct, frozen=True):
    """The rooms that a dialect speaks to. `now_us`: microseconds since 1970, by the database's clock.

    A batch waits for its turn before it is read by `reads`. `store`: None where a door only takes in what is queued.
    """

    credentials: Credentials
    rates: Rates
    ingest: Ingest
    now_us: Callable[[], int]
    body_timeout_s: float = _http.BODY_TIMEOUT_S
    bodies: _http.Bodies = field(default_factory=_http.Bodies)
    turns: Turns = field(default_factory=Turns)
    reads: Reads = field(default_factory=Here)
    store: Store | None = None

    def opened(self) -> Store:
        """For calls that are done at once."""
        assert self.store is not None, "the door was composed without what these calls need"
        return self.store


class Table:
    """Handlers by method and path. A path that is spoken letter for letter is never taken for another's place."""

    def __init__(self, routes: Routes) -> None:
        self._exact = {place: handler for place, handler in routes.items() if "{" not in place[1]}
        self._known = {path for _, path in self._exact}
        self._shaped = {place: handler for place, handler in routes.items() if "{" in place[1]}

    def find(self, method: str, path: str) -> Handler | None:
        """Whose request this is."""
        handler = self._exact.get((method, path))
        if handler is not None or path in self._known:
            return handler
        return next(
            (
                handler
                for (spoken, shape), handler in self._shaped.items()
                if spoken == method and _pattern(shape).fullmatch(path)
            ),
            None,
        )


def allowed(places: Sequence[tuple[str, str]], path: str) -> list[str]:
    """The methods that are spoken at a path."""
    exact = [method for method, spoken in places if spoken == path]
    return exact or [method for method, shape in places if "{" in shape and _pattern(shape).fullmatch(path)]


def places(shape: str, path: str) -> dict[str, str]:
    """What stands in a path where its shape has `{name}`.

    Raises NotFound where U+0000 stands in it: PostgreSQL keeps none, so it names nothing.
    """
    if "\0" in path:
        raise errors.NotFound("Not found: the path contains the character U+0000")
    found = _pattern(shape).fullmatch(path)
    return found.groupdict() if found else {}


@lru_cache(1_024)
def _pattern(shape: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(shape)), re.DOTALL)
