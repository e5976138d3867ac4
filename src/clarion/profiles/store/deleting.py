"""Deleting a trait: its definition at once, what profiles hold of it in jobs."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, structs

from clarion import errors, jobs
from clarion.accounts import Vaults
from clarion.db import Tx
from clarion.jobs import Handler, Job
from clarion.model import Ids
from clarion.profiles.standard import canonical_name
from clarion.profiles.store._queries import Q
from clarion.profiles.store.traits import (
    definition_of,
    fold_of,
    log_changes,
    standing_of,
    write_traits,
)
from clarion.profiles.traits import Change, Definition, Facts, Standing, fold
from clarion.vault import Vault

TRAIT_DELETED = "trait.deleted"  #: the fact that is published; its payload is a `DeletedTrait`
PROFILES_A_JOB = 500
_START = UUID(int=0)


class DeletedTrait(Struct, frozen=True, kw_only=True):
    """A definition that is gone, and its stamp: values told later stay. `after`: the profile that was done last."""

    name: str
    definition: Definition
    stamp: str
    after: UUID = _START


async def delete_trait(tx: Tx, workspace_id: UUID, name: str, *, ids: Ids, now_us: int) -> int:
    """Delete a definition, and publish that its values go; returns how many profiles hold one. Raises NotFound.

    What is told of it later, or by an item that was accepted earlier of a profile that holds none, is discovered anew.
    """
    name = canonical_name(name)
    await tx.execute(Q.own_settling, workspace_id)
    await tx.execute(Q.own_definitions, workspace_id)
    row = await tx.fetchrow(Q.delete_trait, workspace_id, name)
    if row is None:
        raise errors.NotFound("there is no such trait in this workspace")
    gone = DeletedTrait(name=name, definition=definition_of(row), stamp=f"{now_us:016x}{ids.next().hex}")
    await jobs.publish(tx, workspace_id, TRAIT_DELETED, msgspec.msgpack.encode(gone), ids=ids)
    return await count_holding(tx, workspace_id, name)


async def count_holding(tx: Tx, workspace_id: UUID, name: str) -> int:
    """How many profiles hold a trait."""
    count: int = await tx.fetchval(Q.count_holding, workspace_id, canonical_name(name))
    return count


def trait_remover(vaults: Vaults, ids: Ids) -> Handler:
    """Hears of `TRAIT_DELETED`: takes the values from the next profiles, and publishes where to go on."""

    async def remove(tx: Tx, job: Job) -> None:
        gone = msgspec.msgpack.decode(job.payload, type=DeletedTrait)
        vault = await vaults.of(job.workspace_id)
        rows = await tx.fetch(Q.lock_next_profiles, job.workspace_id, gone.after, PROFILES_A_JOB)
        await _remove(tx, job.workspace_id, rows, gone, vault=vault, ids=ids)
        if len(rows) == PROFILES_A_JOB:
            rest = structs.replace(gone, after=rows[-1]["profile_id"])
            await jobs.publish(tx, job.workspace_id, TRAIT_DELETED, msgspec.msgpack.encode(rest), ids=ids)

    return remove


async def _remove(
    tx: Tx, workspace_id: UUID, rows: list[asyncpg.Record], gone: DeletedTrait, *, vault: Vault, ids: Ids
) -> None:
    members: list[tuple[UUID, Standing]] = []
    folds: list[tuple[UUID, Standing]] = []
    changes: list[tuple[UUID, Change]] = []
    for row in rows:
        profile_id = row["profile_id"]
        after, changed = _without(standing_of(row, vault), gone)
        members += [(profile_id, after)] if after is not None else []
        changes += [(profile_id, change) for change in changed]
        if row["fold_traits"] is not None:
            together, _ = _without(fold_of(row, vault), gone)
            folds += [(profile_id, together)] if together is not None else []
    await write_traits(tx, Q.update_traits, workspace_id, members, vault=vault)
    await write_traits(tx, Q.update_folds, workspace_id, folds, vault=vault)
    if changes:
        await log_changes(tx, workspace_id, changes, vault=vault, ids=ids, cause="trait deleted")


def _without(standing: Standing, gone: DeletedTrait) -> tuple[Standing | None, list[Change]]:
    """None where there is nothing to take. A removed value keeps its stamp: what was told before does not return."""
    if gone.name not in standing.stamps:
        return None, []
    nothing: dict[str, Any] = {gone.name: None}
    return fold(standing, [Facts(nothing, gone.stamp)], {gone.name: gone.definition})
