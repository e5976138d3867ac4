"""Erasing a person's messages."""

from clarion import profiles
from clarion.db import Tx
from clarion.jobs import Handler, Job
from clarion.messaging import store

ROOM = "messaging"


def eraser() -> Handler:
    """Hears of `profiles.ERASED`."""

    async def erase(tx: Tx, job: Job) -> None:
        fact = profiles.unpack_erased(job.payload)
        receipt = await profiles.lock_erasure(tx, job.workspace_id, fact.erasure_id)
        if ROOM in receipt.lines:
            return
        sends = await store.erase_sends(tx, job.workspace_id, fact)
        landed = await store.erase_landed(tx, job.workspace_id, fact)
        line = {"messages in the mailbox": landed, "messages": sends}
        await profiles.add_line(tx, job.workspace_id, fact.erasure_id, ROOM, line)

    return erase
