"""`./run bench send`: mails a second through SMTP, beside a bare aiosmtplib loop with as many connections.

Both hand the same mail to the same server on loopback. Clarion's part is whole: due sends claimed, templates filled,
decisions and attempts noted, three commits shared by whatever gathered, the answer kept. The reference has only bytes.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import aiosmtplib
import msgspec
import uvloop
from cyclopts import Parameter
from msgspec import Struct

from bench.mailsink import Sink, mailsink
from bench.server import WORKSPACE, Server, ServerFailed, server
from bench.usage import POSTGRES, Processes
from clarion import accounts, config, messaging
from clarion.app.rooms import Rooms, rooms
from clarion.db import Addresses
from clarion.db.engine import attach
from clarion.messaging import Cause, PlannedSend

PATIENCE_S = 120.0
SENDER = "shop@bench.example"
SUBJECT = "Your order $data.number"
HTML = (
    "<html><body><p>Hello $data.name,</p>"
    + "<p>thank you for order $data.number.</p>" * 20
    + "</body></html>"
)
_WARM = 50


class Round(Struct, frozen=True, kw_only=True):
    """Mails a second, of both, and what one of Clarion's costs in microseconds of CPU."""

    bare_per_s: float
    sent_per_s: float
    ratio: float
    worker_us: float
    postgres_us: float


def send(
    *,
    mails: Annotated[int, Parameter(help="Mails of each phase.")] = 2_000,
    connections: Annotated[int, Parameter(help="To the mail server, for both.")] = 5,
    answer_ms: Annotated[
        float,
        Parameter(
            help="What the mail server takes over a mail before it answers; one that keeps it: 5 to 50."
        ),
    ] = 20.0,
    rounds: Annotated[int, Parameter(help="How often both phases are taken in turn.")] = 3,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of words.")] = False,
) -> int:
    """Measure mails a second through SMTP with one worker, and beside a loop that only sends."""
    if not (100 <= mails <= 100_000 and 1 <= connections <= 100 and 1 <= rounds <= 100):
        sys.stderr.write("bench: give 100 to 100,000 mails, 1 to 100 connections, 1 to 100 rounds\n")
        return 2
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_measure(mails, connections, answer_ms, rounds))
    except ServerFailed as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        _show(found)
    return 0


async def _measure(mails: int, connections: int, answer_ms: float, rounds: int) -> list[Round]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with (
            mailing(Path(folder), connections, answer_ms) as (running, sink),
            _rooms(running) as opened,
        ):
            await running.clarion(*_template(Path(folder)))
            bench = _Bench(running, sink, opened, connections)
            await bench.sent(_WARM)
            found = []
            for number in range(1, rounds + 1):
                sys.stderr.write(f"bench: round {number} of {rounds}\n")
                found.append(await bench.round(mails))
            return found


@asynccontextmanager
async def mailing(
    folder: Path, connections: int = 5, answer_ms: float = 0
) -> AsyncIterator[tuple[Server, Sink]]:
    """A server whose mails go to a sink."""
    async with mailsink(answer_ms) as sink:
        allowed = {"CLARION_OUTBOUND_ALLOW": f"127.0.0.1:{sink.port}"}
        async with server(folder, allowed) as running:
            await running.clarion(
                "provider", "set", "email", "smtp", "host=127.0.0.1", f"port={sink.port}", "security=none",
                f"sender={SENDER}", f"connections_max={connections}", "--workspace", WORKSPACE,
            )  # fmt: skip
            yield running, sink


@asynccontextmanager
async def _rooms(running: Server) -> AsyncIterator[Rooms]:
    engine = attach(running.data)
    addresses = Addresses(owner=engine.address("owner"), app=engine.address("app"))
    settings = config.load({"data": running.data}, environ={}).settings
    async with rooms(settings, addresses, owner=2) as opened:
        yield opened


