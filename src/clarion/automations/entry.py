"""Whether an event starts a run, and whether a person may come in again. Pure."""

from collections.abc import Iterable
from datetime import tzinfo
from uuid import UUID

from msgspec import Struct

from clarion.automations.definition import Definition, seconds
from clarion.automations.run import Run, run_id_of
from clarion.model import JSONObject
from clarion.segments import Facts, match


class Live(Struct, frozen=True):
    """A live automation, by the version that new runs begin with."""

    automation_id: UUID
    version: int
    definition: Definition


class Cause(Struct, frozen=True, kw_only=True, gc=False):
    """An event on the timeline. `profile_id`: the member for whom it is written."""

    event_id: UUID
    metric: str
    profile_id: UUID
    occurred_at_us: int
    properties: JSONObject
    history: bool


class Former(Struct, frozen=True):
    """A run of the same person in the same automation."""

    run_id: UUID
    begun_us: int
    ended_us: int | None


def begin(workspace_id: UUID, live: Live, cause: Cause, *, now_us: int, zone: tzinfo) -> Run | None:
    """The run that an event starts; None where it starts none. The past starts nothing."""
    definition = live.definition
    if cause.metric != definition.trigger.metric or cause.history:
        return None
    if cause.occurred_at_us < now_us - seconds(definition.entry.window) * 1_000_000:
        return None
    where = definition.trigger.where
    if where is not None and not match(where, Facts(properties=cause.properties, zone=zone)):
        return None
    return Run(
        run_id=run_id_of(workspace_id, live.automation_id, cause.event_id),
        automation_id=live.automation_id,
        version=live.version,
        profile_id=cause.profile_id,
        event_id=cause.event_id,
        occurred_at_us=cause.occurred_at_us,
        node=definition.start,
        begun_us=now_us,
        due_us=now_us,
    )


def may_come_in(definition: Definition, formers: Iterable[Former]) -> bool:
    """Whether a person with these runs behind them may start another."""
    match definition.entry.again:
        case "always":
            return True
        case "after_end":
            return all(one.ended_us is not None for one in formers)
        case "never":
            return not any(True for _ in formers)


def in_the_way(definition: Definition, run: Run, formers: Iterable[Former]) -> bool:
    """Whether a run would not have begun, had all been known to be one person then: an older one was in the way.

    So after a merge the younger run ends, also where the older one is over by the time that this is asked.
    """
    again = definition.entry.again
    if again == "always":
        return False
    older = [one for one in formers if (one.begun_us, one.run_id) < (run.begun_us, run.run_id)]
    if again == "never":
        return bool(older)
    return any(one.ended_us is None or one.ended_us > run.begun_us for one in older)
