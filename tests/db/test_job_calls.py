"""Jobs and deleted traits as the management API shows them."""

import pytest

from clarion import jobs
from clarion.jobs import Queue
from tests import managed
from tests.db.test_jobs import due_now
from tests.db.test_traits_store import Room


@pytest.fixture
async def call(database, vaults, ids, tenant):
    """As the workspace's developer; returns (status, answer)."""
    own = managed.ports(database, vaults, ids)
    headers = managed.bearer((await managed.token(own, tenant, "developer")).secret)
    async with managed.client(own) as client:

        async def do(method, path):
            answer = await client.request(method, managed.PREFIX + path, headers=headers)
            return answer.status_code, answer.json()

        yield do


async def audited(database, tenant):
    async with database.owner() as tx:
        rows = await tx.fetch("SELECT action FROM audit WHERE workspace_id = $1", tenant.workspace_id)
    return [row["action"] for row in rows]


async def test_a_failed_job_is_listed_and_runs_again(database, tenant, ids, call):
    heard = []

    async def fails(tx, job):
        if len(heard) < 5:
            heard.append(job.job_id)
            raise ZeroDivisionError

    async with database.app(tenant.workspace_id) as tx:
        await jobs.publish(tx, tenant.workspace_id, "told", b"x", ids=ids)
    queue = Queue(database, {"told": (fails,)}, ids)
    for _ in range(5):
        await due_now(database, tenant)
        await queue.work_off(tenant.workspace_id)
    status, (failed,) = await call("GET", "/jobs")
    assert status == 200
    assert (failed["state"], failed["attempts"], failed["last_error"]) == ("failed", 5, "ZeroDivisionError")
    status, again = await call("POST", f"/jobs/{failed['id']}/retry")
    assert (status, again["state"], again["attempts"]) == (200, "ready", 0)
    assert (await call("POST", f"/jobs/{failed['id']}/retry"))[0] == 404, "it has not failed any more"
    await queue.work_off(tenant.workspace_id)
    assert await call("GET", "/jobs") == (200, [])
    assert "job_retried" in await audited(database, tenant)


async def test_a_trait_is_deleted_and_the_audit_says_by_whom(database, tenant, ids, call):
    room = Room(database, tenant, ids)
    await room.tell(await room.member("one"), 10, plan="pro")
    assert await call("DELETE", "/traits/plan") == (200, {"name": "plan", "held_by": 1, "automations": []})
    assert (await call("GET", "/traits/plan"))[0] == 404
    assert (await call("DELETE", "/traits/plan"))[0] == 404
    (_, (waiting,)) = await call("GET", "/jobs")
    assert waiting["kind"] == "trait.deleted"
    assert "trait_deleted" in await audited(database, tenant)
