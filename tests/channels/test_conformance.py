"""What every provider promises, whoever it is: one suite over the whole table of providers."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from clarion.app.providers import providers
from clarion.config import Settings
from clarion.messaging import PROVIDERS, configs
from clarion.messaging.port import Accepted, Deferred, Email, Payload, Rejected, Text, Unknown
from tests.channels.words import Mark, outgoing

TOKEN = "s3cret-t0ken"
WHSEC = "whsec_" + "c2VjcmV0" * 4
TEXT, PAYLOAD, EMAIL = Text(text="Hi"), Payload(type="x", data={}), Email(subject="Hi", html="<p>Hi</p>")


class Case(Struct, frozen=True):
    """A provider whose other side takes everything, and settings that lead nowhere."""

    channel: Any
    content: Any
    good: Any
    dead: Any
    secret: str


def case(kind: str, mail_port: int, web_port: int) -> Case:
    smtp = {
        "host": "127.0.0.1",
        "sender": "a@example.com",
        "security": "none",
        "password": TOKEN,
        "timeout_s": 1,
    }
    web = f"http://127.0.0.1:{web_port}"
    cases = {
        "mailbox": Case("sms", TEXT, configs.Mailbox(), None, ""),
        "smtp": Case("email", EMAIL, configs.Smtp(**smtp, port=mail_port), configs.Smtp(**smtp, port=1), TOKEN),
        "http": Case(
            "viber", TEXT, configs.Http(url=f"{web}/accepts", json={"t": "{secret.t}"}, secrets={"t": TOKEN}),
            configs.Http(url="http://127.0.0.1:1/", secrets={"t": TOKEN}), TOKEN,
        ),
        "webhook": Case(
            "webhook", PAYLOAD, configs.Webhook(url=f"{web}/accepts", secret=WHSEC),
            configs.Webhook(url="http://127.0.0.1:1/", secret=WHSEC), WHSEC,
        ),
    }  # fmt: skip
    return cases[kind]


@contextlib.asynccontextmanager
async def carrying(database: Any, vaults: Any, ids: Any, *ports: int) -> AsyncIterator[Any]:
    settings = Settings(outbound_allow=",".join(f"127.0.0.1:{port}" for port in (*ports, 1)))
    async with providers(settings, database.app, vaults, ids) as table:
        yield table


@pytest.fixture(params=PROVIDERS)
async def one(request, database, vaults, ids, mail_server, gateway) -> Any:
    ports = mail_server.ports["accepts"], gateway.ports["gateway"]
    async with carrying(database, vaults, ids, *ports) as table:
        yield table[request.param], case(request.param, *ports), request.param


async def test_every_kind_has_who_carries_it(database, vaults, ids):
    async with carrying(database, vaults, ids) as table:
        assert set(table) == set(PROVIDERS)


async def test_taking_passes_the_point_of_no_return_once(one, new_tenant):
    provider, tried, _ = one
    tenant, mark = await new_tenant(), Mark()
    message = outgoing(tried.channel, content=tried.content, workspace_id=tenant.workspace_id)
    result = await provider.send(message, tried.good, committing=mark)
    assert isinstance(result, Accepted), result
    assert mark.count == 1


async def test_a_refused_mark_sends_nothing_and_the_next_message_goes(
    one, new_tenant, database, mail_server, gateway
):
    """Seen failing with the mark after the send: the sinks had the fenced message."""
    provider, tried, kind = one
    tenant = await new_tenant()
    message = outgoing(tried.channel, content=tried.content, workspace_id=tenant.workspace_id)

    class Fenced(Exception):
        pass

    async def fenced() -> None:
        raise Fenced

    before = len(mail_server.took("accepts")) + len(gateway.took("accepts"))
    with pytest.raises(Fenced):
        await provider.send(message, tried.good, committing=fenced)
    assert len(mail_server.took("accepts")) + len(gateway.took("accepts")) == before
    async with database.owner() as tx:
        landed = await tx.fetchval(
            "SELECT count(*) FROM mailbox WHERE workspace_id = $1", tenant.workspace_id
        )
    assert landed == 0
    again = await provider.send(message, tried.good, committing=Mark())
    assert isinstance(again, Accepted), (kind, again)


async def test_nobody_there_is_deferred_without_a_mark(one):
    provider, tried, _ = one
    if tried.dead is None:
        return  # the mailbox is always there
    mark = Mark()
    result = await provider.send(outgoing(tried.channel, content=tried.content), tried.dead, committing=mark)
    assert isinstance(result, Deferred), result
    assert mark.count == 0


async def test_a_message_of_another_kind_is_rejected_for_good(one, new_tenant):
    provider, tried, kind = one
    wrong = PAYLOAD if kind != "webhook" else TEXT
    if kind == "mailbox":
        return  # takes all kinds
    mark = Mark()
    result = await provider.send(outgoing(tried.channel, content=wrong), tried.good, committing=mark)
    assert isinstance(result, Rejected)
    assert result.permanent
    assert mark.count == 0


async def test_settings_survive_their_storing_and_hide_their_secrets(one):
    _, tried, kind = one
    stored = msgspec.json.encode(tried.good)
    assert msgspec.json.decode(stored, type=PROVIDERS[kind].config) == tried.good
    if tried.secret:
        assert tried.secret.encode() in stored
        assert tried.secret not in str(configs.shown(tried.good))


async def test_a_checked_provider_is_one_that_is_allowed(one):
    provider, tried, _ = one
    await provider.check(tried.good)


async def test_how_long_a_repeat_is_harmless_is_said(one):
    provider, tried, kind = one
    assert (provider.again_within_s(tried.good) > 0) == (kind in ("mailbox", "webhook"))


def test_the_four_words_cross_a_process_as_they_are():
    for result in (Accepted("r", "ok"), Deferred(reason="x", retry_after_s=3), Unknown("y")):
        kind = Accepted | Deferred | Rejected | Unknown
        assert msgspec.json.decode(msgspec.json.encode(result), type=kind) == result
