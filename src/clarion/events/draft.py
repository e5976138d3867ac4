"""What of items needs no database: it is made ahead, while the database works on the items before them."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from clarion import metrics, profiles
from clarion.events import timeline
from clarion.events.journal import Entry, Unreadable, unpack_block
from clarion.events.store import OpenBlock
from clarion.model import Device, Event, JSONObject
from clarion.vault import Vault

_ITEMS_BETWEEN_PAUSES = 50  # 0.5 ms: the database waits no longer for its next statement


class Draft:
    """Items, and what follows from them alone. Nothing of it was asked of the database or is remembered.

    So it holds whatever becomes of the transaction before it, and goes with it where that is in doubt.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.entries: list[Entry] = []
        self.wanted = profiles.Wanted(vault)
        self.facts: list[tuple[int, profiles.Facts]] = []  # with the place of the entry that tells them
        self.devices: list[tuple[int, Device]] = []  # likewise
        self.names: set[str] = set()  # of metrics
        self.bodies: list[timeline.Body | None] = []  # of each entry that is an event
        self.applied: Counter[int] = Counter()  # items without an event, by the ledger's minute
        self.overrides = False
        self.shown: list[tuple[str, JSONObject]] = []  # an event's name and properties, one of each shape
        self._shapes: dict[tuple[str, metrics.Shape], timeline.Layout] = {}  # of what is shown

    @classmethod
    def of(cls, entries: Sequence[Entry], vault: Vault) -> "Draft":
        """Made at once. Raises what our code raises on bad items."""
        draft = cls(vault)
        draft.add(entries)
        return draft

    def add(self, entries: Sequence[Entry]) -> None:
        for place, entry in enumerate(entries, len(self.entries)):
            inbound = entry.inbound
            self.wanted.see(profiles.Arrival(entry.item_id, inbound, entry.stamp_us))
            if inbound.traits:
                self.facts.append((place, profiles.Facts(inbound.traits, entry.stamp, inbound.history)))
            if not isinstance(inbound, Event):
                self.applied[entry.minute_us] += 1
                self.bodies.append(None)
                continue
            if inbound.device is not None:
                self.devices.append((place, inbound.device))
            self.names.add(inbound.name)
            layout = self._show(inbound.name, inbound.properties)
            self.bodies.append(timeline.body(entry, inbound, layout, self._vault))
            self.overrides = self.overrides or entry.event_id is not None
        self.entries += entries

    def _show(self, name: str, properties: JSONObject) -> timeline.Layout | None:
        """What holds of all properties of this shape; None where they have none."""
        shape = metrics.shape_of(properties)
        if shape is None:
            self.shown.append((name, properties))
            return None
        layout = self._shapes.get((name, shape))
        if layout is None:
            layout = self._shapes[name, shape] = timeline.layout_of(shape)
            self.shown.append((name, properties))
        return layout


async def read(blocks: Sequence[OpenBlock], vault: Vault) -> Draft:
    """Of the items of some blocks. Gives way often. Raises Unreadable, and what our code raises on bad items."""
    draft = Draft(vault)
    for block in blocks:
        await asyncio.sleep(0)
        entries = entries_of(block, vault)
        for start in range(0, len(entries), _ITEMS_BETWEEN_PAUSES):
            await asyncio.sleep(0)
            draft.add(entries[start : start + _ITEMS_BETWEEN_PAUSES])
    return draft


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
