"""Events: journal, accept, process, timeline, quarantine, ledger.

The way of an item: `Ingest.offer` puts its key and its block on disk in one statement and only then answers;
a worker's `Lanes.work` takes the blocks of a lane, makes profiles, traits and timeline of them in one
transaction, and marks them processed. Invariants: an answered item is on the timeline, applied, or in
quarantine, once; processing never depends on order; nothing is dropped; the ledger adds up.
"""

from clarion.events.accept import Packed, Policy, pack
from clarion.events.erasing import erase_person, eraser
from clarion.events.ingest import Ingest
from clarion.events.journal import Entry
from clarion.events.lanes import Lanes
from clarion.events.ledger import LedgerLine, Mismatch, inner_mismatches, total
from clarion.events.pace import Pace
from clarion.events.people import begin_write, meet_people, stop_processing, update_person, write_person
from clarion.events.process import Bench, Listener
from clarion.events.reading import StoredEvent, list_events, read_event, read_properties, stream_events
from clarion.events.rejected import KeptSample, list_rejected
from clarion.events.replay import replay
from clarion.events.retry import read_quarantined, retry_quarantined
from clarion.events.store import (
    WORK,
    QuarantinedItem,
    Which,
    backlog,
    discard_quarantined,
    list_quarantine,
    raise_listening,
    read_ledger,
    show_quarantined,
)
from clarion.events.tasks import drop_old_blocks, drop_old_events, drop_old_keys
from clarion.events.telling import tell
from clarion.events.timeline import Row
from clarion.events.verify import verify_ledger

__all__ = [
    "WORK",
    "Bench",
    "Entry",
    "Ingest",
    "KeptSample",
    "Lanes",
    "LedgerLine",
    "Listener",
    "Mismatch",
    "Pace",
    "Packed",
    "Policy",
    "QuarantinedItem",
    "Row",
    "StoredEvent",
    "Which",
    "backlog",
    "begin_write",
    "discard_quarantined",
    "drop_old_blocks",
    "drop_old_events",
    "drop_old_keys",
    "erase_person",
    "eraser",
    "inner_mismatches",
    "list_events",
    "list_quarantine",
    "list_rejected",
    "meet_people",
    "pack",
    "raise_listening",
    "read_event",
    "read_ledger",
    "read_properties",
    "read_quarantined",
    "replay",
    "retry_quarantined",
    "show_quarantined",
    "stop_processing",
    "stream_events",
    "tell",
    "total",
    "update_person",
    "verify_ledger",
    "write_person",
]
