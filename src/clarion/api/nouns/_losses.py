"""What automations lose when something that they use is changed or deleted: in its transaction, and told."""

from clarion import accounts, automations
from clarion.api import automation_views as views
from clarion.api.ports import Call
from clarion.automations import LostAttributes, LostMetric, LostTrait
from clarion.db import Tx


async def lose(
    tx: Tx, call: Call, lost: LostMetric | LostAttributes | LostTrait
) -> tuple[views.Affected, ...]:
    """Change the automations that use it; the audit names what is lost and each that is changed."""
    affected = await automations.lose(
        tx, call.workspace_id, lost, by=call.actor, now_us=call.ports.database.now_us()
    )
    for one in affected:
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="automation_lost",
            lost=str(lost), automation_id=str(one.automation_id), automation=one.name,
            effects=[f"{found.effect} {found.where}" for found in one.consequences],
        )  # fmt: skip
    return tuple(views.affected(one) for one in affected)
