"""What a person does with an automation: draft, publish, pause, archive."""

from collections.abc import Awaitable, Callable, Collection
from uuid import UUID

from clarion import errors, events, messaging
from clarion.automations import store
from clarion.automations.check import Templates, check
from clarion.automations.definition import Definition, SendMessage
from clarion.automations.losses import sends
from clarion.automations.store import Automation
from clarion.db import Tx
from clarion.model import Ids
from clarion.segments import Problem

#: The templates of a workspace.
FindTemplates = Callable[[Tx, UUID], Awaitable[Templates]]


async def no_templates(tx: Tx, workspace_id: UUID) -> Templates:
    """Until there are messages no automation that sends one can be published."""
    return {}


async def draft(
    tx: Tx, workspace_id: UUID, name: str, definition: Definition, *, by: str, ids: Ids, now_us: int
) -> Automation:
    """A new automation. It may have problems; publishing says which. Raises AlreadyThere."""
    automation_id = await store.create(tx, workspace_id, name, definition, by=by, ids=ids, now_us=now_us)
    return (await store.list_automations(tx, workspace_id, automation_id))[0]


async def redraft(
    tx: Tx, workspace_id: UUID, automation_id: UUID, definition: Definition, *, by: str, now_us: int
) -> Automation:
    """Its next version; what is live stays as it is until that is published. Raises NotFound, Invalid."""
    held = await store.lock(tx, workspace_id, automation_id)
    _not_archived(held)
    if definition != held.definition:
        await store.redraft(tx, workspace_id, automation_id, definition, by=by, now_us=now_us)
    return (await store.list_automations(tx, workspace_id, automation_id))[0]


async def problems(
    tx: Tx, workspace_id: UUID, definition: Definition, *, find_templates: FindTemplates
) -> list[Problem]:
    """What is in the way of publishing it."""
    return check(definition, await find_templates(tx, workspace_id))


async def publish(
    tx: Tx, workspace_id: UUID, automation_id: UUID, *, find_templates: FindTemplates, now_us: int
) -> Automation:
    """Its newest version is live from now on; runs that go on keep theirs. Raises NotFound, Invalid."""
    held = await _lock(tx, workspace_id, automation_id)
    _not_archived(held)
    # Whoever deletes or renames one has it locked, and then looks for who sends it.
    await messaging.share_templates(tx, workspace_id, [node.template for _, node in sends(held.definition)])
    found = await problems(tx, workspace_id, held.definition, find_templates=find_templates)
    if found:
        told = "; ".join(f"{one.where} {one.what}" for one in found[:20])
        raise errors.Invalid(f"{held.name} cannot be published: {told}")
    return await _set(tx, workspace_id, held, "live", held.version, now_us)


async def users_of(tx: Tx, workspace_id: UUID, called: Collection[str]) -> list[str]:
    """The names of the automations, live or paused, that send one of these templates (names or numbers)."""
    held = [one for one in await store.list_automations(tx, workspace_id) if one.live_version is not None]
    acting = [one for one in held if one.status in ("live", "paused")]
    pairs = [(one.automation_id, one.live_version or 0) for one in acting]
    live = await store.read_versions(tx, workspace_id, pairs)
    return [
        one.name
        for one, pair in zip(acting, pairs, strict=True)
        if any(
            isinstance(node, SendMessage) and node.template in called
            for definition in (one.definition, live[pair])
            for node in definition.nodes.values()
        )
    ]


async def pause(tx: Tx, workspace_id: UUID, automation_id: UUID, *, now_us: int) -> Automation:
    """It starts no run, and those that go on stand still until it is published again. Raises NotFound, Invalid."""
    held = await _lock(tx, workspace_id, automation_id)
    if held.status == "paused":
        return held
    if held.status != "live":
        raise errors.Invalid(f"{held.name} is {held.status}: what is live can be paused")
    return await _set(tx, workspace_id, held, "paused", held.live_version, now_us)


async def archive(tx: Tx, workspace_id: UUID, automation_id: UUID, *, now_us: int) -> Automation:
    """It is given up: no run starts, and each that goes on ends when it is due. Raises NotFound."""
    held = await _lock(tx, workspace_id, automation_id)
    return await _set(tx, workspace_id, held, "archived", held.live_version, now_us)


async def _lock(tx: Tx, workspace_id: UUID, automation_id: UUID) -> Automation:
    """One, ours until the commit, with which another listens; the lanes come before the automations."""
    await events.raise_listening(tx, workspace_id)
    return await store.lock(tx, workspace_id, automation_id)


async def _set(
    tx: Tx, workspace_id: UUID, held: Automation, status: store.Status, live_version: int | None, now_us: int
) -> Automation:
    await store.set_status(tx, workspace_id, held.automation_id, status, live_version, now_us=now_us)
    return (await store.list_automations(tx, workspace_id, held.automation_id))[0]


def _not_archived(held: Automation) -> None:
    if held.status == "archived":
        raise errors.Invalid(f"{held.name} is archived")
