"""The room's SQL."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg
from msgspec import Struct

from clarion import db, errors
from clarion.automations import definition as definitions
from clarion.automations.definition import Definition
from clarion.automations.entry import Former, Live
from clarion.automations.run import Run
from clarion.db import Tx
from clarion.model import Ids

Q = db.load("clarion.automations")
FAILURES_MAX = 6
WORK = "clarion_runs"  #: the channel on which workers hear that runs are due
Status = Literal["draft", "live", "paused", "archived"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Automation(Struct, frozen=True, kw_only=True):
    """One as it is kept, with its newest version. `live_version`: by which new runs go."""

    automation_id: UUID
    name: str
    status: Status
    version: int
    live_version: int | None
    created_us: int
    changed_us: int
    definition: Definition


class StoredRun(Struct, frozen=True, kw_only=True):
    """A run as it is listed."""

    run_id: UUID
    profile_id: UUID
    event_id: UUID
    version: int
    node: str
    entered_us: int | None
    due_us: int | None
    steps: int
    begun_us: int
    ended_us: int | None
    reason: str | None
    last_error: str | None


# ---- definitions


async def create(
    tx: Tx, workspace_id: UUID, name: str, definition: Definition, *, by: str, ids: Ids, now_us: int
) -> UUID:
    """A draft. Raises AlreadyThere."""
    automation_id = await tx.fetchval(Q.insert_automation, workspace_id, ids.next(), name, now_us)
    if automation_id is None:
        raise errors.AlreadyThere(f"there is an automation named {name} in this workspace")
    await _insert_version(tx, workspace_id, automation_id, 1, definition, by, now_us)
    return UUID(bytes=automation_id.bytes)


async def redraft(
    tx: Tx, workspace_id: UUID, automation_id: UUID, definition: Definition, *, by: str, now_us: int
) -> None:
    """A next version, which is a draft until it is published."""
    version = await tx.fetchval(Q.raise_version, workspace_id, automation_id, now_us)
    await _insert_version(tx, workspace_id, automation_id, version, definition, by, now_us)


async def _insert_version(
    tx: Tx,
    workspace_id: UUID,
    automation_id: UUID,
    version: int,
    definition: Definition,
    by: str,
    now_us: int,
) -> None:
    document = definitions.write(definition)
    await tx.execute(Q.insert_version, workspace_id, automation_id, version, document, by, now_us)


async def lock(tx: Tx, workspace_id: UUID, automation_id: UUID) -> Automation:
    """One, ours until the commit. Raises NotFound."""
    await tx.execute(Q.lock_automation, workspace_id, automation_id)
    return await read_automation(tx, workspace_id, automation_id)


async def list_automations(tx: Tx, workspace_id: UUID, automation_id: UUID | None = None) -> list[Automation]:
    """All by name, or one."""
    rows = await tx.fetch(Q.list_automations, workspace_id, automation_id)
    return [Automation(**dict(row) | {"definition": definitions.read(row["definition"])}) for row in rows]


async def read_automation(tx: Tx, workspace_id: UUID, automation_id: UUID) -> Automation:
    """One. Raises NotFound."""
    found = await list_automations(tx, workspace_id, automation_id)
    if not found:
        raise errors.NotFound("there is no such automation in this workspace")
    return found[0]


async def set_status(
    tx: Tx, workspace_id: UUID, automation_id: UUID, status: Status, live_version: int | None, *, now_us: int
) -> None:
    """Also lets what was parked go on, where it is live or archived."""
    await tx.execute(Q.set_status, workspace_id, automation_id, status, live_version, now_us)
    if status == "live":
        await tx.execute(Q.publish_version, workspace_id, automation_id, live_version, now_us)
    if status in ("live", "archived"):
        await tx.execute(Q.unpark_runs, workspace_id, automation_id, now_us)
        await wake(tx)


async def count_runs(tx: Tx, workspace_id: UUID, automation_id: UUID) -> dict[str, int]:
    """Those that go on, and those that ended, by reason."""
    rows = await tx.fetch(Q.count_runs, workspace_id, automation_id)
    return {row["state"]: row["runs"] for row in rows}


async def list_live(tx: Tx, workspace_id: UUID) -> list[Live]:
    """What listens to events."""
    rows = await tx.fetch(Q.list_live, workspace_id)
    return [Live(row["automation_id"], row["version"], definitions.read(row["definition"])) for row in rows]


async def read_versions(
    tx: Tx, workspace_id: UUID, wanted: Iterable[tuple[UUID, int]]
) -> dict[tuple[UUID, int], Definition]:
    """Definitions by automation and version."""
    pairs = list(wanted)
    rows = await tx.fetch(
        Q.read_versions, workspace_id, [one for one, _ in pairs], [version for _, version in pairs]
    )
    return {(row["automation_id"], row["version"]): definitions.read(row["definition"]) for row in rows}


async def lock_all(tx: Tx, workspace_id: UUID) -> list[Automation]:
    """Those that are not archived, ours until the commit."""
    await tx.execute(Q.lock_automations, workspace_id)
    return [one for one in await list_automations(tx, workspace_id) if one.status != "archived"]


async def versions_in_use(tx: Tx, workspace_id: UUID, automation_id: UUID) -> dict[int, Definition]:
    """By which runs go on or begin, and the newest; in order."""
    rows = await tx.fetch(Q.versions_in_use, workspace_id, automation_id)
    return {row["version"]: definitions.read(row["definition"]) for row in rows}


async def replace_version(
    tx: Tx,
    workspace_id: UUID,
    automation_id: UUID,
    version: int,
    definition: Definition,
    *,
    by: str,
    now_us: int,
) -> None:
    """Whoever goes by `version` goes by this one from now on, which is the newest."""
    newest = await tx.fetchval(Q.raise_version, workspace_id, automation_id, now_us)
    await _insert_version(tx, workspace_id, automation_id, newest, definition, by, now_us)
    await tx.execute(Q.replace_version, workspace_id, automation_id, version, newest)
    await tx.execute(Q.replace_live_version, workspace_id, automation_id, version, newest)


async def pause(tx: Tx, workspace_id: UUID, automation_id: UUID, *, now_us: int) -> None:
    """It stays live in its version, and stands still."""
    await tx.execute(Q.pause_automation, workspace_id, automation_id, now_us)


# ---- runs


async def own_entries(tx: Tx, workspace_id: UUID) -> None:
    """Nobody else decides who comes in again until the commit."""
    await tx.execute(Q.own_entries, workspace_id)


async def insert_runs(tx: Tx, workspace_id: UUID, runs: Sequence[Run], *, now_us: int) -> int:
    """Those whose cause has not started one; says how many, and has workers look at them."""
    rows = await tx.fetch(
        Q.insert_runs, workspace_id, [run.run_id for run in runs], [run.automation_id for run in runs],
        [run.version for run in runs], [run.profile_id for run in runs], [run.event_id for run in runs],
        [_EPOCH + timedelta(microseconds=run.occurred_at_us) for run in runs], [run.node for run in runs], now_us,
    )  # fmt: skip
    if rows:
        await wake(tx)
    return len(rows)


async def wake(tx: Tx) -> None:
    """After the commit workers look at what is due."""
    await tx.execute(Q.wake_runner, WORK)


async def find_formers(
    tx: Tx, workspace_id: UUID, profile_ids: Iterable[UUID], automation_ids: Iterable[UUID]
) -> list[tuple[UUID, UUID, Former]]:
    """(member, automation, run) of some members in some automations."""
    rows = await tx.fetch(Q.find_formers, workspace_id, list(profile_ids), list(automation_ids))
    return [
        (row["profile_id"], row["automation_id"], Former(row["run_id"], row["begun_us"], row["ended_us"]))
        for row in rows
    ]


async def find_workspaces(tx: Tx, now_us: int) -> list[UUID]:
    """Those with runs that are due."""
    return [row["workspace_id"] for row in await tx.fetch(Q.find_workspaces_with_runs, now_us)]


async def claim(tx: Tx, workspace_id: UUID, *, now_us: int, limit: int) -> list[Run]:
    """The longest due, ours until the commit; without those that another worker has."""
    return [_run(row) for row in await tx.fetch(Q.claim_runs, workspace_id, now_us, limit)]


async def claim_one(tx: Tx, workspace_id: UUID, run_id: UUID, *, now_us: int) -> Run | None:
    """One of them, where it is still due and free."""
    row = await tx.fetchrow(Q.claim_run, workspace_id, now_us, run_id)
    return None if row is None else _run(row)


async def find_statuses(tx: Tx, workspace_id: UUID, automation_ids: Iterable[UUID]) -> dict[UUID, Status]:
    """They stay so until the commit."""
    rows = await tx.fetch(Q.find_statuses, workspace_id, list(automation_ids))
    return {row["automation_id"]: row["status"] for row in rows}


async def update_runs(tx: Tx, workspace_id: UUID, runs: Sequence[Run]) -> None:
    if runs:
        await tx.execute(
            Q.update_runs, workspace_id, [run.run_id for run in runs], [run.node for run in runs],
            [run.entered_us for run in runs], [run.due_us for run in runs], [run.steps for run in runs],
            [run.ended_us for run in runs], [run.reason for run in runs],
        )  # fmt: skip


async def park(tx: Tx, workspace_id: UUID, runs: Sequence[Run]) -> None:
    if runs:
        await tx.execute(Q.park_runs, workspace_id, [run.run_id for run in runs])


async def postpone(tx: Tx, workspace_id: UUID, run_id: UUID, error: str, *, now_us: int) -> None:
    """Later, twice as long each time; over after the last failure. `error` is a kind, never a value."""
    await tx.execute(Q.postpone_run, workspace_id, run_id, error, now_us, FAILURES_MAX)


async def end_of_members(tx: Tx, workspace_id: UUID, member_ids: Sequence[UUID]) -> int:
    """Ends the runs of who is erased; how many."""
    return len(await tx.fetch(Q.end_runs_of, workspace_id, member_ids))


async def list_runs(
    tx: Tx, workspace_id: UUID, automation_id: UUID, *, of: Sequence[UUID] | None = None, limit: int
) -> list[StoredRun]:
    """Newest first."""
    rows = await tx.fetch(Q.list_runs, workspace_id, automation_id, of, limit)
    return [_stored(row) for row in rows]


async def list_runs_of(
    tx: Tx, workspace_id: UUID, profile_ids: Sequence[UUID], *, limit: int
) -> list[tuple[UUID, str, StoredRun]]:
    """A person's, newest first: the automation's id and name, and the run."""
    rows = await tx.fetch(Q.list_runs_of, workspace_id, profile_ids, limit)
    return [(row["automation_id"], row["name"], _stored(row)) for row in rows]


def _stored(row: asyncpg.Record) -> StoredRun:
    return StoredRun(
        event_id=row["cause_id"],
        **{name: row[name] for name in StoredRun.__struct_fields__ if name != "event_id"},
    )


def _run(row: asyncpg.Record) -> Run:
    return Run(event_id=row["cause_id"], **_without_cause(row))


def _without_cause(row: asyncpg.Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "cause_id"}
