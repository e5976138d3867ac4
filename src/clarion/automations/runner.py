"""The runner: claims the runs that are due, has `advance` decide, does what it asks for, all in one transaction.

No network, no lease beyond the rows' locks: what a worker held that died or fell asleep is rolled back by the database
and due again, as if nobody had looked at it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from clarion import accounts, events, log, profiles
from clarion.accounts import Vaults
from clarion.automations import store
from clarion.automations.advance import advance, end
from clarion.automations.definition import Branch, Definition
from clarion.automations.entry import in_the_way
from clarion.automations.run import Command, Reason, Run, Send, SetTraits
from clarion.db import Database, Tx, instance, is_transient
from clarion.model import Ids
from clarion.profiles import Kin
from clarion.segments import Facts
from clarion.vault import Vault

RUNS_A_TRANSACTION = 200
STEPS_A_TRANSACTION = 50  # of one run; the rest in the next
LOOK_EVERY_S = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Plans messages in the caller's transaction; a `send_key` that was planned before is planned no second time.
Plan = Callable[[Tx, UUID, Sequence[Send]], Awaitable[None]]

_log = log.get(__name__)


class Runner:
    """Advances due runs. Any number of these, on any number of machines."""

    def __init__(self, database: Database, vaults: Vaults, ids: Ids, plan: Plan) -> None:
        self._database = database
        self._vaults = vaults
        self._ids = ids
        self._plan = plan

    async def work(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Until `stop`; the transaction at hand is finished first. `woken`: some may be due (else a look a second)."""
        while not stop.is_set():
            woken.clear()
            try:
                looked_at = await self.work_once()
            except Exception as exc:
                if not is_transient(exc):
                    _log.exception("the runner failed in a way we did not foresee", action="runner_failed")
                looked_at = 0
            if not looked_at:
                await _wait(woken, stop)

    async def work_once(self) -> int:
        """One transaction for each workspace with due runs; how many runs were looked at."""
        async with self._database.owner() as tx:
            if await instance.acting_paused(tx) is not None:
                return 0
            workspaces = await store.find_workspaces(tx, self._database.now_us())
        random.shuffle(workspaces)
        return sum([await self._turn(workspace_id) for workspace_id in workspaces])

    async def _turn(self, workspace_id: UUID) -> int:
        try:
            async with self._database.owner() as tx:
                if await instance.acting_paused(tx) is not None:
                    return 0
                now_us = self._database.now_us()
                runs = await store.claim(tx, workspace_id, now_us=now_us, limit=RUNS_A_TRANSACTION)
                await self._advance(tx, workspace_id, runs, now_us)
            return len(runs)
        except Exception as exc:
            if is_transient(exc):
                raise
            _log.warning("runs failed; each alone", action="runs_split", error=type(exc).__name__)
            return await self._one_by_one(workspace_id)

    async def _one_by_one(self, workspace_id: UUID) -> int:
        """So that the culprit holds up nobody: it waits, and ends after its last failure."""
        now_us = self._database.now_us()
        async with self._database.owner() as tx:
            runs = await store.claim(tx, workspace_id, now_us=now_us, limit=RUNS_A_TRANSACTION)
        for run in runs:
            try:
                async with self._database.owner() as tx:
                    claimed = await store.claim_one(tx, workspace_id, run.run_id, now_us=now_us)
                    await self._advance(tx, workspace_id, [claimed] if claimed else [], now_us)
            except Exception as exc:
                if is_transient(exc):
                    raise
                _log.exception("a run failed", action="run_failed", run=str(run.run_id))
                async with self._database.owner() as tx:
                    error = type(exc).__name__
                    await store.postpone(tx, workspace_id, run.run_id, error, now_us=now_us)
        return len(runs)

    async def _advance(self, tx: Tx, workspace_id: UUID, runs: Sequence[Run], now_us: int) -> None:
        if not runs:
            return
        vault = await self._vaults.of(workspace_id)
        # Nobody is erased between a look at them and their message; and the lanes come before the automations.
        await events.begin_write(tx, workspace_id)
        known = _Seen(tx, workspace_id, vault, now_us)
        going, ended = await known.without_ended(runs)
        seen = await known.seen(going)
        after: dict[UUID, Run] = {run.run_id: run for run in going}
        for _ in range(STEPS_A_TRANSACTION):
            due = [run for run in after.values() if run.ended_us is None and run.due_us <= now_us]
            if not due:
                break
            commands: list[Command] = []
            for run in due:
                definition = known.definitions[run.automation_id, run.version]
                stepped, asked = advance(definition, run, seen[run.run_id], now_us=now_us)
                after[run.run_id] = stepped
                commands += asked
            if await self._do(tx, workspace_id, commands, vault):
                seen = await known.seen(after.values())
        await store.update_runs(tx, workspace_id, [*after.values(), *ended])

    async def _do(self, tx: Tx, workspace_id: UUID, commands: Sequence[Command], vault: Vault) -> bool:
        """What runs asked for; whether that changes what they see."""
        sends = [one for one in commands if isinstance(one, Send)]
        if sends:
            await self._plan(tx, workspace_id, sends)
        changes = [one for one in commands if isinstance(one, SetTraits)]
        for one in sorted(changes, key=lambda change: change.profile_id):
            wish = profiles.Update(traits=one.traits)
            await events.update_person(tx, workspace_id, one.profile_id, wish, vault=vault, ids=self._ids)
        return bool(changes)


