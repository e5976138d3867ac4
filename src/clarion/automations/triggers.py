"""Events become runs, in the transaction that puts them onto the timeline; and again when they are replayed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from clarion import accounts, events, model, profiles
from clarion.automations import store
from clarion.automations.entry import Cause, Former, Live, begin, may_come_in
from clarion.automations.run import Run
from clarion.db import Tx
from clarion.events import Bench, Entry, Row
from clarion.model import Event
from clarion.vault import Vault

_EPOCH, _US = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class _Here(Struct, frozen=True):
    """What listens in a workspace, by metric. `at`: the lanes' count at which that holds."""

    at: int | None
    by_metric: Mapping[str, Sequence[Live]]
    zone: tzinfo


class Triggers:
    """Hears of what came onto the timeline. Where no automation is live it costs one look into a table in memory."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._known: dict[UUID, _Here] = {}

    async def hear(self, tx: Tx, bench: Bench, landed: Sequence[tuple[Entry, Row]]) -> None:
        """Start the runs that these events start; one that has started its run starts no other."""
        here = self._known.get(bench.workspace_id)
        if here is None or here.at is None or here.at != bench.listening:
            here = self._known[bench.workspace_id] = await _listening(tx, bench.workspace_id, bench.listening)
        if not here.by_metric:
            return
        causes = [
            Cause(
                event_id=row.event_id,
                metric=entry.inbound.name,
                profile_id=row.profile_id,
                occurred_at_us=row.occurred_at_us,
                properties=entry.inbound.properties,
                history=row.history,
            )
            for entry, row in landed
            if isinstance(entry.inbound, Event) and entry.inbound.name in here.by_metric
        ]
        if causes:
            await _start(tx, bench.workspace_id, here, causes, vault=bench.vault, now_us=self._now_us())


class Again:
    """The same for a replay, in its transaction: what listens is asked once."""

    def __init__(self, tx: Tx, workspace_id: UUID, *, vault: Vault, now_us: int) -> None:
        self._tx = tx
        self._workspace_id = workspace_id
        self._vault = vault
        self._now_us = now_us
        self._here: _Here | None = None
        self.started = 0

    async def hear(self, event: events.StoredEvent) -> None:
        """An event under its old id."""
        if self._here is None:
            self._here = await _listening(self._tx, self._workspace_id, None)
        if event.name in self._here.by_metric:
            cause = _cause(event)
            self.started += await _start(
                self._tx, self._workspace_id, self._here, [cause], vault=self._vault, now_us=self._now_us
            )


async def _listening(tx: Tx, workspace_id: UUID, at: int | None) -> _Here:
    by_metric: dict[str, list[Live]] = {}
    for live in await store.list_live(tx, workspace_id):
        by_metric.setdefault(live.definition.trigger.metric, []).append(live)
    zone = ZoneInfo((await accounts.read_workspace(tx, workspace_id)).zone)
    return _Here(at, by_metric, zone)


async def _start(
    tx: Tx, workspace_id: UUID, here: _Here, causes: Iterable[Cause], *, vault: Vault, now_us: int
) -> int:
    begun = [
        (live, run)
        for cause in causes
        for live in here.by_metric[cause.metric]
        if (run := begin(workspace_id, live, cause, now_us=now_us, zone=here.zone)) is not None
    ]
    runs = await _who_may(tx, workspace_id, begun, vault=vault)
    return await store.insert_runs(tx, workspace_id, runs, now_us=now_us) if runs else 0


async def _who_may(
    tx: Tx, workspace_id: UUID, begun: Sequence[tuple[Live, Run]], *, vault: Vault
) -> list[Run]:
    """Those whose person may come in again; of several at once of one person the earliest event's."""
    asked = [(live, run) for live, run in begun if live.definition.entry.again != "always"]
    free = [run for live, run in begun if live.definition.entry.again == "always"]
    if not asked:
        return free
    await store.own_entries(tx, workspace_id)
    kin = await profiles.kin_of(tx, workspace_id, {run.profile_id for _, run in asked}, vault=vault)
    members = {member for one in kin.values() for member in one.members}
    held = await store.find_formers(tx, workspace_id, members, {run.automation_id for _, run in asked})
    for live, run in sorted(asked, key=lambda pair: (pair[1].occurred_at_us, pair[1].event_id)):
        person = kin.get(run.profile_id)
        formers = [
            former
            for member, automation_id, former in held
            if person is not None and member in person.members and automation_id == run.automation_id
        ]
        if any(former.run_id == run.run_id for former in formers):
            continue
        if may_come_in(live.definition, formers):
            free.append(run)
            held.append((run.profile_id, run.automation_id, Former(run.run_id, run.begun_us, None)))
    return free


def _cause(event: events.StoredEvent) -> Cause:
    event_id, profile_id = model.parse_id("evt", event.id), model.parse_id("prf", event.profile_id)
    assert event_id is not None
    assert profile_id is not None
    return Cause(
        event_id=event_id,
        metric=event.name,
        profile_id=profile_id,
        occurred_at_us=(datetime.fromisoformat(event.occurred_at) - _EPOCH) // _US,
        properties=event.properties,
        history=event.history,
    )
