"""Automations: drafted, published, paused, archived; and their runs."""

from collections.abc import Awaitable
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from clarion import accounts, automations
from clarion.api import automation_views as views
from clarion.api.nouns._fields import Limit, Text
from clarion.api.ports import Call, Nothing, id_of
from clarion.automations import Automation, Definition
from clarion.db import Tx


class Create(Struct, frozen=True, forbid_unknown_fields=True):
    """A new automation, as a draft. It may have problems; publishing says which."""

    name: Text
    definition: Definition


class Redraft(Struct, frozen=True, forbid_unknown_fields=True):
    """Its next version. What is live stays as it is until that is published."""

    automation_id: str
    definition: Definition


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One automation by its id."""

    automation_id: str


class Runs(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest runs of one automation."""

    automation_id: str
    limit: Limit = 50


class _Change(Protocol):
    def __call__(
        self, tx: Tx, workspace_id: UUID, automation_id: UUID, *, now_us: int
    ) -> Awaitable[Automation]: ...


async def list_all(call: Call, wish: Nothing) -> list[views.Automation]:
    """All automations by name."""
    async with call.app() as tx:
        found = await automations.list_automations(tx, call.workspace_id)
    return [views.automation(one) for one in found]


async def show(call: Call, wish: One) -> views.WholeAutomation:
    """One with its newest definition, what is wrong with it, and how its runs stand."""
    async with call.app() as tx:
        return await _whole(
            tx, call, await automations.read_automation(tx, call.workspace_id, _id(wish.automation_id))
        )


async def runs(call: Call, wish: Runs) -> list[views.Run]:
    """Its runs, newest first."""
    async with call.app() as tx:
        one = await automations.read_automation(tx, call.workspace_id, _id(wish.automation_id))
        found = await automations.list_runs(tx, call.workspace_id, one.automation_id, limit=wish.limit)
    return [views.run(one) for one in found]


async def create(call: Call, wish: Create) -> views.WholeAutomation:
    """Make a draft; its name is unique."""
    async with call.app() as tx:
        made = await automations.draft(
            tx, call.workspace_id, wish.name, wish.definition,
            by=call.actor, ids=call.ports.ids, now_us=call.ports.database.now_us(),
        )  # fmt: skip
        await _audit(tx, call, "automation_created", made)
        return await _whole(tx, call, made)


async def redraft(call: Call, wish: Redraft) -> views.WholeAutomation:
    """Make its next version, a draft."""
    async with call.app() as tx:
        made = await automations.redraft(
            tx, call.workspace_id, _id(wish.automation_id), wish.definition,
            by=call.actor, now_us=call.ports.database.now_us(),
        )  # fmt: skip
        await _audit(tx, call, "automation_changed", made)
        return await _whole(tx, call, made)


async def publish(call: Call, wish: One) -> views.Automation:
    """Its newest version is live from now on; runs that go on keep theirs."""

    async def do(tx: Tx, workspace_id: UUID, automation_id: UUID, *, now_us: int) -> Automation:
        find = call.ports.find_templates
        return await automations.publish(tx, workspace_id, automation_id, find_templates=find, now_us=now_us)

    return await _change(call, wish, "automation_published", do)


async def pause(call: Call, wish: One) -> views.Automation:
    """It starts no run, and its runs stand still until it is published again."""
    return await _change(call, wish, "automation_paused", automations.pause)


async def archive(call: Call, wish: One) -> views.Automation:
    """Give it up: its runs end when they are due. It cannot be taken back."""
    return await _change(call, wish, "automation_archived", automations.archive)


async def _change(call: Call, wish: One, action: str, change: _Change) -> views.Automation:
    async with call.app() as tx:
        changed = await change(
            tx, call.workspace_id, _id(wish.automation_id), now_us=call.ports.database.now_us()
        )
        await _audit(tx, call, action, changed)
    return views.automation(changed)


async def _whole(tx: Tx, call: Call, one: Automation) -> views.WholeAutomation:
    find = call.ports.find_templates
    problems = await automations.problems(tx, call.workspace_id, one.definition, find_templates=find)
    return views.whole(one, await automations.count_runs(tx, call.workspace_id, one.automation_id), problems)


async def _audit(tx: Tx, call: Call, action: str, one: Automation) -> None:
    await accounts.audit(
        tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action=action,
        automation_id=str(one.automation_id), version=one.version,
    )  # fmt: skip


def _id(text: str) -> UUID:
    return id_of(views.AUTOMATION, text, "automation")
