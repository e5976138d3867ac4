"""SMTP against a server that misbehaves in every way we know: the state is what trust.md's table says (T7).

`verdict` compares; the control hands it what a channel would say that takes a lost reply for a failure.
"""

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any

import msgspec
import pytest

from clarion.channels.email import _pool
from clarion.channels.email.smtp import Smtp
from clarion.messaging import configs
from clarion.messaging.port import Accepted, Deferred, Email, Kind, Rejected, Result, Unknown
from tests.channels.words import Mark, guard_for, outgoing

#: Behaviour -> the state, and for a rejection why and whether for good.
EXPECTED: dict[str, Any] = {
    "accepts": Accepted,
    "banner_late": Accepted,
    "banner_never": Deferred,
    "banner_554": (Kind.REFUSED_SENDER, False),
    "banner_421": Deferred,
    "banner_garbage": Deferred,
    "banner_drop": Deferred,
    "banner_endless": Deferred,
    "ehlo_502": Accepted,
    "ehlo_421": Deferred,
    "ehlo_550": (Kind.REFUSED_SENDER, False),
    "ehlo_hang": Deferred,
    "ehlo_endless": Deferred,
    "starttls_missing": Deferred,
    "starttls_454": Deferred,
    "starttls_broken": Deferred,
    "tls_untrusted": Deferred,
    "tls_accepts": Accepted,
    "auth_535": (Kind.AUTH, False),
    "auth_454": Deferred,
    "auth_drop": Deferred,
    "auth_accepts": Accepted,
    "mail_451": Deferred,
    "mail_421": Deferred,
    "mail_550": (Kind.REFUSED_SENDER, True),
    "mail_552": (Kind.REFUSED_CONTENT, True),
    "mail_530": (Kind.AUTH, False),
    "mail_drop": Deferred,
    "mail_hang": Deferred,
    "rcpt_450": Deferred,
    "rcpt_421": Deferred,
    "rcpt_550": (Kind.BAD_ADDRESS, True),
    "rcpt_552": (Kind.BOUNCED, True),
    "rcpt_554": (Kind.REFUSED_SENDER, True),
    "rcpt_251": Accepted,
    "rcpt_drop": Deferred,
    "rcpt_slow": Deferred,
    "data_451": Deferred,
    "data_421": Deferred,
    "data_554": (Kind.OTHER, True),
    "data_250": Deferred,
    "data_drop": Deferred,
    "body_drop": Deferred,
    "body_552": (Kind.REFUSED_CONTENT, True),
    "body_unread": Deferred,
    "dot_421": Deferred,
    "dot_451": Deferred,
    "dot_452": Deferred,
    "dot_552": (Kind.REFUSED_CONTENT, True),
    "dot_554": (Kind.REFUSED_CONTENT, True),
    "dot_drop": Unknown,
    "dot_reset": Unknown,
    "dot_hang": Unknown,
    "dot_half": Unknown,
    "dot_garbage": Unknown,
    "dot_354": Unknown,
    "dot_199": Unknown,
    "dot_late": Accepted,
    "dot_slow": Accepted,
    "dot_huge": Accepted,
    "dot_endless": Unknown,
    "idle_drop": Accepted,
    "idle_421": Accepted,
}
#: Those of which the server got the final dot: it may have kept the message.
AFTER_DOT = {name for name in EXPECTED if name.startswith(("dot_", "idle_"))}
BIG = Email(subject="Large", html="<p>" + "many words " * 1_500_000 + "</p>", text="large")


def config(port: int, **fields: Any) -> configs.Smtp:
    given: dict[str, Any] = {"security": "none", "timeout_s": 1.0, "final_timeout_s": 1.5}
    return configs.Smtp(host="127.0.0.1", port=port, sender="shop@shop.example", **(given | fields))