def _template(folder: Path) -> tuple[str, ...]:
    (folder / "mail.html").write_text(HTML)
    return (
        "template", "create", "order", "--subject", SUBJECT, "--html", str(folder / "mail.html"),
        "--transactional", "--workspace", WORKSPACE,
    )  # fmt: skip


class _Bench:
    """What takes part."""

    def __init__(self, running: Server, sink: Sink, opened: Rooms, connections: int) -> None:
        self._running = running
        self._sink = sink
        self._rooms = opened
        self._connections = connections
        self._processes = Processes({name: running.pids[name] for name in ("worker", POSTGRES)})

    async def round(self, mails: int) -> Round:
        bare_per_s = await self._bare(mails)
        before = self._processes.read().cpu_s
        sent_per_s = await self.sent(mails)
        after = self._processes.read().cpu_s
        used = {name: (after[name] - before[name]) / mails * 1e6 for name in after}
        return Round(
            bare_per_s=bare_per_s, sent_per_s=sent_per_s, ratio=sent_per_s / bare_per_s,
            worker_us=used["worker"], postgres_us=used[POSTGRES],
        )  # fmt: skip

    async def sent(self, mails: int) -> float:
        """Plan them while the worker is stopped; then its mails a second."""
        async with self._running.worker_stopped():
            await self._plan(mails)
        return await self._arrived(mails)

    async def _plan(self, mails: int) -> None:
        database = self._rooms.database
        async with database.owner() as tx:
            workspace_id = (await accounts.find_workspace(tx, WORKSPACE)).workspace_id
            template = await messaging.find_template(tx, workspace_id, "order")
        vault = await self._rooms.vaults.of(workspace_id)
        wanted = [
            PlannedSend(
                key=os.urandom(16).hex(), cause=Cause("call"), channel="email", template_id=template.template_id,
                recipient=f"r{number}@bench.example", data={"name": "Ann", "number": number},
            )
            for number in range(mails)
        ]  # fmt: skip
        for start in range(0, mails, messaging.PLAN_MAX):
            async with database.app(workspace_id) as tx:
                part = wanted[start : start + messaging.PLAN_MAX]
                await messaging.plan(tx, workspace_id, part, vault=vault, ids=self._rooms.ids)

    async def _bare(self, mails: int) -> float:
        """The same mail, as bytes, over as many connections."""
        body = HTML.replace("$data.name", "Ann").replace("$data.number", "1")
        head = f"From: {SENDER}\r\nSubject: Your order\r\nContent-Type: text/html\r\n\r\n"
        data = (head + "\r\n".join(body[at : at + 900] for at in range(0, len(body), 900))).encode()
        left = iter(range(mails))

        async def one() -> None:
            async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self._sink.port, start_tls=False) as smtp:
                for number in left:
                    await smtp.sendmail(SENDER, [f"r{number}@bench.example"], data)

        await asyncio.gather(*(one() for _ in range(self._connections)))
        return await self._arrived(mails)

    async def _arrived(self, mails: int) -> float:
        """Mails a second between the first and the last, once all have come. Raises ServerFailed."""
        give_up_at = time.monotonic() + PATIENCE_S
        while (count := await self._sink.count()) < mails:
            if time.monotonic() > give_up_at:
                raise ServerFailed(f"{count} of {mails} mails came within {PATIENCE_S:g} s")
            await asyncio.sleep(0.1)
        came = (await self._sink.report()).values()
        return (mails - 1) / ((max(came) - min(came)) / 1e9)


def _show(found: list[Round]) -> None:
    for field, words in (
        ("bare_per_s", "mails/s, aiosmtplib alone"),
        ("sent_per_s", "mails/s, Clarion, one worker"),
        ("ratio", "ratio (goal 0.8)"),
        ("worker_us", "worker, CPU us a mail"),
        ("postgres_us", "PostgreSQL, CPU us a mail"),
    ):
        values = [getattr(one, field) for one in found]
        print(f"{words:30} {statistics.median(values):12,.2f}  ({min(values):,.2f}–{max(values):,.2f})")
