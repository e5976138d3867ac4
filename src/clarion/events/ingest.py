"""The accept loop: requests of one workspace share commits, and each is answered only after its own.

There is no timer: while a commit is in flight the next group gathers. This is the one place besides the edge
that owns a transaction (architecture: Data rules, SQL).
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from clarion import errors, log, model
from clarion.accounts import Credential, Vaults
from clarion.db import Database, is_lost_connection, is_transient
from clarion.events import store
from clarion.events.accept import Group, Packed, Policy, Seen, accept, pack
from clarion.events.journal import ITEMS_MAX
from clarion.events.ledger import Tally
from clarion.events.pace import LARGE_ITEMS, Pace
from clarion.events.rejected import Samples
from clarion.model import Accepted, Duplicate, Ids, Offer, Sample, Source

COMMITS_IN_FLIGHT = 2  # of one workspace and policy
WAITING_ITEMS_MAX = 100_000  # of this process; beyond it callers hear 503
TRIES_AFTER_LOSS = 3
FLUSH_EVERY_S = 1.0
NOTIFY_EVERY_S = 0.02
CAREFUL_S = 10.0  # so long after a key was met that stood there before, keys are not taken to be new

_log = log.get(__name__)


class Meters(Protocol):
    """Who counts for monitoring; `outcome` is accepted, duplicate or rejected."""

    def count(self, source: Source, outcome: str, items: int) -> None: ...

    def committed(self, seconds: float) -> None: ...


class _Request(Struct, frozen=True, eq=False):
    packed: Packed
    rejected: int
    answer: "asyncio.Future[list[Accepted | Duplicate]]"


class _Queue(Struct, eq=False):
    """What waits for a commit: requests of one workspace, source and policy."""

    workspace_id: UUID
    source: Source
    policy: Policy
    waiting: deque[_Request]
    in_flight: int = 0
    starting: bool = False  # a commit that has not taken its group yet
    careful_until: float = 0.0  # by the loop's clock


class Ingest:
    """Takes offers of many concurrent callers. `run()` must run beside it.

    `refuse_because` is asked at every offer: a reason to answer Unavailable for now, or None.
    """

    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        ids: Ids,
        *,
        meters: Meters | None = None,
        refuse_because: Callable[[], str | None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._vaults = vaults
        self._ids = ids
        self._meters = meters
        self._refuse_because = refuse_because
        self._pace = pace or Pace()
        self._queues: dict[tuple[UUID, Source, Policy], _Queue] = {}
        self._waiting_items = 0
        self._commits: set[asyncio.Task[None]] = set()
        self._edge_counts: dict[UUID, Tally] = defaultdict(Tally)
        self._samples = Samples(database, vaults)
        self._committed = asyncio.Event()

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
        """What became of each offer, told after the commit; `rejected` items of the request are counted with them.

        `offers` may have been packed elsewhere, by the same source.

        `in_turn`: however few they are, they came in turn and hold up others, so they are not among the small ones.

        `samples` of the rejected ones are kept apart, within a second; they are no promise.

        All offers of a request have one dedup mode and window. Raises Unavailable: nothing of it was accepted, or
        nobody knows; the same request again is safe where it has keys.
        """
        if self._meters:
            self._meters.count(source, "rejected", rejected)
        items = len(offers)
        if not items:
            self._samples.add(credential, self._identified(samples))
            self._count(credential.workspace_id, self._ids.next(), received=rejected, rejected=rejected)
            return []
        self.admit(items)
        self._samples.add(credential, self._identified(samples))
        if isinstance(offers, Packed):
            packed = offers
        else:
            vault = await self._vaults.of(credential.workspace_id)
            packed = pack(vault.dedup, source, self._ids.many(items), offers)
        self._waiting_items += items
        del offers  # thousands of values that wait for a commit would push one another out of the CPU's cache
        queue = self._queue(credential.workspace_id, source, packed.policy)
        answer: asyncio.Future[list[Accepted | Duplicate]] = asyncio.get_running_loop().create_future()
        queue.waiting.append(_Request(packed, rejected, answer))
        self._start_commit(queue)
        if in_turn or items >= LARGE_ITEMS:
            return await answer
        with self._pace.small():
            return await answer

    def admit(self, items: int) -> None:
        """Whether so many may be taken in now, also by who tells them in a transaction of its own (`events.tell`).

        Raises Unavailable.
        """
        reason = self._refuse_because()
        if reason is None and self._waiting_items + items > WAITING_ITEMS_MAX:
            reason = f"{self._waiting_items} items wait for a commit"
        if reason is not None:
            raise errors.Unavailable(reason, retry_after_s=5)

    async def run(self, stop: asyncio.Event) -> None:
        """Write what requests leave beside blocks, and wake workers, until `stop`; then finish what waits."""
        flushed = asyncio.create_task(self._flush_counts(stop))
        notified = asyncio.create_task(self._notify_workers(stop))
        await stop.wait()
        await asyncio.gather(flushed, notified)
        while self._commits:
            await asyncio.wait(self._commits)
        await self._write_counts()
        await self._write_samples()

    # ---- groups

    def _identified(self, samples: Sequence[Sample]) -> list[tuple[UUID, Sample]]:
        return [(self._ids.next(), sample) for sample in samples]

    def _queue(self, workspace_id: UUID, source: Source, policy: Policy) -> _Queue:
        key = (workspace_id, source, policy)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue(workspace_id, source, policy, deque())
        return queue

    def _start_commit(self, queue: _Queue) -> None:
        """In the next round of the loop, if there is room: what arrives in this one shares it."""
        if queue.waiting and not queue.starting and queue.in_flight < COMMITS_IN_FLIGHT:
            queue.starting = True
            queue.in_flight += 1
            commit = asyncio.create_task(self._commit(queue))
            self._commits.add(commit)
            commit.add_done_callback(self._commits.discard)

    async def _commit(self, queue: _Queue) -> None:
        requests = _next_group(queue.waiting)
        queue.starting = False
        self._start_commit(queue)
        try:
            await self._settle(queue, requests)
        finally:
            self._waiting_items -= sum(len(request.packed) for request in requests)
            queue.in_flight -= 1
            self._start_commit(queue)

    async def _settle(self, queue: _Queue, requests: list[_Request]) -> None:
        """Answer every request of the group; when they fail together for any reason, each is tried once alone."""
        try:
            await self._put_on_disk(queue, requests)
        except Exception as exc:
            if is_transient(exc):
                _fail(requests, errors.Unavailable("the database is away for a moment", retry_after_s=2))
            elif len(requests) > 1:
                for request in requests:
                    await self._settle(queue, [request])
            else:
                _log.exception(
                    "a request could not be accepted", action="accept_failed", source=queue.source.name
                )
                _fail(requests, exc)

    async def _put_on_disk(self, queue: _Queue, requests: list[_Request]) -> None:
        vault = await self._vaults.of(queue.workspace_id)
        if sum(len(request.packed) for request in requests) >= LARGE_ITEMS:
            await self._pace.turn()
        group = Group(
            block_id=self._ids.next(),
            requests=[request.packed for request in requests],
            rejected=sum(request.rejected for request in requests),
        )
        seen: Seen | None = None
        began, loop = self._database.now_us(), asyncio.get_running_loop()
        for attempt in range(1, TRIES_AFTER_LOSS + 1):
            try:
                async with self._database.connection(queue.workspace_id) as tx:
                    seen = await accept(
                        tx,
                        queue.workspace_id,
                        queue.source,
                        queue.policy,
                        group,
                        vault=vault,
                        hopeful=loop.time() >= queue.careful_until,
                        again=attempt > 1,
                    )
                    if seen.met:
                        queue.careful_until = loop.time() + CAREFUL_S
                    if self._meters:
                        self._meters.committed((self._database.now_us() - began) / 1e6)
                    # Before the connection goes back to its pool, which takes some rounds of the loop.
                    self._answer(queue, requests, seen)
                return
            except Exception as exc:
                if seen is not None:  # it is on disk: what came after must not put it there again
                    _fail(requests, exc)
                    _complain(exc, "what came after a commit failed")
                    return
                if not is_lost_connection(exc) or attempt == TRIES_AFTER_LOSS:
                    raise

    def _answer(self, queue: _Queue, requests: list[_Request], seen: Seen) -> None:
        """Only here, after the commit, does a caller hear of success."""
        self._committed.set()
        offered = sum(len(request.packed) for request in requests)
        if self._meters:
            self._meters.count(queue.source, "duplicate", len(seen.duplicates))
            self._meters.count(queue.source, "accepted", offered - len(seen.duplicates))
        # By what was told, not by this statement: after a lost connection an earlier try may have left the block.
        left_block = len(seen.duplicates) < offered
        if left_block:
            acknowledged = offered - len(seen.duplicates)
            self._count(queue.workspace_id, requests[0].packed.item_ids[0], acknowledged=acknowledged)
        ordinal = 0
        for request in requests:
            outcomes: list[Accepted | Duplicate] = []
            for item_id in request.packed.item_ids:
                outcomes.append(Duplicate() if ordinal in seen.duplicates else Accepted(item_id))
                ordinal += 1
            if not request.answer.done():
                request.answer.set_result(outcomes)
            if not left_block:
                received = len(request.packed) + request.rejected
                self._count(
                    queue.workspace_id,
                    request.packed.item_ids[0],
                    received=received,
                    rejected=request.rejected,
                    duplicate=len(request.packed),
                )

    # ---- beside the way

    def _count(self, workspace_id: UUID, item_id: UUID, **counts: int) -> None:
        self._edge_counts[workspace_id].add(model.minute_of(item_id), **counts)

    async def _flush_counts(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await _sleep(stop, FLUSH_EVERY_S)
            await self._write_counts()
            await self._write_samples()

    async def _write_counts(self) -> None:
        for workspace_id in list(self._edge_counts):
            tally = self._edge_counts.pop(workspace_id)
            lines = tally.take()
            try:
                async with self._database.app(workspace_id) as tx:
                    await store.add_to_ledger(tx, workspace_id, lines)
            except Exception as exc:
                _complain(exc, "edge counts wait to be written")
                for line in lines:  # again with the next ones
                    self._edge_counts[workspace_id].add(
                        line.minute_us,
                        received=line.received,
                        rejected=line.rejected,
                        duplicate=line.duplicate,
                        # A lower bound must not be counted twice: it is let go where nobody knows.
                        acknowledged=0 if is_transient(exc) else line.acknowledged,
                    )

    async def _write_samples(self) -> None:
        try:
            await self._samples.write()
        except Exception as exc:
            _complain(exc, "samples of rejected items wait to be written")

    async def _notify_workers(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await _first_of(self._committed, stop)
            self._committed.clear()
            try:
                await self._database.notify(store.WORK)
            except Exception as exc:  # they look by themselves every second
                _complain(exc, "workers could not be woken")
            await _sleep(stop, NOTIFY_EVERY_S)


def _next_group(waiting: deque[_Request]) -> list[_Request]:
    """The next requests that share a commit: of one minute (a block counts for one), up to ITEMS_MAX items."""
    group = [waiting.popleft()]
    minute_us = model.minute_of(group[0].packed.item_ids[0])
    items = len(group[0].packed)
    while waiting:
        following = waiting[0]
        items += len(following.packed)
        if items > ITEMS_MAX or model.minute_of(following.packed.item_ids[0]) != minute_us:
            break
        group.append(waiting.popleft())
    return group


def _fail(requests: list[_Request], exc: Exception) -> None:
    for request in requests:
        if not request.answer.done():
            request.answer.set_exception(exc)


def _complain(exc: Exception, sentence: str) -> None:
    """What runs beside ingest must outlive whatever happens to the database; what we did not foresee is told."""
    if not is_transient(exc):
        _log.error(sentence, action="ingest_beside_failed", exc_info=exc)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _first_of(one: asyncio.Event, other: asyncio.Event) -> None:
    waits = [asyncio.create_task(one.wait()), asyncio.create_task(other.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
