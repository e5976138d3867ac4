"""Traits: what profiles hold, and of which type."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from clarion import accounts, events, jobs, profiles
from clarion.api.automation_views import Affected
from clarion.api.nouns._fields import Label, Text
from clarion.api.nouns._losses import lose
from clarion.api.ports import Call, Nothing
from clarion.automations import LostTrait
from clarion.profiles import ShownTrait
from clarion.profiles.conversion import TraitType

OPTIONS_MAX = 1_000
SETTLED_PER_CALL_MAX = 20  # transactions of 500 profiles; a call stays short


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One trait by its name."""

    name: Text


class Define(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trait as it shall be; what is left out stays, and a new one needs a type."""

    name: Text
    type: TraitType | None = None
    required: bool | None = None
    readonly: bool | None = None
    personal: bool | None = None
    group: Label | None = None
    options: Annotated[tuple[Text, ...], Meta(max_length=OPTIONS_MAX)] | None = None


class Defined(ShownTrait, frozen=True, kw_only=True):
    """The trait as it is now. `automations`: those that used it, where it is of another type than it was."""

    automations: tuple[Affected, ...] = ()


class Deleted(Struct, frozen=True):
    """A trait that is gone. `held_by`: from how many profiles its values go, or have gone.

    `automations`: those that used it, and what became of them.
    """

    name: str
    held_by: int
    automations: tuple[Affected, ...] = ()


async def list_all(call: Call, wish: Nothing) -> list[ShownTrait]:
    """All traits by name."""
    async with call.app() as tx:
        return await profiles.list_traits(tx, call.workspace_id)


async def show(call: Call, wish: One) -> ShownTrait:
    """One trait, with how many values were refused and why the last."""
    async with call.app() as tx:
        return (await profiles.list_traits(tx, call.workspace_id, name=wish.name))[0]


async def define(call: Call, wish: Define) -> Defined:
    """Define a trait or change one, and apply it to what is stored; call again while it is `settling`."""
    fields, name = msgspec.structs.asdict(wish), profiles.canonical_name(wish.name)
    del fields["name"]
    affected: tuple[Affected, ...] = ()
    async with call.app() as tx:
        await events.stop_processing(tx, call.workspace_id)
        held = (await profiles.read_definitions(tx, call.workspace_id)).get(name)
        await profiles.define_trait(tx, call.workspace_id, wish.name, profiles.Wish(**fields))
        await accounts.audit(
            tx,
            call.workspace_id,
            ids=call.ports.ids,
            actor=call.actor,
            action="trait_defined",
            trait=wish.name,
        )
        if held is not None and wish.type not in (None, held.type):
            affected = await lose(tx, call, LostTrait(name))
    for _ in range(SETTLED_PER_CALL_MAX):
        if not await settle(call, wish.name):
            break
    shown = await show(call, One(wish.name))
    return Defined(**msgspec.structs.asdict(shown), automations=affected)


async def delete(call: Call, wish: One) -> Deleted:
    """Delete a trait: its definition now, what profiles hold of it in jobs; their history says so. No way back."""
    async with call.app() as tx:
        now_us = await events.stop_processing(tx, call.workspace_id)
        held_by = await profiles.delete_trait(
            tx, call.workspace_id, wish.name, ids=call.ports.ids, now_us=now_us
        )
        await accounts.audit(
            tx,
            call.workspace_id,
            ids=call.ports.ids,
            actor=call.actor,
            action="trait_deleted",
            trait=wish.name,
        )
        affected = await lose(tx, call, LostTrait(profiles.canonical_name(wish.name)))
    await call.ports.database.notify(jobs.WORK)
    return Deleted(wish.name, held_by, affected)


async def count(call: Call, name: str) -> int:
    """How many profiles hold a trait. Raises NotFound."""
    async with call.app() as tx:
        await profiles.list_traits(tx, call.workspace_id, name=name)
        return await profiles.count_holding(tx, call.workspace_id, name)


async def settle(call: Call, name: str) -> int:
    """Apply a changed definition to some more profiles; says to how many, 0 when all are done."""
    vault = await call.vault()
    async with call.app() as tx:
        return await profiles.settle_trait(tx, call.workspace_id, name, vault=vault, ids=call.ports.ids)
