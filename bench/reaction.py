"""`./run bench reaction`: from an event that was accepted to the mail it begins, handed to a mail server on loopback.

Events of new people come at an even pace through SMASHSEND's door; an automation sends each of them a mail.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import httpx2
import msgspec
import uvloop
from cyclopts import Parameter
from msgspec import Struct

from bench.histogram import Histogram
from bench.mailsink import Sink
from bench.send import PATIENCE_S, mailing
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed

HTML = "<p>Welcome, $!profile.firstName. You came by $!data.source.</p>"
WORKFLOW = {
    "trigger": {"type": "event", "metric": "user.signup"},
    "start": "mail",
    "nodes": {"mail": {"type": "send", "template": "welcome", "next": "end"}, "end": {"type": "exit"}},
}
CALLERS = 32
_WARM_S = 1.0


class Reaction(Struct, frozen=True, kw_only=True):
    """How many mails came of how many events a second, and the milliseconds from the answer to the final dot."""

    events: int
    per_s: float
    p50_ms: float
    p99_ms: float
    most_ms: float


def reaction(
    *,
    per_s: Annotated[int, Parameter(help="Events a second.")] = 200,
    seconds: Annotated[float, Parameter(help="For so long.")] = 10.0,
    json: Annotated[bool, Parameter(negative="", help="One JSON document instead of words.")] = False,
) -> int:
    """Measure what a mail that an event begins waits for; 1 when p50 is 250 ms or more, or p99 a second."""
    if not (1 <= per_s <= 10_000 and 1 <= seconds <= 600):
        sys.stderr.write("bench: give 1 to 10,000 events a second, for 1 to 600 seconds\n")
        return 2
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_measure(per_s, seconds))
    except ServerFailed as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    if json:
        print(msgspec.json.encode(found).decode())
    else:
        print(f"{found.events:,} events, {found.per_s:,.0f}/s, each answered by a mail")
        print(
            f"accepted -> mail: p50 {found.p50_ms:,.0f} ms (goal < 250), p99 {found.p99_ms:,.0f} (goal < 1,000)"
        )
        print(f"the slowest {found.most_ms:,.0f} ms")
    return 0 if found.p50_ms < 250 and found.p99_ms < 1_000 else 1


async def _measure(per_s: int, seconds: float) -> Reaction:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as folder:
        async with mailing(Path(folder)) as (running, sink):
            key = await _prepared(running, Path(folder))
            headers = {"Authorization": f"Bearer {key}"}
            url = f"http://127.0.0.1:{running.port}"
            async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
                await _told(client, "warm", per_s, _WARM_S)
                await _mails(sink, round(per_s * _WARM_S))
                accepted_ns = await _told(client, "r", per_s, seconds)
                came_ns = await _mails(sink, len(accepted_ns))
    return _found(accepted_ns, came_ns)


async def _prepared(running: Server, folder: Path) -> str:
    """A live automation with its mail; a credential without limits."""
    (folder / "welcome.html").write_text(HTML)
    (folder / "workflow.json").write_bytes(msgspec.json.encode(WORKFLOW))
    of = ("--workspace", WORKSPACE)
    html = str(folder / "welcome.html")
    await running.clarion("template", "create", "welcome", "--subject", "Welcome", "--html", html, *of)
    await running.clarion("metric", "create", "user.signup", *of)
    await running.clarion("automation", "create", "Welcome", str(folder / "workflow.json"), *of)
    await running.clarion("automation", "publish", "Welcome", *of)
    words = (*of, "--dialect", DIALECT)
    key = (await running.clarion("credential", "create", *words))["api_key"]
    await running.clarion("credential", "set", *words, "--rate", "0")
    return str(key)


async def _told(client: httpx2.AsyncClient, who: str, per_s: int, seconds: float) -> dict[str, int]:
    """Send events at an even pace. Recipient -> monotonic nanoseconds of the answer. Raises ServerFailed."""
    answered: dict[str, int] = {}
    free = asyncio.Semaphore(CALLERS)

    async def tell(number: int) -> None:
        email = f"{who}{number}@bench.example"
        event = {
            "event": "user.signup",
            "identify": {"email": email, "traits": {"firstName": "Ann"}},
            "properties": {"source": "an advertisement"},
        }
        async with free:
            answer = await client.post("/v1/events", json=event)
        if answer.status_code != 200:
            raise ServerFailed(f"the door answered {answer.status_code}: {answer.text[:200]}")
        answered[email] = time.monotonic_ns()

    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(per_s * seconds)):
            await asyncio.sleep(began + number / per_s - time.monotonic())
            group.create_task(tell(number))
    return answered


async def _mails(sink: Sink, wanted: int) -> dict[str, int]:
    give_up_at = time.monotonic() + PATIENCE_S
    while (count := await sink.count()) < wanted:
        if time.monotonic() > give_up_at:
            raise ServerFailed(f"{count} of {wanted} mails came within {PATIENCE_S:g} s")
        await asyncio.sleep(0.1)
    return await sink.report()


def _found(accepted_ns: dict[str, int], came_ns: dict[str, int]) -> Reaction:
    waits = Histogram()
    for email, at in accepted_ns.items():
        waits.record(max(0, came_ns[email] - at) // 1000)
    took_s = (max(accepted_ns.values()) - min(accepted_ns.values())) / 1e9
    return Reaction(
        events=len(accepted_ns), per_s=len(accepted_ns) / took_s,
        p50_ms=waits.percentile(50), p99_ms=waits.percentile(99), most_ms=waits.percentile(100),
    )  # fmt: skip
