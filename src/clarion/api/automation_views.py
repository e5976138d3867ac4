"""How automations and runs are shown outside; as `views`, for the management API and the command line."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from clarion import automations, model
from clarion.api.views import EVENT, PROFILE
from clarion.automations import Automation as StoredAutomation
from clarion.automations import Definition, StoredRun
from clarion.segments import Problem

AUTOMATION, RUN = "aut", "run"


class Automation(Struct, frozen=True, kw_only=True):
    """An automation. `version` is the newest, `live_version` that by which new runs go; null: never published."""

    id: str
    name: str
    status: str
    version: int
    live_version: int | None
    created_at: str
    changed_at: str


class WholeAutomation(Struct, frozen=True, kw_only=True):
    """One with its newest definition. `problems` are in the way of publishing it; `runs` by how they stand."""

    id: str
    name: str
    status: str
    version: int
    live_version: int | None
    created_at: str
    changed_at: str
    runs: dict[str, int]
    problems: list[Problem]
    definition: Definition


class Run(Struct, frozen=True, kw_only=True):
    """A run: at which node, looked at again when; `reason` says why it is over."""

    id: str
    profile_id: str
    event_id: str
    version: int
    node: str
    steps: int
    begun_at: str
    due_at: str | None
    ended_at: str | None
    reason: str | None
    last_error: str | None


class RunOf(Run, frozen=True, kw_only=True):
    """A run with the automation that it is of."""

    automation_id: str
    automation: str


class Effect(Struct, frozen=True):
    """`paused`, `takes_no` (a branch leads to `no`) or `warned`, and where in the definition."""

    effect: str
    where: str


class Affected(Struct, frozen=True):
    """An automation that used what is gone, and what became of it."""

    id: str
    name: str
    effects: list[Effect]


def affected(one: automations.Affected) -> Affected:
    """An automation that was changed by a loss."""
    effects = [Effect(found.effect.value, found.where) for found in one.consequences]
    return Affected(model.show_id(AUTOMATION, one.automation_id), one.name, effects)


def automation(one: StoredAutomation) -> Automation:
    """An automation."""
    return Automation(
        id=model.show_id(AUTOMATION, one.automation_id),
        name=one.name,
        status=one.status,
        version=one.version,
        live_version=one.live_version,
        created_at=_iso(one.created_us),
        changed_at=_iso(one.changed_us),
    )


def whole(one: StoredAutomation, runs: dict[str, int], problems: list[Problem]) -> WholeAutomation:
    """One with everything."""
    shown = automation(one)
    return WholeAutomation(
        id=shown.id,
        name=shown.name,
        status=shown.status,
        version=shown.version,
        live_version=shown.live_version,
        created_at=shown.created_at,
        changed_at=shown.changed_at,
        runs=runs,
        problems=problems,
        definition=one.definition,
    )


def run(one: StoredRun) -> Run:
    """A run."""
    return Run(
        id=model.show_id(RUN, one.run_id),
        profile_id=model.show_id(PROFILE, one.profile_id),
        event_id=model.show_id(EVENT, one.event_id),
        version=one.version,
        node=one.node,
        steps=one.steps,
        begun_at=_iso(one.begun_us),
        due_at=None if one.ended_us is not None or one.due_us is None else _iso(one.due_us),
        ended_at=None if one.ended_us is None else _iso(one.ended_us),
        reason=one.reason,
        last_error=one.last_error,
    )


def run_of(automation_id: UUID, name: str, one: StoredRun) -> RunOf:
    """A run of somebody, by what."""
    return RunOf(**asdict(run(one)), automation_id=model.show_id(AUTOMATION, automation_id), automation=name)


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).isoformat()
