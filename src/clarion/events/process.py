"""What becomes of the items of some blocks, in one transaction: members, traits, metrics, timeline, counts."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import metrics, model, profiles
from clarion.db import Tx
from clarion.events import store, timeline
from clarion.events.journal import Entry, Unreadable, pack_item, unpack_block
from clarion.events.ledger import Tally
from clarion.events.store import OpenBlock, QuarantinedItem
from clarion.model import Event, Ids, Inbound, Quarantined
from clarion.vault import Vault

_ITEMS_BETWEEN_PAUSES = 100


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

    async def hear(self, tx: Tx, bench: Bench, landed: Sequence[tuple[Entry, timeline.Row]]) -> None: ...


def entries_of(block: OpenBlock, vault: Vault) -> list[Entry]:
    """A block's items without those that were duplicates, overrides as what they became. Raises Unreadable."""
    skip = set(block.skip)
    became = dict(
        zip(
            block.override_ordinals,
            zip(block.override_event_ids, block.override_revisions, strict=True),
            strict=True,
        )
    )
    items = unpack_block(vault, block.block_id, block.payload)
    if len(items) != block.items:
        raise Unreadable(f"holds {len(items)} items where its row says {block.items}")
    entries = []
    for ordinal, (item_id, inbound) in enumerate(items):
        if ordinal in skip:
            continue
        event_id, revision = became.get(ordinal, (None, 0))
        entries.append(
            Entry(
                item_id=item_id,
                inbound=inbound,
                stamp_us=block.accepted_us,
                minute_us=block.minute_us,
                source=block.source,
                ordinal=ordinal,
                event_id=event_id,
                revision=revision,
            )
        )
    return entries


class Read(Struct, frozen=True):
    """The items of some blocks, with what of their timeline rows needs no database, by item."""

    entries: list[Entry]
    bodies: dict[UUID, timeline.Body]


async def read(blocks: Sequence[OpenBlock], vault: Vault) -> Read:
    """Whatever can be done before the blocks' transaction. Raises Unreadable, and what our code raises on bad items.

    Gives way every few milliseconds: it goes on while the database works on the blocks before these.
    """
    whole = Read([], {})
    for block in blocks:
        entries = entries_of(block, vault)
        whole.entries.extend(entries)
        for start in range(0, len(entries), _ITEMS_BETWEEN_PAUSES):
            await asyncio.sleep(0)
            for entry in entries[start : start + _ITEMS_BETWEEN_PAUSES]:
                if isinstance(entry.inbound, Event):
                    whole.bodies[entry.item_id] = timeline.body(entry, entry.inbound, vault)
    return whole


async def settle(
    tx: Tx,
    bench: Bench,
    entries: Sequence[Entry],
    tally: Tally,
    bodies: Mapping[UUID, timeline.Body] = MappingProxyType({}),
) -> None:
    """Give every item its outcome and count it. Raises whatever the database or our code raises on bad ones.

    `bodies`: of timeline rows, where they were made before; the others are made here.
    """
    entries = await _without_erased(tx, bench, entries, tally)
    if not entries:
        return
    names = {entry.inbound.name for entry in entries if isinstance(entry.inbound, Event)}
    resolved = await metrics.resolve(tx, bench.workspace_id, names)
    entries = await _without_paused(tx, bench, entries, resolved, tally)
    if pending := [one.metric_id for one in resolved.values() if one.status == "pending"]:
        await metrics.begin_syncing(tx, bench.workspace_id, pending)
    members = await profiles.members_of(
        tx,
        bench.workspace_id,
        [profiles.Arrival(entry.item_id, entry.inbound, entry.stamp_us) for entry in entries],
        vault=bench.vault,
        ids=bench.ids,
        remembered=bench.memory.members,
    )
    facts: dict[UUID, list[profiles.Facts]] = defaultdict(list)
    for entry, member in zip(entries, members, strict=True):
        if entry.inbound.traits:
            facts[member].append(profiles.Facts(entry.inbound.traits, entry.stamp, entry.inbound.history))
    await profiles.fold_traits(tx, bench.workspace_id, facts, vault=bench.vault, ids=bench.ids, cause="event")
    await profiles.put_devices(
        tx, bench.workspace_id, _devices(entries, members), vault=bench.vault, ids=bench.ids, cause="event"
    )
    happened = [
        (entry, entry.inbound, member)
        for entry, member in zip(entries, members, strict=True)
        if isinstance(entry.inbound, Event)
    ]
    for entry in entries:
        if not isinstance(entry.inbound, Event):
            tally.add(entry.minute_us, applied=1)
    if happened:
        metric_ids = {name: one.metric_id for name, one in resolved.items()}
        await _put_on_timeline(tx, bench, happened, bodies, metric_ids, tally)


