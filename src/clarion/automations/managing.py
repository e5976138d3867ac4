"""What a person does with an automation: draft, publish, pause, archive."""

from collections.abc import Awaitable, Callable, Collection
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from clarion import errors, events, messaging
from clarion.automations import store
from clarion.automations.check import Templates, check
from clarion.automations.definition import Definition
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


class Use(StrEnum):
    """How a version of an automation is in use."""

    LIVE = "live"  #: new runs go by it, now or when it is no longer paused
    DRAFT = "draft"  #: it is the newest, and not published
    RUNS = "runs"  #: it is neither, and runs that began earlier go by it


class User(Struct, frozen=True):
    """A version of an automation that sends a template."""

    name: str
    version: int
    use: Use


async def users_of(tx: Tx, workspace_id: UUID, called: Collection[str]) -> list[User]:
    """Who sends one of these templates (names or numbers), by name: all but the archived, whose runs send nothing."""
    return [
        User(one.name, version, _use_of(one, version))
        for one in await store.list_automations(tx, workspace_id)
        if one.status != "archived"
        for version, definition in (await store.versions_in_use(tx, workspace_id, one.automation_id)).items()
        if any(node.template in called for _, node in sends(definition))
    ]


def _use_of(one: Automation, version: int) -> Use:
    if version == one.live_version:
        return Use.LIVE
    return Use.DRAFT if version == one.version else Use.RUNS


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