def config_for(behaviour: str, port: int) -> configs.Smtp:
    if behaviour.startswith(("starttls", "tls")):
        return config(port, security="starttls", verify_certificate=behaviour != "tls_accepts")
    if behaviour.startswith("auth"):
        return config(port, user="shop", password="secret")
    return config(port, final_timeout_s=5.0 if behaviour == "dot_endless" else 1.5)


def verdict(expected: Any, result: Result, marks: int, dots: int) -> str:
    """What is wrong; nothing where all is right."""
    wanted = Rejected if isinstance(expected, tuple) else expected
    if type(result) is not wanted:
        return f"{result} instead of {wanted.__name__}"
    if isinstance(result, Rejected) and (result.kind, result.permanent) != expected:
        return f"{result.kind}, permanent {result.permanent}, instead of {expected}"
    if dots > marks:
        return "the dot was sent without the mark"
    if isinstance(result, Unknown) and not marks:
        return "unknown before the point of no return"
    if isinstance(result, Accepted) and dots != 1:
        return f"accepted, and the server took {dots}"
    return ""


@contextlib.asynccontextmanager
async def smtp_for(*ports: int) -> Any:
    smtp = Smtp(guard_for(*ports))
    try:
        yield smtp
    finally:
        await smtp.close()


@pytest.mark.parametrize("behaviour", EXPECTED)
async def test_the_state_is_what_the_table_says(mail_server, behaviour):
    port = mail_server.ports[behaviour]
    mark = Mark()
    message = outgoing(content=BIG) if behaviour.startswith("body_") else outgoing()
    async with smtp_for(port) as smtp:
        result = await smtp.send(message, config_for(behaviour, port), committing=mark)
    dots = sum(message.send_id.hex in row["body"] for row in mail_server.took(behaviour))
    assert verdict(EXPECTED[behaviour], result, mark.count, dots) == ""
    assert dots == (1 if behaviour in AFTER_DOT or EXPECTED[behaviour] is Accepted else 0)


async def test_the_table_is_whole_and_the_server_knows_no_other(mail_server):
    assert {*EXPECTED, "dot_hang_many"} == set(mail_server.ports)
    assert len(EXPECTED) >= 40


async def test_a_channel_that_calls_a_lost_reply_a_failure_is_noticed(mail_server):
    """The control: the outbox would try again what the server has taken."""
    port = mail_server.ports["dot_drop"]
    mark = Mark()
    async with smtp_for(port) as smtp:
        result = await smtp.send(outgoing(), config(port), committing=mark)
    mistaken = Deferred(reason=result.reason)
    assert "instead of Unknown" in verdict(EXPECTED["dot_drop"], mistaken, mark.count, 1)
    assert verdict(Accepted, Accepted(None), 0, 1) == "the dot was sent without the mark"


async def test_the_mark_is_written_before_the_dot(mail_server):
    """At the mark the server has no message; a moment later it has."""
    port = mail_server.ports["accepts"]
    message = outgoing()
    seen: list[int] = []

    async def mark() -> None:
        await asyncio.sleep(0.2)
        seen.append(sum(message.send_id.hex in row["body"] for row in mail_server.took("accepts")))

    async with smtp_for(port) as smtp:
        result = await smtp.send(message, config(port), committing=mark)
    assert isinstance(result, Accepted)
    assert result.provider_ref == "4KXYZ1"
    assert seen == [0]
    assert sum(message.send_id.hex in row["body"] for row in mail_server.took("accepts")) == 1


async def test_a_mark_that_is_refused_sends_no_dot(mail_server):
    """The lease went to another worker meanwhile."""

    class Fenced(Exception):
        pass

    async def mark() -> None:
        raise Fenced

    port = mail_server.ports["accepts"]
    message = outgoing()
    async with smtp_for(port) as smtp:
        with pytest.raises(Fenced):
            await smtp.send(message, config(port), committing=mark)
        again = await smtp.send(message, config(port), committing=Mark())
    assert isinstance(again, Accepted)
    took = [row for row in mail_server.took("accepts") if message.send_id.hex in row["body"]]
    assert len(took) == 1, "a fenced worker's message was taken"


