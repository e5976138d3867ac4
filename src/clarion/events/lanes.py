"""A worker: leases lanes that have work, settles their blocks, gives them back."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion import log
from clarion.accounts import Vaults
from clarion.db import Database, Tx, is_transient
from clarion.events import process, store
from clarion.events.draft import Draft, entries_of, read
from clarion.events.journal import Entry, Unreadable
from clarion.events.ledger import Tally
from clarion.events.process import Bench, Listener, Memory
from clarion.events.store import OpenBlock
from clarion.model import Ids
from clarion.vault import Vault

LEASE_S = 5  # held by the lane's row lock while a transaction runs, so it may be short
ITEMS_A_TRANSACTION = 4_000
HANDS = 2
TRANSACTIONS_A_TURN = 8  # of one lane, while no other waits
LOOK_EVERY_S = 1.0
ITEMS_WORTH_A_TRANSACTION = 1_000
GATHER_S = 0.03  # when a turn settled fewer, or after being woken: singles become larger transactions

_log = log.get(__name__)


class LeaseLost(Exception):
    """Another worker may have the lane; nothing of this transaction is written."""


class Lanes:
    """Works on whatever lanes have blocks. Any number of these, on any number of machines."""

    def __init__(
        self, database: Database, vaults: Vaults, ids: Ids, listeners: Sequence[Listener] = ()
    ) -> None:
        self._database = database
        self._listeners = tuple(listeners)
        self._vaults = vaults
        self._ids = ids
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._memory = Memory.fresh()
        self._turns = 0
        self._last_turn: dict[tuple[UUID, int], int] = {}  # of the lanes that had work at the last look

    async def work(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Until `stop`; the transaction at hand is finished first."""
        while not stop.is_set():
            woken.clear()
            try:
                items = await self.work_once()
            except Exception as exc:
                if not is_transient(exc):
                    raise
                _log.warning("the database is away", action="worker_waits", error=type(exc).__name__)
                items = 0
            if items == 0 and not stop.is_set():
                await _wait(woken, stop)
            if items < ITEMS_WORTH_A_TRANSACTION:
                await asyncio.sleep(GATHER_S)

    async def work_once(self) -> int:
        """Turns of free lanes with work, up to the first that is long; how many items the fullest one settled.

        The lane whose last turn is longest ago comes first, and who had nothing to do is new: a flood of one
        workspace costs another's single event one transaction's time at most.

        Two turns go on at once: while one waits for the database, the other makes rows. They are of different
        workspaces, so neither ever waits for a row of the other's: every row that is locked on the way to the
        timeline has its workspace in its key, and so have the advisory locks.
        """
        lanes = await self._waiting()
        self._last_turn = {lane: self._last_turn.get(lane, 0) for lane in lanes}
        one_each: dict[UUID, int] = {}
        for workspace_id, lane in sorted(lanes, key=self._last_turn.__getitem__):
            one_each.setdefault(workspace_id, lane)
        turns = iter(one_each.items())
        hands = await asyncio.gather(*(self._hand(turns) for _ in range(HANDS)), return_exceptions=True)
        for failed in hands:
            if isinstance(failed, BaseException):
                raise failed
        return max(settled for settled in hands if isinstance(settled, int))

    async def _hand(self, turns: Iterator[tuple[UUID, int]]) -> int:
        fullest = 0
        for lane in turns:
            self._turns += 1
            self._last_turn[lane] = self._turns
            fullest = max(fullest, await self._turn(*lane))
            if fullest >= ITEMS_WORTH_A_TRANSACTION:
                break  # others may have come meanwhile
        return fullest

    async def _waiting(self) -> list[tuple[UUID, int]]:
        async with self._database.owner() as tx:
            return await store.find_lanes(tx)

    async def _turn(self, workspace_id: UUID, lane: int) -> int:
        """Some transactions of a free lane; how many items they settled."""
        token, ahead, settled = self._ids.next(), _Ahead(), 0
        try:
            async with self._database.owner_connection() as connection:
                if not await store.lease_lane(connection, workspace_id, lane, token, self._name, LEASE_S):
                    return 0
                vault = await self._vaults.of(workspace_id)
                bench = Bench(workspace_id, vault, self._ids, self._memory, self._listeners)
                turn = _Turn(bench, lane, token, connection, ahead)
                for left in reversed(range(TRANSACTIONS_A_TURN)):
                    settled += await self._transaction(turn, may_go_on=left > 0)
                    # Those found waiting are others: this lane is leased.
                    if not ahead.blocks or await store.find_lanes(connection):
                        break
                if not await store.free_lane(connection, workspace_id, lane, token):
                    raise LeaseLost
        except LeaseLost:
            self._memory.forget()
            _log.warning("a lease was lost", action="lease_lost", workspace=str(workspace_id), lane=lane)
        except Exception as exc:
            self._memory.forget()
            _log.warning(
                "a lane failed and waits", action="lane_postponed", error=type(exc).__name__, lane=lane
            )
            if not is_transient(exc):
                _log.exception("processing failed in a way we did not foresee", action="lane_failed")
            async with self._database.owner() as tx:
                await store.postpone_lane(tx, workspace_id, lane, token)
        finally:
            await ahead.drop()
        return settled

    async def _transaction(self, turn: "_Turn", *, may_go_on: bool) -> int:
        """Settle the lane's next blocks together; where that fails, one by one, down to the culprit."""
        try:
            return await self._settle_next(turn, may_go_on=may_go_on)
        except Exception as exc:
            turn.bench.memory.forget()
            await turn.ahead.drop()
            if _may_pass(exc) or isinstance(exc, LeaseLost):
                raise
            _log.warning(
                "a block failed; looking for the culprit", action="block_split", error=type(exc).__name__
            )
            return await self._settle_one_carefully(turn)

    async def _settle_next(self, turn: "_Turn", *, may_go_on: bool) -> int:
        """One transaction of those read ahead, else of the lane's lowest; where there are more, they are read ahead."""
        bench = turn.bench
        blocks, draft = await turn.ahead.take()
        async with turn.transaction() as tx:
            if draft is None:
                blocks = await store.take_blocks(tx, bench.workspace_id, turn.lane, ITEMS_A_TRANSACTION)
                draft = await read(blocks, bench.vault)
            if not blocks:
                return 0
            items = sum(block.items for block in blocks)
            if may_go_on and items >= ITEMS_WORTH_A_TRANSACTION and not await store.find_lanes(tx):
                ours = [block.block_id for block in blocks]
                following = await store.take_blocks(
                    tx, bench.workspace_id, turn.lane, ITEMS_A_TRANSACTION, besides=ours
                )
                turn.ahead.begin(following, bench.vault)
            tally = Tally()
            await process.settle(tx, bench, draft, tally)
            await _close(tx, bench, blocks, tally)
        return items

    async def _settle_one_carefully(self, turn: "_Turn") -> int:
        """The lane's lowest block, every item of which gets an outcome."""
        async with turn.transaction() as tx:
            tally = Tally()
            blocks = await store.take_blocks(tx, turn.bench.workspace_id, turn.lane, 1)
            for block in blocks:
                await _settle_carefully(tx, turn.bench, block, tally)
            await _close(tx, turn.bench, blocks, tally)
        return sum(block.items for block in blocks)


