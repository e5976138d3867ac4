"""Providers: who carries a workspace's messages, channel by channel."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from clarion import accounts, errors, messaging
from clarion.api import provider_views as views
from clarion.api.ports import Call, Nothing
from clarion.messaging import Channel, StoredProvider, Unknown, configs, trying
from clarion.vault import Vault

#: How long a caller waits for what a provider says to a test; the mail may still arrive.
TEST_TIMEOUT_S = 60


class Set(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who carries a channel from now on. `settings`: see the reference of providers; secrets are sealed."""

    channel: Channel
    kind: Annotated[str, Meta(min_length=1, max_length=50)]
    settings: dict[str, Any] = {}


class Test(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test message. `to`: an address on the channel; for a webhook it may be left out."""

    channel: Channel
    to: Annotated[str, Meta(max_length=320)] = ""


async def list_all(call: Call, wish: Nothing) -> list[views.Provider]:
    """Who carries each channel, without secrets."""
    vault = await call.vault()
    async with call.app() as tx:
        found = await messaging.list_providers(tx, call.workspace_id, vault=vault)
    return [_shown(call, one, vault) for one in found]


async def set_(call: Call, wish: Set) -> views.Provider:
    """Set who carries the channel; a target that must not be reached is refused."""
    config = configs.read(wish.channel, wish.kind, wish.settings)
    await trying.check(call.ports.providers, wish.kind, config)
    vault = await call.vault()
    async with call.app() as tx:
        stored = await messaging.set_provider(
            tx, call.workspace_id, wish.channel, wish.kind, config, vault=vault, ids=call.ports.ids
        )
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="provider set",
            channel=wish.channel, kind=wish.kind,
        )  # fmt: skip
    return _shown(call, stored, vault)


async def test(call: Call, wish: Test) -> views.Tried:
    """Send a real test message, and say what the provider said."""
    if not wish.to and wish.channel != "webhook":
        raise errors.Invalid("say to whom, with `to`")
    vault = await call.vault()
    async with call.app() as tx:
        stored = await messaging.find_provider(tx, call.workspace_id, wish.channel, vault=vault)
    if stored is None:
        raise errors.NotFound(f"nobody carries {wish.channel} yet")
    result = await _tried(call, stored, wish)
    async with call.app() as tx:
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="provider tested",
            channel=wish.channel, kind=stored.kind, state=views.tried(result).state,
        )  # fmt: skip
    return views.tried(result, views.warnings(stored, local=call.ports.links_are_local))


def _shown(call: Call, one: StoredProvider, vault: Vault) -> views.Provider:
    reports_url = call.ports.links.reports(vault, call.workspace_id, one.channel)
    return views.provider(one, local=call.ports.links_are_local, reports_url=reports_url)


async def _tried(call: Call, stored: StoredProvider, wish: Test) -> messaging.Result:
    """No transaction is open meanwhile."""
    now = datetime.fromtimestamp(call.ports.database.now_us() / 1_000_000, UTC)
    message = trying.trial(call.workspace_id, call.ports.ids.next(), wish.channel, wish.to, now)
    try:
        async with asyncio.timeout(TEST_TIMEOUT_S):
            return await trying.attempt(call.ports.providers, stored, message)
    except TimeoutError:
        return Unknown(f"no answer in {TEST_TIMEOUT_S} s")