@pytest.mark.parametrize("behaviour", ["idle_drop", "idle_421"])
async def test_a_connection_that_died_while_idle_costs_nothing(mail_server, behaviour):
    port = mail_server.ports[behaviour]
    messages = [outgoing() for _ in range(3)]
    mark = Mark()
    async with smtp_for(port) as smtp:
        for message in messages:
            assert isinstance(await smtp.send(message, config(port), committing=mark), Accepted)
    took = Counter(
        row["body"].count(message.send_id.hex) > 0
        for row in mail_server.took(behaviour)
        for message in messages
    )
    assert took[True] == 3
    assert mark.count == 3


async def test_connections_are_kept_and_a_refusal_does_not_spoil_them(mail_server):
    good, bad = mail_server.ports["accepts"], mail_server.ports["rcpt_550"]
    async with smtp_for(good, bad) as smtp:
        first = outgoing()
        for message in (first, outgoing(), outgoing()):
            assert isinstance(await smtp.send(message, config(good), committing=Mark()), Accepted)
        for _ in range(3):
            assert isinstance(await smtp.send(outgoing(), config(bad), committing=Mark()), Rejected)
    rows = mail_server.took("accepts")
    begun = next(n for n, row in enumerate(rows) if first.send_id.hex in row["body"])
    assert [row["nth"] for row in rows[begun : begun + 3]] == [1, 2, 3]


async def test_a_dead_provider_holds_up_nobody_else_and_opens_no_more_than_its_cap(mail_server):
    """Its own pool and turns: 60 messages wait for a server that never answers, the other server's go on."""
    dead, alive = mail_server.ports["dot_hang_many"], mail_server.ports["dot_slow"]
    async with smtp_for(dead, alive) as smtp:

        async def timed() -> float:
            begun = time.monotonic()
            sent = [smtp.send(outgoing(), config(alive), committing=Mark()) for _ in range(5)]
            assert all(isinstance(one, Accepted) for one in await asyncio.gather(*sent))
            return time.monotonic() - begun

        alone = await timed()
        slow = config(dead, connections_max=3, final_timeout_s=30)
        waiting = [asyncio.create_task(smtp.send(outgoing(), slow, committing=Mark())) for _ in range(60)]
        await asyncio.sleep(0.5)
        beside = await timed()
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert max(row["most_connections"] for row in mail_server.took("dot_hang_many")) <= 3
    assert beside < alone * 1.5 + 0.3, f"alone {alone:.2f} s, beside a dead one {beside:.2f} s"


async def test_pools_belong_to_one_workspace_and_one_server(mail_server):
    pools = _pool.Pools(guard_for())
    one, other = config(1), config(2)
    assert pools.of(outgoing().workspace_id, one) is pools.of(
        outgoing().workspace_id, msgspec.structs.replace(one)
    )
    assert pools.of(outgoing().workspace_id, one) is not pools.of(outgoing().workspace_id, other)
    assert pools.of(outgoing().send_id, one) is not pools.of(outgoing().workspace_id, one)


async def test_an_address_beyond_ascii_goes_where_the_server_takes_it_and_else_nowhere(mail_server):
    yes, no = mail_server.ports["accepts"], mail_server.ports["auth_accepts"]
    message = outgoing(recipient="анна@пошта.укр")
    async with smtp_for(yes, no) as smtp:
        assert isinstance(await smtp.send(message, config(yes), committing=Mark()), Accepted)
        refused = await smtp.send(message, config(no), committing=Mark())
    assert [row["to"] for row in mail_server.took("accepts") if message.send_id.hex in row["body"]] == [
        "анна@xn--80a1acn3a.xn--j1amh"
    ]
    assert isinstance(refused, Rejected)
    assert refused.kind is Kind.BAD_ADDRESS
