"""`clarion ledger show --verify`: what is deleted behind the ledger's back is noticed, with its minute.

The controls: before anything is deleted, the same command exits 0 on the same rows.
"""

import asyncio

import pytest

from clarion.api import views
from clarion.api.nouns import ledger
from clarion.cli import ledger as command
from tests import managed
from tests.db.support import event, mismatches, windowed
from tests.db.test_lanes import S, plant

FLUSHED_S = 1.2  # the counts that are held in memory are on disk


@pytest.fixture
def verify(database, vaults, ids, tenant, capsys):
    """What the command does with this workspace: what it exits with, and what it says on stderr."""
    own = managed.ports(database, vaults, ids)

    async def run() -> tuple[int, str]:
        code = command.complain(await ledger.read(managed.call(own, tenant), 0, verify=True))
        return code, capsys.readouterr().err

    return run


@pytest.fixture
async def settled(database, tenant, ingest, ids, process_all):
    """A minute with stored events, a quarantined item, and then an open block; all counts on disk."""
    await ingest.offer(tenant.credential, S, [windowed(str(number)) for number in range(5)])
    await plant(database, tenant, ids, [event(properties={"x": "\x00"})])
    await process_all(tenant)
    await ingest.offer(tenant.credential, S, [windowed("open"), windowed("open too")])
    await asyncio.sleep(FLUSHED_S)


@pytest.mark.parametrize(
    ("statement", "term"),
    [
        ("DELETE FROM event WHERE ctid = (SELECT ctid FROM event WHERE workspace_id = $1 LIMIT 1)", "stored"),
        ("DELETE FROM journal WHERE workspace_id = $1 AND processed_at IS NULL", "acknowledged"),
        ("DELETE FROM quarantine WHERE workspace_id = $1", "quarantined"),
    ],
    ids=["a timeline row", "an open block", "a quarantined item"],
)
async def test_what_is_deleted_behind_its_back_is_noticed_with_its_minute(
    database, tenant, settled, verify, statement, term
):
    assert await verify() == (0, "")  # the control
    async with database.owner() as tx:
        assert await tx.execute(statement, tenant.workspace_id) == "DELETE 1"
    code, said = await verify()
    assert code == 1
    assert f"{term} is " in said
    named = {views.iso(one.minute_us) for one in await mismatches(database, tenant.workspace_id)}
    assert named
    assert all(minute in said for minute in named)
