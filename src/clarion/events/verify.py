"""Does the ledger tell the truth? Counted again from the tables."""

from uuid import UUID

from clarion.db import Tx
from clarion.events import store
from clarion.events.ledger import LedgerLine, Mismatch, inner_mismatches


async def verify_ledger(
    tx: Tx, workspace_id: UUID, *, since_us: int = 0, until_us: int = 1 << 62
) -> tuple[list[LedgerLine], list[Mismatch]]:
    """The ledger's lines and every minute where they contradict themselves or the tables.

    Counted again are: events on the timeline, items in quarantine, and what the blocks still kept say of
    received, rejected, duplicate and accepted (at most the ledger's: blocks go after their retention, and requests
    that left no block are only in the ledger). What callers were told is safe is at most what was accepted, else a
    block is missing. Read in one snapshot; give a repeatable read transaction.
    """
    lines = await store.read_ledger(tx, workspace_id, since_us=since_us, until_us=until_us)
    timeline, quarantined, journal = await store.recount(tx, workspace_id, since_us, until_us)
    by_minute = {line.minute_us: line for line in lines}
    found: list[Mismatch] = []
    for minute_us in sorted({*by_minute, *timeline, *quarantined, *journal}):
        line = by_minute.get(minute_us, LedgerLine(minute_us=minute_us))
        found += inner_mismatches(line)
        found += _differs(
            line, "stored", line.stored - line.erased - line.expired, timeline.get(minute_us, 0)
        )
        found += _differs(line, "quarantined", line.quarantined, quarantined.get(minute_us, 0))
        if minute_us in journal:
            kept = journal[minute_us]
            for term in ("received", "rejected", "accepted"):
                if kept[term] > getattr(line, term):
                    found += _differs(line, term, getattr(line, term), kept[term])
    return lines, found


def _differs(line: LedgerLine, term: str, ledger: int, counted: int) -> list[Mismatch]:
    if ledger == counted:
        return []
    return [Mismatch(minute_us=line.minute_us, term=term, ledger=ledger, counted=counted)]
