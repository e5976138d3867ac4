"""T2: workers that send by SMTP are killed at every point of an attempt. Nothing is sent twice, nothing is lost
without a word. Five kills a point; `./run torture sends` makes it 25 (KILLS in the environment).
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from clarion import messaging
from clarion.messaging import Cause, Email, MessageClass, PlannedSend, State, configs, trials
from tests.channels.servers.running import Sink, serve

POINTS = (
    "claimed", "attempt written", "connected", "before the final dot", "after the final dot", "answered",
    "before commit",
)  # fmt: skip
KILLS = int(os.environ.get("KILLS", "5"))
SENDS = 4
_LAST = UUID(int=(1 << 128) - 1)
WORKER = Path(__file__).with_name("killed_worker.py")


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory):
    yield from serve("tests.channels.servers.smtp", tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def behaviour(request):
    """Of the mail server. One whose answer is awaited takes a second; the others answer at once."""
    return "dot_late" if getattr(request, "param", "") == "after the final dot" else "accepts"


@pytest.fixture
async def run(addresses, database, tenant, ids, mail_server, behaviour):
    """A worker in a process of its own, whose mail goes to the server; its exit code."""
    port = mail_server.ports[behaviour]
    config = configs.Smtp(host="127.0.0.1", port=port, security="none", sender="shop@example.com")
    async with database.owner() as tx:  # a test workspace is never sent from
        await tx.execute("UPDATE workspace SET test = false WHERE workspace_id = $1", tenant.workspace_id)
    async with database.app(tenant.workspace_id) as tx:
        await messaging.set_provider(
            tx, tenant.workspace_id, "email", "smtp", config, vault=tenant.vault, ids=ids
        )

    async def do(point, passes=0, careless=False):
        given = {
            "addresses": {"owner": msgspec.to_builtins(addresses.owner), "app": msgspec.to_builtins(addresses.app)},
            "workspace_id": str(tenant.workspace_id), "allow": f"127.0.0.1:{port}",
            "point": point, "passes": passes, "careless": careless,
        }  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, WORKER, msgspec.json.encode(given).decode(),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        return await asyncio.wait_for(process.wait(), 60)

    return do


@pytest.fixture
def plan(database, tenant, ids):
    async def do(name):
        """Recipients are the tenant's own: the mail server is everybody's."""
        sends = [
            PlannedSend(
                key=f"{name} {n}", cause=Cause("call"), channel="email",
                recipient=f"{name.replace(' ', '.')}.{n}@{tenant.workspace_id.hex}.example.com",
                content=Email(subject="Hello", html="Hello"), message_class=MessageClass.MARKETING,
            )
            for n in range(SENDS)
        ]  # fmt: skip
        async with database.app(tenant.workspace_id) as tx:
            return await messaging.plan(tx, tenant.workspace_id, sends, vault=tenant.vault, ids=ids)

    return do


@pytest.fixture
def lapse(database, tenant):
    """All leases are over and all waits too; then what was left in the middle is taken back."""

    async def do(delivery):
        for _ in range(2):
            async with database.owner() as tx:
                await tx.execute(
                    "UPDATE send SET leased_us = 0,"
                    " due_us = CASE WHEN state IN ('planned', 'deferred') THEN 0 ELSE due_us END"
                    " WHERE workspace_id = $1",
                    tenant.workspace_id,
                )
            await delivery.settle()

    return do


async def kill(run, plan, lapse, delivery, point, careless=False):
    """Kill KILLS workers at a point, each time after as many passes; then work to the end."""
    killed = 0
    for passes in range(KILLS):
        await plan(f"{point} {passes}")
        code = await run(point, passes % SENDS, careless)
        killed += code == -signal.SIGKILL
        await lapse(delivery)
    assert await run("", careless=careless) == 0
    await lapse(delivery)
    assert await run("", careless=careless) == 0
    return killed


@pytest.mark.parametrize(("point", "behaviour"), [(one, one) for one in POINTS], indirect=["behaviour"])
async def test_killed_at_a_point_nothing_is_sent_twice_and_nothing_lost(
    run, plan, lapse, database, vaults, ids, tenant, mail_server, behaviour, point
):
    delivery = messaging.Delivery(database, vaults, ids, {"smtp": _Never(), "mailbox": _Never()})
    assert await kill(run, plan, lapse, delivery, point) == KILLS
    sent, sends = await found(database, tenant, mail_server, behaviour)
    assert max(sent.values(), default=0) == 1, "sent twice"
    assert len(sends) == KILLS * SENDS
    for send in sends:
        if was_given_up(send):
            assert sent[send.recipient] == 0, "given up, and yet sent"
        else:
            assert send.state in (State.ACCEPTED, State.UNKNOWN)
            assert send.state is State.UNKNOWN or sent[send.recipient] == 1, "lost"
    unknown = sum(send.state is State.UNKNOWN for send in sends)
    assert unknown <= KILLS * SENDS
    if point in ("claimed", "attempt written", "connected"):
        assert unknown <= KILLS * (SENDS - 1), "what was not marked is not in doubt"


async def test_a_mark_after_the_message_sends_twice(
    run, plan, lapse, database, vaults, ids, tenant, mail_server, behaviour
):
    """The control."""
    delivery = messaging.Delivery(database, vaults, ids, {"smtp": _Never(), "mailbox": _Never()})
    await kill(run, plan, lapse, delivery, "answered", careless=True)
    sent, _ = await found(database, tenant, mail_server, behaviour)
    assert max(sent.values()) > 1


def was_given_up(send):
    """Its worker was killed at each of its eight tries, which takes more kills than the quick tier's; it says so."""
    return (send.state, send.reason, send.tries) == (State.REJECTED, "gave_up", trials.TRIES_MAX)


class _Never:
    """Nobody sends through this one: it only says that it knows no repeats."""

    def again_within_s(self, config):
        return 0


async def found(database, tenant, mail_server: Sink, behaviour):
    """What the mail server took, by recipient; and the sends as the outbox shows them."""
    mine = f"@{tenant.workspace_id.hex}.example.com"
    sent = Counter(row["to"] for row in mail_server.took(behaviour) if row["to"].endswith(mine))
    async with database.app(tenant.workspace_id) as tx:
        sends = await messaging.list_sends(
            tx, tenant.workspace_id, vault=tenant.vault, before=_LAST, limit=1_000
        )
    return sent, sends