class _Seen:
    """What the runs of one transaction need to know, asked of the database for all of them at once."""

    def __init__(self, tx: Tx, workspace_id: UUID, vault: Vault, now_us: int) -> None:
        self._tx = tx
        self._workspace_id = workspace_id
        self._vault = vault
        self._now_us = now_us
        self._properties: dict[UUID, dict[str, object]] = {}
        self._zone: ZoneInfo | None = None
        self.definitions: dict[tuple[UUID, int], Definition] = {}

    async def without_ended(self, runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
        """Those that go on, and those that are over before any step; what is paused is parked."""
        tx, workspace_id = self._tx, self._workspace_id
        statuses = await store.find_statuses(tx, workspace_id, {run.automation_id for run in runs})
        await store.park(tx, workspace_id, [run for run in runs if statuses[run.automation_id] == "paused"])
        runs = [run for run in runs if statuses[run.automation_id] != "paused"]
        wanted = {(run.automation_id, run.version) for run in runs}
        self.definitions = await store.read_versions(tx, workspace_id, wanted)
        kin = await profiles.kin_of(tx, workspace_id, {run.profile_id for run in runs}, vault=self._vault)
        younger = await self._younger(runs, kin)
        going, ended = [], []
        for run in runs:
            if statuses[run.automation_id] == "archived":
                ended.append(end(run, Reason.ARCHIVED, self._now_us))
            elif run.profile_id not in kin:
                ended.append(end(run, Reason.ERASED, self._now_us))
            elif run.run_id in younger:
                ended.append(end(run, Reason.MERGED, self._now_us))
            else:
                going.append(run)
        return going, ended

    async def _younger(self, runs: Iterable[Run], kin: dict[UUID, Kin]) -> set[UUID]:
        """Those of people who turned out to have been in before."""
        asked = [
            (run, kin[run.profile_id].members)
            for run in runs
            if run.profile_id in kin
            and len(kin[run.profile_id].members) > 1
            and self.definitions[run.automation_id, run.version].entry.again != "always"
        ]
        if not asked:
            return set()
        held = await store.find_formers(
            self._tx, self._workspace_id, {member for _, members in asked for member in members},
            {run.automation_id for run, _ in asked},
        )  # fmt: skip
        return {
            run.run_id
            for run, members in asked
            if in_the_way(
                self.definitions[run.automation_id, run.version],
                run,
                [former for member, of, former in held if member in members and of == run.automation_id],
            )
        }

    async def seen(self, runs: Iterable[Run]) -> dict[UUID, Facts]:
        """What branches are asked of, by run; nothing where no automation of these branches."""
        asked = [run for run in runs if self._branches(run)]
        found = {run.run_id: Facts() for run in runs}
        if asked:
            kin = await profiles.kin_of(
                self._tx, self._workspace_id, {run.profile_id for run in asked}, vault=self._vault
            )
            zone = await self._zone_of()
            await self._read_properties(asked)
            for run in asked:
                properties = self._properties.get(run.event_id, {})
                found[run.run_id] = Facts(properties, kin[run.profile_id].traits, zone)
        return found

    def _branches(self, run: Run) -> bool:
        nodes = self.definitions[run.automation_id, run.version].nodes
        return any(isinstance(node, Branch) for node in nodes.values())

    async def _zone_of(self) -> ZoneInfo:
        if self._zone is None:
            self._zone = ZoneInfo((await accounts.read_workspace(self._tx, self._workspace_id)).zone)
        return self._zone

    async def _read_properties(self, runs: Iterable[Run]) -> None:
        keys = [
            (run.profile_id, _EPOCH + timedelta(microseconds=run.occurred_at_us), run.event_id)
            for run in runs
            if run.event_id not in self._properties
        ]
        if keys:
            self._properties |= await events.read_properties(
                self._tx, self._workspace_id, keys, vault=self._vault
            )


async def _wait(woken: asyncio.Event, stop: asyncio.Event) -> None:
    """Until some may be due."""
    waits = [asyncio.create_task(woken.wait()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
