"""What is done about events: who hears of them, and how the messages that automations ask for are planned."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from clarion import automations, events, messaging, orders
from clarion.accounts import Vaults
from clarion.automations import Plan, Send, Templates
from clarion.db import Tx
from clarion.events import Listener
from clarion.messaging import Cause, PlannedSend
from clarion.model import Ids


def listeners(now_us: Callable[[], int]) -> Sequence[Listener]:
    """Who is told what came onto the timeline, in this order, in its transaction."""
    return (automations.Triggers(now_us),)


def planner(vaults: Vaults, ids: Ids) -> Plan:
    """Has messages sent, with the event that began the run as their data."""

    async def plan(tx: Tx, workspace_id: UUID, sends: Sequence[Send]) -> None:
        vault = await vaults.of(workspace_id)
        keys = [
            (one.profile_id, datetime.fromtimestamp(one.occurred_at_us / 1_000_000, UTC), one.event_id)
            for one in sends
        ]
        said = await events.read_properties(tx, workspace_id, keys, vault=vault)
        template_ids = {
            name: (await messaging.find_called(tx, workspace_id, name)).template_id
            for name in sorted({one.template for one in sends})
        }
        wanted = [
            PlannedSend(
                key=str(one.send_key), cause=Cause("automation", one.automation_id), channel=one.channel,
                template_id=template_ids[one.template], profile_id=one.profile_id,
                message_class=one.message_class, topic=one.topic,
                data=said.get(one.event_id, {}), event=said.get(one.event_id, {}),
                order=orders.order_in(said.get(one.event_id, {})),
            )
            for one in sends
        ]  # fmt: skip
        for start in range(0, len(wanted), messaging.PLAN_MAX):
            part = wanted[start : start + messaging.PLAN_MAX]
            await messaging.plan(tx, workspace_id, part, vault=vault, ids=ids)

    return plan


async def templates(tx: Tx, workspace_id: UUID) -> Templates:
    """A workspace's templates by name and by number, each with its channel; a name goes before a number."""
    found = await messaging.list_templates(tx, workspace_id)
    return {str(one.number): {one.channel} for one in found} | {one.name: {one.channel} for one in found}
