"""Definitions of traits: shown, changed, and applied to what is stored."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import accounts, errors
from clarion.db import Tx
from clarion.model import Ids, JSONObject
from clarion.profiles.conversion import TraitType
from clarion.profiles.numbers import TRAIT, trait_id
from clarion.profiles.standard import canonical_name, standard_type
from clarion.profiles.store._queries import Q
from clarion.profiles.store.traits import (
    definition_of,
    fold_of,
    log_changes,
    read_definitions,
    standing_of,
    write_traits,
)
from clarion.profiles.traits import Change, Definition, Problem, Standing, discovered, problems, settled
from clarion.vault import Vault, is_personal_trait

SETTLE_PROFILES_MAX = 500


class ShownTrait(Struct, frozen=True, kw_only=True):
    """A definition. `number`: its stable small one. Sealed traits have no example.

    `settling`: what is stored is not yet all as it says.
    """

    name: str
    number: int
    type: TraitType
    required: bool
    readonly: bool
    personal: bool
    group: str
    options: list[str] | None
    discovered: bool
    example: Any
    refused: int
    refused_reason: str | None
    refused_at: str | None
    settling: bool


class TooManyTraits(errors.Declined):
    """A call would define more than may be."""


class Wish(Struct, frozen=True, kw_only=True):
    """What to define; what is None stays as it is."""

    type: TraitType | None = None
    required: bool | None = None
    readonly: bool | None = None
    personal: bool | None = None
    group: str | None = None
    options: tuple[str, ...] | None = None


async def list_traits(tx: Tx, workspace_id: UUID, *, name: str | None = None) -> list[ShownTrait]:
    """All definitions by name. Raises NotFound for one that is not there."""
    found = await _read(tx, workspace_id, None if name is None else canonical_name(name))
    if name is not None and not found:
        raise errors.NotFound("there is no such trait in this workspace")
    return found


async def define_trait(tx: Tx, workspace_id: UUID, name: str, wish: Wish) -> ShownTrait:
    """Define a trait or change its definition; `settle_trait` applies it to what is stored. Raises Invalid."""
    name = canonical_name(name)
    await tx.execute(Q.own_settling, workspace_id)
    await tx.execute(Q.own_definitions, workspace_id)
    held = next(iter(await _read(tx, workspace_id, name)), None)
    if held is None and wish.type is None:
        raise errors.Invalid("a new trait needs a type")
    wanted_type = wish.type or (held.type if held else "text")
    if (fixed := standard_type(name)) and wanted_type != fixed:
        raise errors.Invalid(f"{name} is a standard trait and always {fixed}")
    if wish.personal is False and is_personal_trait(name):
        raise errors.Invalid(f"{name} is always personal")
    options = wish.options if wish.options is not None else (held.options if held else None)
    if wish.options and wanted_type not in ("choice", "choices"):
        raise errors.Invalid("only a choice or choices have options")
    await tx.execute(
        Q.define_trait,
        workspace_id,
        name,
        wanted_type,
        _either(wish.required, held.required if held else False),
        _either(wish.readonly, held.readonly if held else False),
        _either(wish.personal, held.personal if held else is_personal_trait(name)),
        wish.group if wish.group is not None else (held.group if held else ""),
        list(options) if options and wanted_type in ("choice", "choices") else None,
    )
    return (await list_traits(tx, workspace_id, name=name))[0]


async def settle_trait(tx: Tx, workspace_id: UUID, name: str, *, vault: Vault, ids: Ids) -> int:
    """Apply a changed definition to the next profiles, 500 at most; says to how many, 0 when all are done.

    Values are converted and sealed, or opened; what does not convert goes, and stands in the log as refused. Of a
    personal trait the log is sealed too. May be called again at any time: it goes on where it stopped.
    """
    name = canonical_name(name)
    await tx.execute(Q.own_settling, workspace_id)
    trait = await tx.fetchrow(Q.find_settling, workspace_id, name)
    if trait is None:
        return 0
    rows = await tx.fetch(Q.lock_next_profiles, workspace_id, trait["settling"], SETTLE_PROFILES_MAX)
    definition = definition_of(trait)
    members, folds, refused = _settled(rows, name, definition, vault)
    await write_traits(tx, Q.update_traits, workspace_id, members, vault=vault)
    await write_traits(tx, Q.update_folds, workspace_id, folds, vault=vault)
    if refused:
        await log_changes(tx, workspace_id, refused, vault=vault, ids=ids, cause="definition")
    if definition.personal:
        await _seal_log(tx, workspace_id, [row["profile_id"] for row in rows], name, vault)
    last = rows[-1]["profile_id"] if len(rows) == SETTLE_PROFILES_MAX else None
    await tx.execute(Q.set_settling, workspace_id, name, last)
    return len(rows)


async def check_traits(tx: Tx, workspace_id: UUID, traits: JSONObject) -> list[Problem]:
    """Which of these would not be folded, and why; for doors whose vendor says no at once."""
    return problems(traits, await read_definitions(tx, workspace_id))


async def make_traits(
    tx: Tx, workspace_id: UUID, first_values: JSONObject, *, made_by: str, traits_max: int
) -> None:
    """Define the traits that are not there yet by their first values, on behalf of a dialect's call. All or none.

    The limit counts what calls of `made_by` made, exactly: do this in a transaction of its own. Raises TooManyTraits.
    """
    await tx.execute(Q.own_definitions, workspace_id)
    found = {name: discovered(name, value) for name, value in first_values.items()}
    held = await tx.fetchval(Q.count_made_traits, workspace_id, made_by)
    made = await tx.fetch(
        Q.make_traits,
        workspace_id,
        list(found),
        [one.type for one in found.values()],
        [one.personal for one in found.values()],
        made_by,
    )
    if held + len(made) > traits_max:
        raise TooManyTraits(f"there are {held} of {traits_max}")


async def _read(tx: Tx, workspace_id: UUID, name: str | None) -> list[ShownTrait]:
    rows = await tx.fetch(Q.show_traits, workspace_id, name)
    numbered = [trait_id(workspace_id, row["name"]) for row in rows]
    numbers = await accounts.number_of(tx, workspace_id, TRAIT, numbered)
    return [_shown(row, numbers[one]) for row, one in zip(rows, numbered, strict=True)]


def _settled(
    rows: list[asyncpg.Record], name: str, definition: Definition, vault: Vault
) -> tuple[list[tuple[UUID, Standing]], list[tuple[UUID, Standing]], list[tuple[UUID, Change]]]:
    """Members, folds and refusals of some profiles, only what changes."""
    members, folds, refused = [], [], []
    for row in rows:
        profile_id = row["profile_id"]
        before = standing_of(row, vault)
        after, refusal = settled(before, name, definition)
        if after != before:
            members.append((profile_id, after))
        if refusal is not None:
            refused.append((profile_id, refusal))
        if row["fold_traits"] is not None:
            together = fold_of(row, vault)
            folds.append((profile_id, settled(together, name, definition)[0]))
    return members, folds, refused


async def _seal_log(tx: Tx, workspace_id: UUID, profile_ids: list[UUID], name: str, vault: Vault) -> None:
    rows = await tx.fetch(Q.list_plain_changes, workspace_id, profile_ids, f"trait:{name}")
    if not rows:
        return
    await tx.execute(
        Q.seal_changes,
        workspace_id,
        [row["profile_id"] for row in rows],
        [row["change_id"] for row in rows],
        [
            vault.seal(
                msgspec.msgpack.encode(msgspec.json.decode(row["value"])), b"change" + row["change_id"].bytes
            )
            for row in rows
        ],
    )


def _shown(row: asyncpg.Record, number: int) -> ShownTrait:
    at = row["refused_us"]
    return ShownTrait(
        name=row["name"],
        number=number,
        type=row["type"],
        required=row["required"],
        readonly=row["readonly"],
        personal=row["personal"],
        group=row["field_group"],
        options=row["options"],
        discovered=row["discovered"],
        example=None if row["personal"] or row["example"] is None else msgspec.json.decode(row["example"]),
        refused=row["refused"],
        refused_reason=row["refused_reason"],
        refused_at=None if at is None else datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(),
        settling=row["settling"],
    )


def _either(wished: bool | None, held: bool) -> bool:
    return held if wished is None else wished
