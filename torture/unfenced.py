"""A worker known to be bad, the control of T8: it settles a lane's blocks in one transaction, closes them in another,
and never asks whether the lane is still its own.

Given to the supervisor in the place of `clarion.app` (`clarion serve --app torture.unfenced`).
"""

import asyncio
import time
from typing import Any

from clarion.app import Prepared, http, prepare, worker
from clarion.events import Lanes, process, store
from clarion.events.draft import read
from clarion.events.lanes import ITEMS_A_TRANSACTION
from clarion.events.ledger import Tally
from clarion.events.process import Bench

BETWEEN_S = 0.02  # a moment in which it may be stopped
STOPPED_S = 3.0
LATE_S = 1.0  # so slow is it after it was stopped that the other one settles as well

__all__ = ["Prepared", "http", "prepare", "worker"]


async def _settle_next(lanes: Any, turn: Any, *, may_go_on: bool) -> int:
    bench: Bench = turn.bench
    tally, began = Tally(), time.monotonic()
    async with lanes._database.owner() as tx:
        bench.memory.forget()
        blocks = await store.take_blocks(tx, bench.workspace_id, turn.lane, ITEMS_A_TRANSACTION)
        if not blocks:
            return 0
        await process.settle(tx, bench, await read(blocks, bench.vault), tally)
    await asyncio.sleep(BETWEEN_S)
    if time.monotonic() - began > STOPPED_S:
        await asyncio.sleep(LATE_S)
    async with lanes._database.owner() as tx:
        for block in blocks:
            process.count_block(block, tally)
        await store.close_blocks(tx, bench.workspace_id, [block.block_id for block in blocks])
        await store.add_to_ledger(tx, bench.workspace_id, tally.take())
    return sum(block.items for block in blocks)


Lanes._settle_next = _settle_next  # type: ignore[method-assign, assignment]
