"""Events of our own rooms: on disk in the transaction that makes what they tell of."""

from collections.abc import Sequence
from uuid import UUID

from clarion.db import Tx
from clarion.events.accept import Group, Policy, accept, pack
from clarion.events.journal import ITEMS_MAX
from clarion.model import Dedup, Event, Ids, Mode, Offer, Source
from clarion.vault import Vault

_EVERY_ONE_IS_NEW = Dedup(Mode.NONE)


async def tell(
    tx: Tx,
    workspace_id: UUID,
    source: Source,
    happened: Sequence[Event],
    *,
    vault: Vault,
    ids: Ids,
    item_ids: Sequence[UUID],
) -> None:
    """Accept these events with the caller's transaction; each is new. `item_ids` (rising, of one minute) are theirs.

    Whoever owns the transaction wakes the workers after its commit (`Database.notify(events.WORK)`); else they look
    within a second.
    """
    policy = Policy.of(_EVERY_ONE_IS_NEW)
    for start in range(0, len(happened), ITEMS_MAX):
        part = slice(start, start + ITEMS_MAX)
        offers = [Offer(event, _EVERY_ONE_IS_NEW) for event in happened[part]]
        packed = pack(vault.dedup, int(source), list(item_ids[part]), offers)
        group = Group(block_id=ids.next(), requests=[packed])
        await accept(tx, workspace_id, int(source), policy, group, vault=vault)
