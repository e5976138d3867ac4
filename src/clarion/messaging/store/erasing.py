"""What was written to an erased person goes: by who they were, and by where they were reached."""

from uuid import UUID

from clarion.db import Tx
from clarion.messaging.store._queries import Q
from clarion.model import first_id_at
from clarion.profiles import Erased

_CLOCKS_DIFFER_US = (
    1_000_000  #: a message of so long after an erasure may be of before it, by another process's clock
)


async def erase_sends(tx: Tx, workspace_id: UUID, whose: Erased) -> int:
    """What was written to somebody goes, what would have been is not sent; says how many.

    Also what went to an address of theirs before it was anybody's. That messages were sent, and what became of them,
    stays.
    """
    erased = [row["send_id"] for row in await tx.fetch(Q.erase_sends, workspace_id, *_wanted(whose))]
    await tx.execute(Q.erase_replies, workspace_id, erased)
    await tx.execute(Q.erase_recipients, workspace_id, erased)
    await tx.execute(Q.erase_reports, workspace_id, erased)
    return len(erased)


async def erase_landed(tx: Tx, workspace_id: UUID, whose: Erased) -> int:
    """The same of the mailbox, whose messages go whole."""
    return len(await tx.fetch(Q.erase_mailbox, workspace_id, *_wanted(whose)))


def _wanted(whose: Erased) -> tuple[list[UUID], list[UUID], list[UUID], UUID]:
    before = first_id_at(whose.erased_us + _CLOCKS_DIFFER_US)
    return whose.member_ids, whose.addresses, whose.shared, before
