"""Erasing a person's runs: they end, and are counted."""

from clarion import profiles
from clarion.automations import store
from clarion.db import Tx
from clarion.jobs import Handler, Job

ROOM = "automations"


def eraser() -> Handler:
    """Hears of `profiles.ERASED`."""

    async def erase(tx: Tx, job: Job) -> None:
        fact = profiles.unpack_erased(job.payload)
        receipt = await profiles.lock_erasure(tx, job.workspace_id, fact.erasure_id)
        if ROOM in receipt.lines:
            return
        ended = await store.end_of_members(tx, job.workspace_id, fact.member_ids)
        await profiles.add_line(tx, job.workspace_id, fact.erasure_id, ROOM, {"runs ended": ended})

    return erase
