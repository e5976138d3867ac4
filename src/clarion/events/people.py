"""Synchronous writes of people. They hold the lanes: nobody is erased, and no e-mail replaced, in the middle of one."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import structs

from clarion import profiles
from clarion.db import Tx
from clarion.events import store
from clarion.model import Identity, Ids, ProfileChange
from clarion.profiles import Update, Written
from clarion.vault import Vault


async def begin_write(tx: Tx, workspace_id: UUID) -> int:
    """What every other synchronous write of people begins with (of their lists, say); returns now (us), its stamp."""
    return await store.share_lanes(tx, workspace_id)


async def stop_processing(tx: Tx, workspace_id: UUID) -> int:
    """Nothing of the workspace is processed until the commit; returns now (us).

    It comes before whatever processing locks as well (definitions, metrics): who has the lanes waits for those.
    """
    return await store.close_lanes(tx, workspace_id)


async def write_person(
    tx: Tx, workspace_id: UUID, change: ProfileChange, *, vault: Vault, ids: Ids
) -> Written:
    """Fold a change into the member of its strongest identity, who is made where there is none.

    It never loses to what is stored.
    """
    now_us = await store.share_lanes(tx, workspace_id)
    return await profiles.write(tx, workspace_id, change, vault=vault, ids=ids, now_us=now_us)


async def meet_people(
    tx: Tx, workspace_id: UUID, identities: Sequence[Identity], *, vault: Vault, ids: Ids
) -> dict[Identity, UUID]:
    """The members of many identities at once, who are made where there are none."""
    now_us = await store.share_lanes(tx, workspace_id)
    return await profiles.meet(tx, workspace_id, identities, vault=vault, ids=ids, now_us=now_us)


async def update_person(
    tx: Tx, workspace_id: UUID, profile_id: UUID, wish: Update, *, vault: Vault, ids: Ids
) -> UUID:
    """The same by the id of any member; an e-mail takes the place of the one that finds the person.

    Then it waits for what is being processed, and has every worker forget whom it knows: what was accepted before
    is for this person, what comes afterwards for whoever has the e-mail then. Raises NotFound, AlreadyThere.
    """
    if wish.email is None or await profiles.has_email(tx, workspace_id, profile_id, wish.email, vault=vault):
        now_us = await store.share_lanes(tx, workspace_id)
        wish = structs.replace(wish, email=None)
    else:
        now_us = await store.close_lanes(tx, workspace_id)
    return await profiles.update(tx, workspace_id, profile_id, wish, vault=vault, ids=ids, now_us=now_us)
