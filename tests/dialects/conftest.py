"""A door as the server would open it, without the server: callers, and a journal in memory that they write to.

Credentials and rates are the real ones. `Journal` stands for events.Ingest (whose own tests are in tests/db): it
keeps what it is offered, knows keys for ever, and can be told to fail or to wait.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
import pytest

from clarion.accounts import Credential, Credentials, Rates
from clarion.dialects import Dialect
from clarion.dialects._door import Door, Table
from clarion.model import Accepted, Duplicate, Offer, Sample, Source
from tests.dialects.calls import DIALECTS, SECRET, SHOWN, SHOWN_IN, Call

NOW_US = 1_768_473_000_000_000  # 2026-01-15T10:30:00Z


class Journal:
    def __init__(self) -> None:
        self.offers: list[Offer] = []
        self.sources: set[Source] = set()
        self.rejected = 0
        self.samples: list[Sample] = []
        self.calls = 0
        self.error: Exception | None = None
        self.committed: asyncio.Event | None = None
        self._keys: set[str] = set()

    async def offer(
        self,
        credential: Credential,
        source: Source,
        offers: Sequence[Offer],
        *,
        rejected: int = 0,
        samples: Sequence[Sample] = (),
        in_turn: bool = False,
    ) -> list[Accepted | Duplicate]:
        self.calls += 1
        if self.error:
            raise self.error
        if self.committed:
            await self.committed.wait()
        self.sources.add(source)
        self.rejected += rejected
        self.samples += samples
        return [self._keep(offer) for offer in offers]

    def admit(self, items: int) -> None:
        if self.error:
            raise self.error

    def _keep(self, offer: Offer) -> Accepted | Duplicate:
        if offer.dedup.key in self._keys:
            return Duplicate()
        self._keys.add(offer.dedup.key)
        self.offers.append(offer)
        return Accepted(UUID(int=len(self.offers)))

    @property
    def events(self) -> list[Any]:
        return [offer.inbound for offer in self.offers]


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Desk:
    """One dialect behind a door, its one caller, and the clock."""

    def __init__(self, dialect: str, routes: ModuleType | Dialect, secret: str = SECRET) -> None:
        self.now_us = NOW_US
        self.hold: Callable[[float], Awaitable[bool]] | None = None  # how the server lets a caller wait
        self.journal = Journal()
        self.credential = Credential(
            credential_id=UUID(int=1), workspace_id=UUID(int=2), dialect=dialect, rates={}
        )
        self._hash = hashlib.sha256(secret.encode()).digest()
        self._shown = SHOWN[dialect](secret)
        self.shown_in = SHOWN_IN.get(dialect, "authorization")
        self.door = Door(
            credentials=Credentials(self._load, lambda: self.now_us / 1e6, lambda: self.now_us),
            rates=Rates(lambda: self.now_us / 1e6),
            ingest=self.journal,
            now_us=lambda: self.now_us,
            body_timeout_s=0.05,
        )
        self.routes = routes.routes(self.door)
        self._unknown = routes.unknown(self.door)

    async def _load(self, secret_hash: bytes) -> Credential | None:
        return self.credential if secret_hash == self._hash else None

    async def send(
        self, method: str, path: str, chunks: Iterable[bytes | None] = (b"",), **headers: str
    ) -> Answer | None:
        """The answer, None when there was none. A chunk that is None is a caller who hangs up; no chunk at all,
        one who never sends. `authorization` is what stands in the header in which the dialect's key is shown.
        """
        shown = {self.shown_in: headers.pop("authorization", self._shown)} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in shown.items()],
        }
        if self.hold:
            scope["clarion.hold"] = self.hold
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        handler = Table(self.routes).find(method, path) or self._unknown
        await handler(scope, _receiver(list(chunks)), send)
        if not sent:
            return None
        start, body = sent
        names = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], names, body["body"])

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """POST `body`, as JSON unless it is bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.send("POST", path, [raw], **headers)
        assert answer is not None
        return answer


def _receiver(chunks: list[bytes | None]) -> Callable[[], Any]:
    async def receive() -> dict[str, Any]:
        if not chunks:
            await asyncio.Event().wait()
        chunk = chunks.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    return receive


@pytest.fixture(scope="session")
def open_desk() -> type[Desk]:
    """Opens a new desk: `open_desk("smashsend", smashsend.routes)`."""
    return Desk


@pytest.fixture(params=DIALECTS, ids=lambda call: f"{call.dialect}-{call.path}")
def call(request: pytest.FixtureRequest) -> Any:
    """One call after the other, of all dialects."""
    return request.param


@pytest.fixture
def desk(call: Call) -> Desk:
    """A new desk of the call's dialect."""
    return Desk(call.dialect, call.routes)
