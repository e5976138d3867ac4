"""What becomes of the items of some blocks, in one transaction: members, traits, metrics, timeline, counts."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import metrics, model, profiles
from clarion.db import Tx
from clarion.events import store, timeline
from clarion.events.draft import Draft
from clarion.events.journal import Entry, Unreadable, pack_item
from clarion.events.ledger import Tally
from clarion.events.store import OpenBlock, QuarantinedItem
from clarion.model import Event, Ids, Inbound, Quarantined
from clarion.vault import Vault

_ROWS_AT_ONCE = 200
Landed = tuple[Entry, timeline.Row]


class Memory(Struct, frozen=True):
    """What a worker need not ask again, of all workspaces. Only what was committed may stay: see `forget`."""

    catalogue: metrics.Known
    members: profiles.Known
    listening: dict[UUID, int]  # by workspace: its lanes' count of changes in what listens

    @classmethod
    def fresh(cls) -> "Memory":
        return cls(metrics.Known(), profiles.Known(), {})

    def forget(self) -> None:
        """After a transaction that failed: it may hold what was rolled back."""
        self.catalogue.clear()
        self.members.clear()


class Bench(Struct, frozen=True):
    """What processing needs of one workspace."""

    workspace_id: UUID
    vault: Vault
    ids: Ids
    memory: Memory = msgspec.field(default_factory=Memory.fresh)
    listeners: tuple["Listener", ...] = ()

    @property
    def listening(self) -> int | None:
        """What is remembered of listeners holds while this stays the same; None: nothing may be remembered."""
        return self.memory.listening.get(self.workspace_id)


class Listener(Protocol):
    """Is told in the same transaction what came onto the timeline, each item with its row. Must be quick."""

    async def hear(self, tx: Tx, bench: Bench, landed: Sequence[Landed]) -> None: ...


async def settle(tx: Tx, bench: Bench, draft: Draft, tally: Tally) -> None:
    """Give every item its outcome and count it. Raises whatever the database or our code raises on bad ones."""
    draft = await _without_erased(tx, bench, draft, tally)
    if not draft.entries:
        return
    resolved = await metrics.resolve(tx, bench.workspace_id, draft.names)
    draft = await _without_paused(tx, bench, draft, resolved, tally)
    if pending := [one.metric_id for one in resolved.values() if one.status == "pending"]:
        await metrics.begin_syncing(tx, bench.workspace_id, pending)
    members = await profiles.members_of(
        tx,
        bench.workspace_id,
        draft.wanted,
        vault=bench.vault,
        ids=bench.ids,
        remembered=bench.memory.members,
    )
    facts: dict[UUID, list[profiles.Facts]] = defaultdict(list)
    for place, told in draft.facts:
        facts[members[place]].append(told)
    await profiles.fold_traits(tx, bench.workspace_id, facts, vault=bench.vault, ids=bench.ids, cause="event")
    seen = [
        profiles.SeenDevice(
            device, members[place], draft.entries[place].stamp_us, draft.entries[place].item_id
        )
        for place, device in draft.devices
    ]
    await profiles.put_devices(tx, bench.workspace_id, seen, vault=bench.vault, ids=bench.ids, cause="event")
    for minute_us, applied in draft.applied.items():
        tally.add(minute_us, applied=applied)
    if draft.names:
        metric_ids = {name: one.metric_id for name, one in resolved.items()}
        await _put_on_timeline(tx, bench, draft, members, metric_ids, tally)


async def quarantine(
    tx: Tx, bench: Bench, block: OpenBlock, entry: Entry, exc: Exception, tally: Tally
) -> None:
    """Put one item aside with the reason; nothing of its values goes into the detail."""
    reason, detail = reason_of(exc)
    await store.insert_quarantine(
        tx,
        bench.workspace_id,
        QuarantinedItem(
            quarantine_id=entry.item_id,
            block_id=block.block_id,
            ordinal=entry.ordinal,
            items=1,
            minute_us=entry.minute_us,
            accepted_us=entry.stamp_us,
            source=entry.source,
            event_id=entry.event_id,
            revision=entry.revision,
            reason=reason,
            detail=detail,
            payload=pack_item(bench.vault, entry.item_id, entry.inbound),
        ),
    )
    tally.add(entry.minute_us, quarantined=1)


async def quarantine_block(tx: Tx, bench: Bench, block: OpenBlock, exc: Unreadable, tally: Tally) -> None:
    """Put a whole block aside that cannot be opened: a row that stands for all its items."""
    items = block.items - len(block.skip)
    await store.insert_quarantine(
        tx,
        bench.workspace_id,
        QuarantinedItem(
            quarantine_id=block.block_id,
            block_id=block.block_id,
            ordinal=None,
            items=items,
            minute_us=block.minute_us,
            accepted_us=block.accepted_us,
            source=block.source,
            event_id=None,
            revision=0,
            reason=Quarantined.UNREADABLE,
            detail=str(exc)[:200],
            payload=block.payload,
            skip=block.skip,
            override_ordinals=block.override_ordinals,
            override_event_ids=block.override_event_ids,
            override_revisions=block.override_revisions,
        ),
    )
    tally.add(block.minute_us, quarantined=items)


def count_block(block: OpenBlock, tally: Tally) -> None:
    """Take a block's own counts over into the ledger, once, when it is closed."""
    tally.add(
        block.minute_us,
        received=block.received,
        rejected=block.rejected,
        duplicate=block.duplicate,
        accepted=block.items - len(block.skip),
    )


def reason_of(exc: Exception) -> tuple[Quarantined, str]:
    """Why an item failed, without its values: the kind of error, and the database's code."""
    sqlstate = getattr(exc, "sqlstate", None)
    if sqlstate is not None:
        return Quarantined.REFUSED_BY_DATABASE, f"{type(exc).__name__} ({sqlstate})"
    return Quarantined.FAILED, type(exc).__name__


