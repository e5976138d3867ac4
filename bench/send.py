"""`./run bench send`: mails a second through SMTP, beside a bare aiosmtplib loop with as many connections.

Both hand the same mail to the same server on loopback. Clarion's part is whole: due sends claimed, templates filled,
decisions and attempts noted, three commits shared by whatever gathered, the answer kept. The reference has only bytes.

With --dead instead: what the mails of one workspace lose while another one's, as many, are for a provider that accepts
connections and never answers, and while they are for one that refuses. Alone and beside in turn, each time a workspace
of which the worker does not know yet that its provider is dead.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import aiosmtplib
import msgspec
import uvloop
from cyclopts import Parameter
from msgspec import Struct

from bench.deadpost import Silent, silent
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
_CALM_S = 3.0  # until what was hung up on is noted


class Round(Struct, frozen=True, kw_only=True):
    """Mails a second, of both, and what one of Clarion's costs in microseconds of CPU."""

    bare_per_s: float
    sent_per_s: float
    ratio: float
    worker_us: float
    postgres_us: float


class Beside(Struct, frozen=True, kw_only=True):
    """Mails a second of one workspace, alone and beside another one's dead provider."""

    dead: str
    alone_per_s: float
    beside_per_s: float
    ratio: float
    alone_worker_us: float
    beside_worker_us: float


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
    dead: Annotated[
        bool,
        Parameter(negative="", help="What another workspace's dead providers cost, in place of the loop."),
    ] = False,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of words.")] = False,
) -> int:
    """Measure mails a second through SMTP with one worker, and beside a loop that only sends."""
    if not (100 <= mails <= 100_000 and 1 <= connections <= 100 and 1 <= rounds <= 100):
        sys.stderr.write("bench: give 100 to 100,000 mails, 1 to 100 connections, 1 to 100 rounds\n")
        return 2
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_measure(mails, connections, answer_ms, rounds, dead=dead))
    except ServerFailed as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        (_show_beside if dead else _show)(found)
    return 0


async def _measure(mails: int, connections: int, answer_ms: float, rounds: int, *, dead: bool) -> list[Any]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with (
            silent() as post,
            mailing(Path(folder), connections, answer_ms, also=[post.port, post.refusing_port]) as (
                running,
                sink,
            ),
            _rooms(running) as opened,
        ):
            await running.clarion(*_template(running, WORKSPACE))
            bench = _Bench(running, sink, opened, connections, post)
            await bench.sent(_WARM)
            found: list[Any] = []
            for number in range(1, rounds + 1):
                sys.stderr.write(f"bench: round {number} of {rounds}\n")
                found += await bench.beside(mails) if dead else [await bench.round(mails)]
            return found


@asynccontextmanager
async def mailing(
    folder: Path, connections: int = 5, answer_ms: float = 0, also: Sequence[int] = ()
) -> AsyncIterator[tuple[Server, Sink]]:
    """A server whose mails go to a sink; it may send to the ports of `also` as well."""
    async with mailsink(answer_ms) as sink:
        allowed = {"CLARION_OUTBOUND_ALLOW": ",".join(f"127.0.0.1:{port}" for port in (sink.port, *also))}
        async with server(folder, allowed) as running:
            await _carry(running, WORKSPACE, sink.port, connections)
            yield running, sink


async def _carry(running: Server, workspace: str, port: int, connections: int) -> None:
    await running.clarion(
        "provider", "set", "email", "smtp", "host=127.0.0.1", f"port={port}", "security=none",
        f"sender={SENDER}", f"connections_max={connections}", "--workspace", workspace,
    )  # fmt: skip


@asynccontextmanager
async def _rooms(running: Server) -> AsyncIterator[Rooms]:
    engine = attach(running.data)
    addresses = Addresses(owner=engine.address("owner"), app=engine.address("app"))
    settings = config.load({"data": running.data}, environ={}).settings
    async with rooms(settings, addresses, owner=2) as opened:
        yield opened


