"""Providers of a workspace: set, shown, tried; the mailbox that carries what nobody was set for."""

import email
import email.policy
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from clarion import channels, errors, messaging
from clarion.api.nouns import provider
from clarion.api.ports import Nothing
from clarion.channels.email.smtp import Smtp
from clarion.channels.mailbox import Mailbox
from clarion.channels.template import Template
from clarion.messaging import Accepted
from clarion.messaging.port import Email, Text
from clarion.profiles import Erased
from tests import managed
from tests.channels.words import Mark, outgoing

SECRET = "hunter2-hunter2"
SMTP = {"host": "127.0.0.1", "port": "25", "sender": "a@example.com", "user": "shop", "password": SECRET}


@pytest.fixture
async def own(database, vaults, ids):
    guard = channels.guard("127.0.0.1:25")
    web, smtp = channels.Web(guard), Smtp(guard)
    providers = {"mailbox": Mailbox(database.app, vaults.of, ids), "smtp": smtp, "http": Template(web)}
    yield msgspec.structs.replace(managed.ports(database, vaults, ids), providers=providers)
    await smtp.close()
    await web.close()


async def test_a_fresh_workspace_has_a_mailbox_for_mail_sms_and_viber(own, new_tenant):
    found = await provider.list_all(managed.call(own, await new_tenant()), Nothing())
    assert [(one.channel, one.kind, one.id) for one in found] == [
        (channel, "mailbox", None) for channel in ("email", "sms", "viber")
    ]


async def test_settings_are_kept_sealed_and_shown_without_secrets(own, new_tenant, database):
    tenant = await new_tenant()
    call = managed.call(own, tenant)
    shown = await provider.set_(call, provider.Set(channel="email", kind="smtp", settings=SMTP))
    assert shown.settings["password"] == "***"
    assert shown.settings["port"] == 25
    assert shown in await provider.list_all(call, Nothing())
    assert SECRET not in msgspec.json.encode(shown).decode()
    async with database.owner() as tx:
        row = await tx.fetchrow("SELECT * FROM provider WHERE workspace_id = $1", tenant.workspace_id)
        audit = await tx.fetch("SELECT * FROM audit WHERE workspace_id = $1", tenant.workspace_id)
    assert SECRET.encode() not in row["sealed"]
    assert b"127.0.0.1" not in row["sealed"]
    assert any(line["action"] == "provider set" for line in audit)
    assert SECRET not in str(audit)
    async with database.app(tenant.workspace_id) as tx:
        found = await messaging.find_provider(tx, tenant.workspace_id, "email", vault=tenant.vault)
    assert found is not None
    assert found.config.password == SECRET


async def test_a_second_setting_takes_the_place_of_the_first(own, new_tenant):
    call = managed.call(own, await new_tenant())
    await provider.set_(call, provider.Set(channel="email", kind="smtp", settings=SMTP))
    await provider.set_(call, provider.Set(channel="email", kind="mailbox"))
    found = await provider.list_all(call, Nothing())
    assert next((one.channel, one.kind) for one in found) == ("email", "mailbox")
    assert len(found) == 3


@pytest.mark.parametrize(
    ("channel", "kind", "settings", "says"),
    [
        ("sms", "smtp", SMTP, "does not carry sms"),
        ("email", "pigeon", {}, "does not carry email"),
        ("push", "mailbox", {}, "does not carry push"),
        ("email", "smtp", {"host": "127.0.0.1"}, "sender"),
        ("email", "smtp", SMTP | {"hosts": "x"}, "hosts"),
        ("email", "smtp", SMTP | {"port": "many"}, "port"),
        ("email", "smtp", SMTP | {"port": 26}, "port 26"),
        ("email", "smtp", SMTP | {"host": "10.0.0.1"}, "private"),
        ("email", "smtp", SMTP | {"port": 587, "host": "93.184.216.34", "security": "none"}, "in clear"),
        ("sms", "http", {"url": "http://169.254.169.254/latest"}, "private"),
        ("sms", "http", {"url": "https://{to}/x"}, "hole"),
    ],
)
async def test_settings_that_cannot_be_are_refused_with_a_sentence(
    own, new_tenant, channel, kind, settings, says
):
    call = managed.call(own, await new_tenant())
    with pytest.raises(errors.Invalid, match=says) as refused:
        await provider.set_(call, provider.Set(channel=channel, kind=kind, settings=settings))
    assert SECRET not in str(refused.value)
    assert all(one.kind == "mailbox" for one in await provider.list_all(call, Nothing()))


