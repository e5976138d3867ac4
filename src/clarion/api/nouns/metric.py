"""Metrics: the kinds of events, paused and taken up again."""

from typing import Literal

from msgspec import Struct

from clarion import accounts, metrics
from clarion.api.nouns._fields import Text
from clarion.api.ports import Call, Nothing
from clarion.metrics import Metric


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One metric by its name."""

    name: Text


class SetStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """`paused`: its events are counted and not kept. `syncing`: they are kept again."""

    name: Text
    status: Literal["syncing", "paused"]


async def list_all(call: Call, wish: Nothing) -> list[Metric]:
    """All metrics by name, without their properties."""
    async with call.app() as tx:
        return await metrics.list_metrics(tx, call.workspace_id)


async def show(call: Call, wish: One) -> Metric:
    """One metric with its properties."""
    async with call.app() as tx:
        return (await metrics.list_metrics(tx, call.workspace_id, name=wish.name))[0]


async def set_status(call: Call, wish: SetStatus) -> Metric:
    """Pause a metric or take it up again."""
    async with call.app() as tx:
        changed = await metrics.set_status(tx, call.workspace_id, wish.name, wish.status)
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="metric_status_set",
            metric=wish.name, status=wish.status,
        )  # fmt: skip
    return changed