def _template(running: Server, workspace: str) -> tuple[str, ...]:
    html = running.data.parent / "mail.html"
    html.write_text(HTML)
    return (
        "template", "create", "order", "--subject", SUBJECT, "--html", str(html),
        "--transactional", "--workspace", workspace,
    )  # fmt: skip


class _Bench:
    """What takes part."""

    def __init__(self, running: Server, sink: Sink, opened: Rooms, connections: int, post: Silent) -> None:
        self._running = running
        self._sink = sink
        self._rooms = opened
        self._connections = connections
        self._post = post
        self._dead = 0
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

    async def beside(self, mails: int) -> list[Beside]:
        """Alone, then beside each kind of dead provider; the mean of before and after is what it is compared to."""
        found = []
        for kind, port in (("never answers", self._post.port), ("refuses", self._post.refusing_port)):
            before_per_s, before_us = await self._costs(mails)
            dead = await self._make_dead(port)
            beside_per_s, beside_us = await self._costs(mails, dead)
            await self._bury(dead)
            after_per_s, after_us = await self._costs(mails)
            alone_per_s = (before_per_s + after_per_s) / 2
            found.append(
                Beside(
                    dead=kind, alone_per_s=alone_per_s, beside_per_s=beside_per_s,
                    ratio=beside_per_s / alone_per_s, alone_worker_us=(before_us + after_us) / 2,
                    beside_worker_us=beside_us,
                )
            )  # fmt: skip
        return found

    async def _costs(self, mails: int, beside: str | None = None) -> tuple[float, float]:
        """Mails a second, and the worker's CPU us a mail."""
        before = self._processes.read().cpu_s["worker"]
        per_s = await self.sent(mails, beside)
        return per_s, (self._processes.read().cpu_s["worker"] - before) / mails * 1e6

    async def _make_dead(self, port: int) -> str:
        """A workspace of its own, so that its provider is not known to be dead."""
        self._dead += 1
        name = f"dead-{self._dead}"
        await self._running.clarion("workspace", "create", name)
        await _carry(self._running, name, port, self._connections)
        await self._running.clarion(*_template(self._running, name))
        return name

    async def _bury(self, name: str) -> None:
        """Nothing of it is due any more, and nobody waits for its provider."""
        async with self._rooms.database.owner() as tx:
            workspace_id = (await accounts.find_workspace(tx, name)).workspace_id
            counts = await messaging.count_sends(tx, workspace_id)
            await tx.execute("UPDATE send SET due_us = $2 WHERE workspace_id = $1", workspace_id, 1 << 60)
        where = {state.value: sends for state, sends in counts.items() if sends}
        sys.stderr.write(f"bench: {name}: {where}; {self._post.taken} connections held so far\n")
        self._post.hang_up()
        await asyncio.sleep(_CALM_S)

    async def sent(self, mails: int, beside: str | None = None) -> float:
        """Plan them while the worker is stopped, as many for a workspace `beside`; then its mails a second."""
        async with self._running.worker_stopped():
            if beside is not None:
                await self._plan(mails, beside)
            await self._plan(mails)
        return await self._arrived(mails)

    async def _plan(self, mails: int, workspace: str = WORKSPACE) -> None:
        database = self._rooms.database
        async with database.owner() as tx:
            workspace_id = (await accounts.find_workspace(tx, workspace)).workspace_id
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


def _show_beside(found: list[Beside]) -> None:
    for kind in dict.fromkeys(one.dead for one in found):
        rounds = [one for one in found if one.dead == kind]
        print(f"beside a provider that {kind}:")
        for field, words in (
            ("alone_per_s", "  mails/s alone"),
            ("beside_per_s", "  mails/s beside it"),
            ("ratio", "  ratio (goal 0.95)"),
            ("alone_worker_us", "  worker alone, CPU us a mail"),
            ("beside_worker_us", "  worker beside it"),
        ):
            values = [getattr(one, field) for one in rounds]
            print(f"{words:30} {statistics.median(values):12,.2f}  ({min(values):,.2f}–{max(values):,.2f})")


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
