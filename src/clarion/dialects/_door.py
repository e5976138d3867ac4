"""What the server hands every dialect, and all that a dialect may ask of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field
from starlette.types import Receive, Scope, Send

from clarion.accounts import Credential, Credentials, Rates
from clarion.dialects import _http
from clarion.model import Accepted, Duplicate, Offer, Sample, Source

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
Routes = Mapping[tuple[str, str], Handler]  # (method, path) -> handler


class Ingest(Protocol):
    """Where offers go; `clarion.events.Ingest` is the one."""

    async def offer(
        self,
        credential: Credential,
        source: Source,
        offers: Sequence[Offer],
        *,
        rejected: int = 0,
        samples: Sequence[Sample] = (),
    ) -> list[Accepted | Duplicate]:
        """What became of each offer, told once it is on disk; `rejected` is counted. Raises Unavailable.

        `samples` of what was rejected are kept for whoever asks why.
        """


class Door(Struct, frozen=True):
    """The rooms that a dialect speaks to. `now_us`: microseconds since 1970, by the database's clock."""

    credentials: Credentials
    rates: Rates
    ingest: Ingest
    now_us: Callable[[], int]
    body_timeout_s: float = _http.BODY_TIMEOUT_S
    bodies: _http.Bodies = field(default_factory=_http.Bodies)