class _Turn(Struct, frozen=True):
    """A lane while it is leased, on one connection.

    Its commits do not wait for the disk (decision 19), so what is remembered of them holds as long as PostgreSQL does
    not crash. If it does, the connection is gone, so the turn fails and forgets. Freeing the lane is a commit that
    waits, also for all before it: what is remembered beyond the turn is on disk.
    """

    bench: Bench
    lane: int
    token: UUID
    connection: Tx
    ahead: "_Ahead"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """The lane is ours until the commit. Raises LeaseLost."""
        bench = self.bench
        async with self.connection.transaction():
            held = await store.hold_lane(self.connection, bench.workspace_id, self.lane, self.token, LEASE_S)
            if held is None:
                raise LeaseLost
            bench.memory.members.heed(bench.workspace_id, held.epoch)
            bench.memory.listening[bench.workspace_id] = held.listening
            yield self.connection


class _Ahead:
    """A lane's next blocks, read while the database works on those before them, of one turn.

    Nobody else settles them while the turn's token holds, which every transaction asks first, and closing them asks
    whether they still were open. What is read is no more than what the blocks say: nothing of it has been asked of
    the database or remembered, so there is nothing to forget with a transaction that fails.
    """

    def __init__(self) -> None:
        self.blocks: list[OpenBlock] = []
        self._reading: asyncio.Task[Draft] | None = None

    def begin(self, blocks: list[OpenBlock], vault: Vault) -> None:
        self.blocks = blocks
        if blocks:
            self._reading = asyncio.create_task(read(blocks, vault))

    async def take(self) -> tuple[list[OpenBlock], Draft | None]:
        """Them, and what is in them; nothing where none were begun. Raises what reading them raised."""
        blocks, reading = self.blocks, self._reading
        self.blocks, self._reading = [], None
        return blocks, None if reading is None else await reading

    async def drop(self) -> None:
        """Whoever takes them later reads them again."""
        reading = self._reading
        self.blocks, self._reading = [], None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _close(tx: Tx, bench: Bench, blocks: Sequence[OpenBlock], tally: Tally) -> None:
    """Their items have outcomes. Raises LeaseLost where one was closed meanwhile."""
    for block in blocks:
        process.count_block(block, tally)
    if await store.close_blocks(tx, bench.workspace_id, [block.block_id for block in blocks]) < len(blocks):
        raise LeaseLost
    await store.add_to_ledger(tx, bench.workspace_id, tally.take())


async def _settle_carefully(tx: Tx, bench: Bench, block: OpenBlock, tally: Tally) -> None:
    """Every item of a block gets an outcome, though some may be bad."""
    try:
        entries = entries_of(block, bench.vault)
    except Unreadable as exc:
        _log.error(
            "a block cannot be read", action="block_quarantined", block=str(block.block_id), error=str(exc)
        )
        await process.quarantine_block(tx, bench, block, exc, tally)
        return
    await _split(tx, bench, block, entries, tally)


async def _split(tx: Tx, bench: Bench, block: OpenBlock, entries: Sequence[Entry], tally: Tally) -> None:
    """Settle what can be; halve what fails until each culprit stands alone, and put that into quarantine."""
    attempt = Tally()
    try:
        async with tx.transaction():
            await process.settle(tx, bench, Draft.of(entries, bench.vault), attempt)
    except Exception as exc:
        if _may_pass(exc):
            raise
        bench.memory.forget()
        if len(entries) == 1:
            _log.error("an item is in quarantine", action="item_quarantined", error=type(exc).__name__)
            await process.quarantine(tx, bench, block, entries[0], exc, tally)
            return
        middle = len(entries) // 2
        await _split(tx, bench, block, entries[:middle], tally)
        await _split(tx, bench, block, entries[middle:], tally)
    else:
        tally.merge(attempt)


def _may_pass(exc: Exception) -> bool:
    """Whether the same blocks may be settled later. What takes too long is looked into instead: it may be one item."""
    return is_transient(exc) and not isinstance(exc, asyncpg.QueryCanceledError)


async def _wait(woken: asyncio.Event, stop: asyncio.Event) -> None:
    """Until there may be work: a notification, else a look every second (a notification can be lost)."""
    waits = [asyncio.create_task(woken.wait()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
