"""A server known to be bad: it answers before the commit. The control of T1, which has to find what it loses.

Given to the supervisor in the place of `clarion.app` (`clarion serve --app torture.hasty`).
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from clarion import errors
from clarion.accounts import Credential
from clarion.app import http, prepare, server, worker
from clarion.events import Ingest, Packed
from clarion.model import Accepted, Duplicate, Offer, Sample, Source

LATE_S = 0.05

__all__ = ["http", "prepare", "worker"]


class HastyIngest(Ingest):
    """Says that all was accepted, and commits a moment later."""

    _late: ClassVar[set[asyncio.Task[None]]] = set()

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
        running = asyncio.create_task(self._offer_late(credential, source, offers, rejected))
        self._late.add(running)
        running.add_done_callback(self._late.discard)
        return [Accepted(self._ids.next()) for _ in range(len(offers))]

    async def _offer_late(
        self, credential: Credential, source: Source, offers: Sequence[Offer] | Packed, rejected: int
    ) -> None:
        await asyncio.sleep(LATE_S)
        try:
            await super().offer(credential, source, offers, rejected=rejected)
        except errors.Unavailable:
            pass  # the caller was told long ago that it went well


# Where `http` takes it from; this module is imported by the processes of the bad server alone.
vars(server)["Ingest"] = HastyIngest
