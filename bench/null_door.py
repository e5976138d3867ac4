"""The same doors with nothing behind them: authentication, rules, mapping and answer as ever, accept answered at once.

`http` is what `clarion.app` has under this name, so the server's own HTTP process can be told to serve it
(references.null_door). What a request costs here is what no cheaper storing could save.
"""

import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from bench.server import DIALECT
from clarion.accounts import Credential, Credentials, Rates
from clarion.app.routing import doors
from clarion.config import Settings
from clarion.db import Addresses
from clarion.dialects import DIALECTS, Door
from clarion.events import Packed
from clarion.model import Accepted, Duplicate, Ids, Offer, Sample, Source
from clarion.serve.port import ASGIApp


class NullIngest:
    """Accepts everything and keeps nothing."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

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
        return [Accepted(item_id) for item_id in self._ids.many(len(offers))]

    def admit(self, items: int) -> None:
        return


@asynccontextmanager
async def http(settings: Settings, addresses: Addresses) -> AsyncIterator[ASGIApp]:
    """Every door, knowing every key, without limits; the database is not asked."""
    credential = Credential(
        credential_id=uuid.UUID(int=1),
        workspace_id=uuid.UUID(int=2),
        dialect=DIALECT,
        rates=dict.fromkeys(DIALECTS[DIALECT].buckets, 0),
    )

    async def load(token_hash: bytes) -> Credential | None:
        return credential

    def now_us() -> int:
        return time.time_ns() // 1000

    outside = doors(
        Door(
            credentials=Credentials(load),
            rates=Rates(time.monotonic),
            ingest=NullIngest(Ids(now_us)),
            now_us=now_us,
        )
    )

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        handler = outside.find(scope["method"], scope["path"])
        assert handler is not None, "only calls that a door speaks are sent here"
        await handler(scope, receive, send)

    yield answer