async def _without_erased(tx: Tx, bench: Bench, draft: Draft, tally: Tally) -> Draft:
    """What was accepted before its person was erased does not bring them back; counted as stored and erased."""
    stamps = (entry.stamp_us for entry in draft.entries)
    if not bench.memory.members.may_precede(bench.workspace_id, stamps):
        return draft
    leads = [lead_of(bench.vault, entry.inbound) for entry in draft.entries]
    tenures = await profiles.find_tenures(tx, bench.workspace_id, set(leads))
    kept = []
    for entry, lead in zip(draft.entries, leads, strict=True):
        if tenures.are_of_the_erased(lead, entry.stamp_us):
            tally.add(entry.minute_us, stored=1, erased=1)
        else:
            kept.append(entry)
    return _only(kept, draft, bench)


def lead_of(vault: Vault, inbound: Inbound) -> UUID:
    """The blind index of the identity that an item is written for."""
    return profiles.blind_of(vault, profiles.strongest(inbound.identities))


async def _without_paused(
    tx: Tx, bench: Bench, draft: Draft, resolved: Mapping[str, metrics.Resolved], tally: Tally
) -> Draft:
    """Events of paused metrics are discarded whole: their traits count as little as they do."""
    paused = {name: one.metric_id for name, one in resolved.items() if one.status == "paused"}
    if not paused:
        return draft
    kept = []
    discarded: Counter[int] = Counter()
    for entry in draft.entries:
        if isinstance(entry.inbound, Event) and entry.inbound.name in paused:
            tally.add(entry.minute_us, discarded=1)
            discarded[paused[entry.inbound.name]] += 1
        else:
            kept.append(entry)
    await metrics.count_discarded(tx, bench.workspace_id, discarded)
    return _only(kept, draft, bench)


def _only(kept: Sequence[Entry], draft: Draft, bench: Bench) -> Draft:
    return draft if len(kept) == len(draft.entries) else Draft.of(kept, bench.vault)


async def _put_on_timeline(
    tx: Tx,
    bench: Bench,
    draft: Draft,
    members: Sequence[UUID],
    metric_ids: Mapping[str, int],
    tally: Tally,
) -> None:
    shown = [(metric_ids[name], properties) for name, properties in draft.shown]
    await metrics.note_properties(tx, bench.workspace_id, shown, known=bench.memory.catalogue)
    parts = _rows(draft, members, metric_ids)
    counts: Counter[tuple[int, int]] = Counter()
    if draft.overrides:
        parts = iter([await _newest(tx, bench, list(chain.from_iterable(parts)), counts, tally)])
    landed = await _copy(tx, bench.workspace_id, parts)
    for minute_us, stored in Counter(entry.minute_us for entry, _ in landed).items():
        tally.add(minute_us, stored=stored)
    counts.update((row.metric_id, metrics.quarter_of(row.occurred_at_us)) for _, row in landed)
    await metrics.count_days(tx, bench.workspace_id, counts)
    for listener in bench.listeners:
        await listener.hear(tx, bench, landed)


def _rows(draft: Draft, members: Sequence[UUID], metric_ids: Mapping[str, int]) -> Iterator[list[Landed]]:
    """The events' rows, some at a time."""
    for start in range(0, len(members), _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        yield [
            (entry, timeline.row(entry, event, body, member, metric_ids[event.name]))
            for entry, body, member in zip(
                draft.entries[some], draft.bodies[some], members[some], strict=True
            )
            if body is not None and isinstance(event := entry.inbound, Event)
        ]


async def _copy(tx: Tx, workspace_id: UUID, parts: Iterable[Sequence[Landed]]) -> list[Landed]:
    """All onto the timeline; each part is made while PostgreSQL takes the one before it."""
    landed: list[Landed] = []

    async def data() -> AsyncIterator[bytes]:
        yield timeline.COPY_HEADER
        for part in parts:
            landed.extend(part)
            yield timeline.copy_rows(workspace_id, (row for _, row in part))
            await asyncio.sleep(0)  # the loop sends it
        yield timeline.COPY_TRAILER

    await tx.copy_to_table("event", source=data(), columns=timeline.COLUMNS, format="binary")
    return landed


async def _newest(
    tx: Tx,
    bench: Bench,
    brought: Sequence[Landed],
    counts: "Counter[tuple[int, int]]",
    tally: Tally,
) -> list[Landed]:
    """What belongs on the timeline: of an overridden event its newest revision, whichever is processed first.

    An item that falls away, here or off the timeline, is counted as replaced in its own minute.
    """
    newest: dict[UUID, Landed] = {}
    for entry, row in sorted(brought, key=lambda pair: pair[1].revision):
        if row.event_id in newest:
            tally.add(newest[row.event_id][0].minute_us, replaced=1)
        newest[row.event_id] = (entry, row)
    overridden = sorted({entry.event_id for entry, _ in brought if entry.event_id}, key=lambda one: one.bytes)
    fallen = []
    for held in await store.find_revisions(tx, bench.workspace_id, overridden):
        entry, row = newest[held["event_id"]]
        if held["revision"] >= row.revision:
            tally.add(entry.minute_us, replaced=1)
            del newest[row.event_id]
            continue
        fallen.append(held)
        counts[held["metric_id"], metrics.quarter_of(held["occurred_us"])] -= 1
        tally.add(model.minute_of(held["brought_by"] or held["event_id"]), stored=-1, replaced=1)
    if fallen:
        await store.delete_revisions(tx, bench.workspace_id, fallen)
    return list(newest.values())
