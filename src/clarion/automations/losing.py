"""Something that automations use goes away: they are changed in the transaction in which it does."""

from collections.abc import Collection
from uuid import UUID

from msgspec import Struct

from clarion import errors, events, messaging
from clarion.automations import store
from clarion.automations.definition import Definition
from clarion.automations.losses import Consequence, Effect, Lost, sends, shown_names, without
from clarion.automations.store import Automation
from clarion.db import Tx


class Affected(Struct, frozen=True):
    """An automation that used it, and what became of it."""

    automation_id: UUID
    name: str
    consequences: list[Consequence]


async def lose(tx: Tx, workspace_id: UUID, lost: Lost, *, by: str, now_us: int) -> list[Affected]:
    """Have every automation that is not archived do without, in every version by which people go.

    A lost trigger pauses it, a branch that asked of it leads to `no`, of a message that shows it is told. Nobody who
    would not have been sent a message is sent one after it. The caller has stopped the processing, before all else.
    """
    affected = []
    for one in await store.lock_all(tx, workspace_id):
        found = await _lose(tx, workspace_id, one, lost, by=by, now_us=now_us)
        if found:
            affected.append(Affected(one.automation_id, one.name, found))
    if affected:
        await events.raise_listening(tx, workspace_id)
    return affected


async def _lose(
    tx: Tx, workspace_id: UUID, one: Automation, lost: Lost, *, by: str, now_us: int
) -> list[Consequence]:
    """What it means for an automation; of several versions each thing is told once."""
    in_use = await store.versions_in_use(tx, workspace_id, one.automation_id)
    changed: dict[int, Definition] = {}
    told: dict[Consequence, None] = {}
    for version, definition in in_use.items():
        changed[version], found = without(definition, lost)
        found += await _in_messages(tx, workspace_id, definition, lost)
        told.update(dict.fromkeys(found))
    if any(changed[version] != definition for version, definition in in_use.items()):
        # The newest comes last, so that it stays the newest, also where only an older one is another now.
        differing = [version for version in in_use if changed[version] != in_use[version]]
        for version in sorted({*differing, one.version}):
            await store.replace_version(
                tx, workspace_id, one.automation_id, version, changed[version], by=by, now_us=now_us
            )
    if one.status == "live" and any(one.effect is Effect.PAUSED for one in told):
        await store.pause(tx, workspace_id, one.automation_id, now_us=now_us)
    return list(told)


async def _in_messages(
    tx: Tx, workspace_id: UUID, definition: Definition, lost: Lost
) -> Collection[Consequence]:
    names = shown_names(definition, lost)
    found = []
    for place, node in sends(definition) if names else ():
        try:
            template = await messaging.find_called(tx, workspace_id, node.template)
        except errors.NotFound:
            continue
        texts = await messaging.read_texts(tx, workspace_id, template.template_id, template.version)
        if any(messaging.shows(content, names) for content in texts.values()):
            found.append(Consequence(Effect.WARNED, f"nodes.{place}.template"))
    return found
