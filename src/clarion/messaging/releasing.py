"""What quiet hours hold is decided anew when they change, a chunk at a time."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from clarion import jobs
from clarion.db import Tx
from clarion.jobs import Handler, Job
from clarion.messaging import store
from clarion.messaging.port import Channel
from clarion.messaging.store import SendingRule
from clarion.model import Ids, time_us_of

RULE_CHANGED = "rule.changed"  #: the fact that is published; its payload is the channel
_AT_ONCE = 5_000


async def change_rule(
    tx: Tx, workspace_id: UUID, channel: Channel, changed: Callable[[SendingRule], SendingRule], *, ids: Ids
) -> SendingRule:
    """A channel's rules from now on, made of those before; of two changes at once the second is made of the first's.

    What the ones before hold is due again, and held anew where it still must be.
    """
    before = await store.own_rule(tx, workspace_id, channel)
    rule = changed(before)
    await store.set_rule(tx, workspace_id, channel, rule)
    if (before.quiet_from, before.quiet_until) != (rule.quiet_from, rule.quiet_until):
        await jobs.publish(tx, workspace_id, RULE_CHANGED, channel.encode(), ids=ids)
    return rule


def releaser() -> Handler:
    """Hears of `RULE_CHANGED`. What was held after it was told is held by the new rule, and stays."""

    async def release(tx: Tx, job: Job) -> int | None:
        channel = cast(Channel, job.payload.decode())
        told_us = time_us_of(job.job_id)
        released = await store.release(tx, job.workspace_id, channel, held_before_us=told_us, limit=_AT_ONCE)
        return job.done + released if released == _AT_ONCE else None

    return release
