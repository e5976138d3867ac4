"""What every test may ask for: a real PostgreSQL, migrated once; a fresh workspace a test, which isolates them."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec import Struct

from clarion import accounts, db, events
from clarion.accounts import Credential, Vaults
from clarion.db import Addresses, Database
from clarion.db.engine import Engine
from clarion.events import Ingest, Lanes
from clarion.model import Ids
from clarion.vault import MasterKey, Vault
from tests.oldest import OLDEST, oldest

pytest_plugins = ["tests._results"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(120))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI everything that a test may want is installed: a skipped one is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CLARION_CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything must be installed: {report.longrepr}"


@pytest.fixture(scope="session")
def addresses(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Addresses]:
    """The two ways into a migrated database; which one is the parameter's choice (tests/db has both)."""
    if getattr(request, "param", "embedded") == "embedded":
        yield from embedded(tmp_path_factory)
    elif not (OLDEST / "postgres").exists():
        pytest.skip("install PostgreSQL 15 to run this (Debian: apt install postgresql-15)")
    else:
        yield from oldest(tmp_path_factory.mktemp("oldest"))


def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """An engine of this run alone."""
    engine = Engine(tmp_path_factory.mktemp("engine") / "data", kind="tests", log=lambda sentence: None)
    engine.start()
    try:
        found = Addresses(owner=engine.address("owner"), app=engine.address("app"))
        asyncio.run(db.migrate(found.owner))
        yield found
    finally:
        engine.stop()


@pytest.fixture(scope="session")
async def database(addresses: Addresses) -> AsyncIterator[Database]:
    opened = await Database.open(addresses, app=6, owner=6)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def master() -> MasterKey:
    return MasterKey(bytes(range(32)))


@pytest.fixture(scope="session")
def ids(database: Database) -> Ids:
    return Ids(database.now_us)


@pytest.fixture(scope="session")
def vaults(database: Database, master: MasterKey) -> Vaults:
    async def load(workspace_id: uuid.UUID) -> bytes:
        async with database.app() as tx:
            return await accounts.load_data_key(tx, workspace_id)

    return Vaults(master, load)


class Tenant(Struct, frozen=True):
    """A fresh workspace with a credential."""

    workspace_id: uuid.UUID
    name: str
    vault: Vault
    credential: Credential
    secret: str


@pytest.fixture
def new_tenant(database: Database, vaults: Vaults, ids: Ids, master: MasterKey):  # type: ignore[no-untyped-def]
    async def make(dialect: str = "smashsend") -> Tenant:
        name = f"t{uuid.uuid4().hex[:12]}"
        async with database.app() as tx:
            workspace = await accounts.create_workspace(tx, name, ids=ids, master=master, test=True)
        vault = await vaults.of(workspace.workspace_id)
        async with database.app(workspace.workspace_id) as tx:
            made = await accounts.create_credential(
                tx, workspace.workspace_id, dialect, accounts.SecretForm("sk_test_"), ids=ids, vault=vault
            )
        return Tenant(workspace.workspace_id, name, vault, made.credential, made.secret)

    return make


@pytest.fixture
async def tenant(new_tenant) -> Tenant:  # type: ignore[no-untyped-def]
    return await new_tenant()


@pytest.fixture
async def ingest(database: Database, vaults: Vaults, ids: Ids) -> AsyncIterator[Ingest]:
    loop = Ingest(database, vaults, ids)
    stop = asyncio.Event()
    running = asyncio.create_task(loop.run(stop))
    yield loop
    stop.set()
    await running


@pytest.fixture
def lanes(database: Database, vaults: Vaults, ids: Ids) -> Lanes:
    return Lanes(database, vaults, ids)


@pytest.fixture
def process_all(database: Database, lanes: Lanes):  # type: ignore[no-untyped-def]
    """Work until nothing of this workspace waits."""

    async def work(tenant: Tenant) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            await lanes.work_once()
            async with database.app(tenant.workspace_id) as tx:
                waiting, _ = await events.backlog(tx, tenant.workspace_id)
            if not waiting:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the backlog was not worked off within 20 s")

    work.lanes = lanes
    return work
