"""What the worker commits does not wait for the disk (decision 19): a crash takes it back, and it is done again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clarion import accounts, db
from clarion.accounts import SecretForm, Vaults
from clarion.db import Addresses, Database
from clarion.db.engine import Engine
from clarion.events import Ingest, Lanes
from clarion.model import Ids, Source
from tests.conftest import Tenant
from tests.db.engine_support import ask
from tests.db.support import ledger_total, mismatches, timeline, windowed

S = Source.SMASHSEND
PEOPLE = [f"ann{number}@example.com" for number in range(5)]


class CrashedOn(Lanes):
    """A backend of PostgreSQL is killed after the next commit of a block, which takes all of it down."""

    crash = False

    async def _settle_next(self, turn: Any, *, may_go_on: bool) -> int:
        settled = await super()._settle_next(turn, may_go_on=may_go_on)
        if self.crash:
            self.crash = False
            os.kill(await turn.connection.fetchval("SELECT pg_backend_pid()"), signal.SIGKILL)
        return settled


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Database]:
    """A PostgreSQL of this test alone, which writes its log only when somebody waits for it."""
    engine = Engine(tmp_path / "data", kind="tests", log=lambda sentence: None)
    engine.start()
    try:
        addresses = Addresses(owner=engine.address("owner"), app=engine.address("app"))
        await db.migrate(addresses.owner)
        for setting in ("wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"):
            await ask(engine.address("admin"), f"ALTER SYSTEM SET {setting}")
        await ask(engine.address("admin"), "SELECT pg_reload_conf()")
        database = await Database.open(addresses, app=3, owner=4)
        yield database
        await database.close()
    finally:
        engine.stop()


async def test_a_crash_takes_back_what_was_settled_and_nothing_is_lost_or_twice(
    own: Database, master
) -> None:
    """Seen to fail where a worker goes on remembering: its events are of people who are not there."""
    ids = Ids(own.now_us)
    vaults = Vaults(master, lambda workspace_id: _key(own, workspace_id))
    tenant = await _tenant(own, ids, master, vaults)
    ingest, lanes, stop = Ingest(own, vaults, ids), CrashedOn(own, vaults, ids), asyncio.Event()
    running = asyncio.create_task(ingest.run(stop))
    await _offer(ingest, tenant, "first")
    lanes.crash = True
    with suppress(Exception):  # whatever a dying PostgreSQL says
        await lanes.work_once()
    await _back(own)
    assert not await _processed(own, tenant), "the commit was on disk: this test shows nothing"
    await _offer(ingest, tenant, "second")
    while await _processed(own, tenant) != 2:
        await lanes.work_once()
        await asyncio.sleep(0.05)
    stop.set()
    await running
    shown = await timeline(own, tenant)
    assert len(shown) == 2 * len(PEOPLE)
    assert len({one.profile_id for one in shown}) == len(PEOPLE)
    async with own.owner() as tx:
        held = await tx.fetch("SELECT profile_id FROM profile WHERE workspace_id = $1", tenant.workspace_id)
    assert len(held) == len(PEOPLE)
    assert (await ledger_total(own, tenant.workspace_id)).stored == len(shown)
    assert await mismatches(own, tenant.workspace_id) == []


async def _offer(ingest: Ingest, tenant: Tenant, name: str) -> None:
    await ingest.offer(
        tenant.credential,
        S,
        [windowed(f"{name} {who}", name=name, who=who, traits={"seen": name}) for who in PEOPLE],
    )


async def _processed(database: Database, tenant: Tenant) -> int:
    async with database.owner() as tx:
        return await tx.fetchval(
            "SELECT count(*) FROM journal WHERE workspace_id = $1 AND processed_at IS NOT NULL",
            tenant.workspace_id,
        )


async def _back(database: Database) -> None:
    for _ in range(200):
        try:
            await database.measure_clock()
        except Exception:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not come back within 20 s")


async def _key(database: Database, workspace_id: Any) -> bytes:
    async with database.app() as tx:
        return await accounts.load_data_key(tx, workspace_id)


async def _tenant(database: Database, ids: Ids, master: Any, vaults: Vaults) -> Tenant:
    async with database.app() as tx:
        workspace = await accounts.create_workspace(tx, "shop", ids=ids, master=master, test=True)
    vault = await vaults.of(workspace.workspace_id)
    async with database.app(workspace.workspace_id) as tx:
        made = await accounts.create_credential(
            tx, workspace.workspace_id, "smashsend", SecretForm("sk_test_"), ids=ids, vault=vault
        )
    return Tenant(workspace.workspace_id, "shop", vault, made.credential, made.secret)