async def test_a_test_message_lands_where_the_provider_puts_it_and_says_so(own, new_tenant, database):
    tenant = await new_tenant()
    call = managed.call(own, tenant)
    tried = await provider.test(call, provider.Test(channel="email", to="ann@example.com"))
    assert tried.state == "accepted"
    async with database.app(tenant.workspace_id) as tx:
        (landed,) = await messaging.list_landed(tx, tenant.workspace_id, vault=tenant.vault, limit=10)
    assert (landed.recipient, landed.title) == ("ann@example.com", "A test message from Clarion")
    assert tried.provider_ref is not None
    assert tried.provider_ref.endswith(landed.mailbox_id.hex)


async def test_a_real_provider_with_local_links_is_warned_of(own, new_tenant):
    call = managed.call(own, await new_tenant())
    warned = await provider.set_(call, provider.Set(channel="email", kind="smtp", settings=SMTP))
    assert "public_url" in warned.warnings[0]
    tried = await provider.test(call, provider.Test(channel="email", to="ann@example.com"))
    assert tried.state in ("deferred", "rejected")
    assert "public_url" in tried.warnings[0]
    public = managed.call(msgspec.structs.replace(own, links_are_local=False), await new_tenant())
    assert (
        await provider.set_(public, provider.Set(channel="email", kind="smtp", settings=SMTP))
    ).warnings == []
    assert (await provider.set_(call, provider.Set(channel="sms", kind="mailbox"))).warnings == []


async def test_the_mailbox_keeps_what_would_have_gone_out_once(own, new_tenant, database):
    tenant = await new_tenant()
    box: Any = own.providers["mailbox"]
    mail = outgoing(content=Email(subject="Größe", html="<p>Hello</p>"), workspace_id=tenant.workspace_id)
    mark = Mark()
    config = messaging.PROVIDERS["mailbox"].config()
    for _ in range(2):
        assert isinstance(await box.send(mail, config, committing=mark), Accepted)
    sms = outgoing(
        "sms", content=Text(text="Hi"), recipient="+447911123456", workspace_id=tenant.workspace_id
    )
    await box.send(sms, config, committing=mark)
    async with database.app(tenant.workspace_id) as tx:
        found = await messaging.list_landed(tx, tenant.workspace_id, vault=tenant.vault, limit=10)
        mails = await messaging.list_landed(
            tx, tenant.workspace_id, vault=tenant.vault, limit=10, channel="email", before=found[0].mailbox_id
        )
        one = await messaging.read_landed(tx, tenant.workspace_id, mail.send_id, vault=tenant.vault)
        with pytest.raises(errors.NotFound):
            await messaging.read_landed(tx, tenant.workspace_id, uuid4(), vault=tenant.vault)
    assert [one.channel for one in found] == ["sms", "email"]
    assert mails == [one]
    assert email.message_from_bytes(one.raw, policy=email.policy.default)["Subject"] == "Größe"
    assert mark.count == 3


async def test_the_mailbox_keeps_the_newest_only(own, new_tenant, database, monkeypatch):
    monkeypatch.setattr(messaging.store.mailbox, "KEPT_MAX", 3)
    monkeypatch.setattr(messaging.store.mailbox, "_TRIM_EVERY", 1)
    tenant = await new_tenant()
    box: Any = own.providers["mailbox"]
    for number in range(6):
        message = outgoing("sms", content=Text(text=f"{number}"), workspace_id=tenant.workspace_id)
        await box.send(message, messaging.PROVIDERS["mailbox"].config(), committing=Mark())
    async with database.app(tenant.workspace_id) as tx:
        found = await messaging.list_landed(tx, tenant.workspace_id, vault=tenant.vault, limit=10)
    assert [one.title for one in found] == ["5", "4", "3"]


async def test_what_was_written_to_somebody_goes_with_them(own, new_tenant, database):
    tenant = await new_tenant()
    box: Any = own.providers["mailbox"]
    ann, bob = uuid4(), uuid4()
    for who in (ann, bob, None):
        message = outgoing("sms", content=Text(text="Hi"), workspace_id=tenant.workspace_id, profile_id=who)
        await box.send(message, messaging.PROVIDERS["mailbox"].config(), committing=Mark())
    async with database.owner() as tx:
        assert await messaging.store.erase_landed(tx, tenant.workspace_id, Erased(ann, [ann], 0)) == 1
    async with database.app(tenant.workspace_id) as tx:
        assert len(await messaging.list_landed(tx, tenant.workspace_id, vault=tenant.vault, limit=10)) == 2
