"""Metrics: the kinds of events; paused and taken up again, edited, deleted."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from clarion import accounts, errors, events, metrics
from clarion.api.automation_views import Affected
from clarion.api.nouns._fields import Label, Text
from clarion.api.nouns._losses import lose
from clarion.api.ports import Call
from clarion.automations import LostAttributes, LostMetric
from clarion.metrics import Attribute, Category, Declaration, Metric

ATTRIBUTES_MAX = 20


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One metric by its name."""

    name: Text


class Create(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of event that is yet to come."""

    name: Text


class Listed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which category; of all by default."""

    category: Category | None = None


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. `paused`: its events are counted and not kept. `syncing`: they are kept again.

    `attributes`: all that its events may have from now on, where a caller defined it.
    """

    name: Text
    status: Literal["syncing", "paused"] | None = None
    title: Label | None = None
    attributes: Annotated[tuple[Attribute, ...], Meta(max_length=ATTRIBUTES_MAX)] | None = None


class Changed(Metric, frozen=True, kw_only=True):
    """The metric as it is now. `automations`: those that used an attribute that is gone, or of another type."""

    automations: tuple[Affected, ...] = ()


class Deleted(Struct, frozen=True):
    """A metric that is gone. `automations`: those that it started, which are paused."""

    name: str
    automations: tuple[Affected, ...] = ()


async def list_all(call: Call, wish: Listed) -> list[Metric]:
    """All metrics by name, without their properties and attributes."""
    async with call.app() as tx:
        return await metrics.list_metrics(tx, call.workspace_id, category=wish.category)


async def show(call: Call, wish: One) -> Metric:
    """One metric with its properties."""
    async with call.app() as tx:
        return (await metrics.list_metrics(tx, call.workspace_id, name=wish.name))[0]


async def create(call: Call, wish: Create) -> Metric:
    """Make a metric before its first event; its name is unique."""
    async with call.app() as tx:
        try:
            await metrics.declare(tx, call.workspace_id, [Declaration(name=wish.name)])
        except errors.AlreadyThere as exc:
            raise errors.AlreadyThere(f"there is a metric named {exc} in this workspace") from exc
        (made,) = await metrics.list_metrics(tx, call.workspace_id, name=wish.name)
        await accounts.audit(
            tx,
            call.workspace_id,
            ids=call.ports.ids,
            actor=call.actor,
            action="metric_created",
            metric=wish.name,
        )
    return made


async def change(call: Call, wish: Change) -> Changed:
    """Pause a metric or take it up again; change its title, or the attributes that its events may have."""
    codes = [one.code for one in wish.attributes or ()]
    if len(set(codes)) < len(codes):
        raise errors.Invalid("an attribute is there twice")
    affected: tuple[Affected, ...] = ()
    async with call.app() as tx:
        if wish.attributes is not None:
            await events.stop_processing(tx, call.workspace_id)
        if wish.status is not None:
            await metrics.set_status(tx, call.workspace_id, wish.name, wish.status)
            await accounts.audit(
                tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="metric_status_set",
                metric=wish.name, status=wish.status,
            )  # fmt: skip
        if wish.title is not None or wish.attributes is not None:
            gone = await metrics.edit(
                tx, call.workspace_id, wish.name, title=wish.title, attributes=wish.attributes
            )
            if gone:
                affected = await lose(tx, call, LostAttributes(wish.name, gone))
            await accounts.audit(
                tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="metric_edited",
                metric=wish.name,
            )  # fmt: skip
        (found,) = await metrics.list_metrics(tx, call.workspace_id, name=wish.name)
    return Changed(**msgspec.structs.asdict(found), automations=affected)


async def delete(call: Call, wish: One) -> Deleted:
    """Delete a metric that no event on the timeline has. What is told of it later is discovered anew."""
    async with call.app() as tx:
        await events.stop_processing(tx, call.workspace_id)
        await metrics.delete(tx, call.workspace_id, wish.name)
        affected = await lose(tx, call, LostMetric(wish.name))
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="metric_deleted",
            metric=wish.name,
        )  # fmt: skip
    return Deleted(wish.name, affected)