def _devices(entries: Sequence[Entry], members: Sequence[UUID]) -> Iterator[profiles.SeenDevice]:
    for entry, member in zip(entries, members, strict=True):
        if isinstance(entry.inbound, Event) and entry.inbound.device is not None:
            yield profiles.SeenDevice(entry.inbound.device, member, entry.stamp_us, entry.item_id)


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


async def _without_erased(tx: Tx, bench: Bench, entries: Sequence[Entry], tally: Tally) -> Sequence[Entry]:
    """What was accepted before its person was erased does not bring them back; counted as stored and erased."""
    stamps = (entry.stamp_us for entry in entries)
    if not entries or not bench.memory.members.may_precede(bench.workspace_id, stamps):
        return entries
    leads = [lead_of(bench.vault, entry.inbound) for entry in entries]
    tenures = await profiles.find_tenures(tx, bench.workspace_id, set(leads))
    kept = []
    for entry, lead in zip(entries, leads, strict=True):
        if tenures.are_of_the_erased(lead, entry.stamp_us):
            tally.add(entry.minute_us, stored=1, erased=1)
        else:
            kept.append(entry)
    return kept


def lead_of(vault: Vault, inbound: Inbound) -> UUID:
    """The blind index of the identity that an item is written for."""
    return profiles.blind_of(vault, profiles.strongest(inbound.identities))


async def _without_paused(
    tx: Tx, bench: Bench, entries: Sequence[Entry], resolved: Mapping[str, metrics.Resolved], tally: Tally
) -> Sequence[Entry]:
    """Events of paused metrics are discarded whole: their traits count as little as they do."""
    paused = {name: one.metric_id for name, one in resolved.items() if one.status == "paused"}
    if not paused:
        return entries
    kept = []
    discarded: Counter[int] = Counter()
    for entry in entries:
        if isinstance(entry.inbound, Event) and entry.inbound.name in paused:
            tally.add(entry.minute_us, discarded=1)
            discarded[paused[entry.inbound.name]] += 1
        else:
            kept.append(entry)
    await metrics.count_discarded(tx, bench.workspace_id, discarded)
    return kept


async def _put_on_timeline(
    tx: Tx,
    bench: Bench,
    happened: Sequence[tuple[Entry, Event, UUID]],
    bodies: Mapping[UUID, timeline.Body],
    metric_ids: Mapping[str, int],
    tally: Tally,
) -> None:
    brought = []
    for entry, event, member in happened:
        body = bodies.get(entry.item_id) or timeline.body(entry, event, bench.vault)
        row = timeline.row(entry, event, body, profile_id=member, metric_id=metric_ids[event.name])
        brought.append((entry, row))
    await metrics.note_properties(
        tx,
        bench.workspace_id,
        ((metric_ids[event.name], event.properties) for _, event, _ in happened),
        known=bench.memory.catalogue,
    )
    counts: Counter[tuple[int, int]] = Counter()
    if any(entry.event_id for entry, _ in brought):
        brought = await _newest(tx, bench, brought, counts, tally)
    counts.update((row.metric_id, metrics.quarter_of(row.occurred_at_us)) for _, row in brought)
    for minute_us, stored in Counter(entry.minute_us for entry, _ in brought).items():
        tally.add(minute_us, stored=stored)
    await metrics.count_days(tx, bench.workspace_id, counts)
    await tx.copy_to_table(
        "event",
        source=_whole(timeline.copy_data(bench.workspace_id, [row for _, row in brought])),
        columns=timeline.COLUMNS,
        format="binary",
    )
    for listener in bench.listeners:
        await listener.hear(tx, bench, brought)


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    """asyncpg makes a class for each file that it copies from, which keeps the bytes until the next full collection."""
    yield data


async def _newest(
    tx: Tx,
    bench: Bench,
    brought: Sequence[tuple[Entry, timeline.Row]],
    counts: "Counter[tuple[int, int]]",
    tally: Tally,
) -> list[tuple[Entry, timeline.Row]]:
    """What belongs on the timeline: of an overridden event its newest revision, whichever is processed first.

    An item that falls away, here or off the timeline, is counted as replaced in its own minute.
    """
    newest: dict[UUID, tuple[Entry, timeline.Row]] = {}
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
