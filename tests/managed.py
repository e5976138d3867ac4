"""The management API in this process, on the tests' database: a client, and callers of every kind."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.applications import Starlette

from clarion import accounts, api
from clarion.accounts import Credentials
from clarion.api import auth
from clarion.api.route import Route
from clarion.api.routes import ROUTES
from clarion.channels.email import bounces
from clarion.channels.mailbox import Mailbox
from clarion.dialects import DIALECTS
from clarion.messaging import Links

PREFIX = "/manage/v1"


def ports(database: Any, vaults: Any, ids: Any) -> api.Ports:
    providers = {"mailbox": Mailbox(database.app, vaults.of, ids)}
    return api.Ports(
        database=database, vaults=vaults, ids=ids, dialects=DIALECTS, providers=providers,
        links=Links("https://mail.shop.example"), read_returned=bounces.read,
    )  # fmt: skip


def composed(own: api.Ports, table: Iterable[Route] = ROUTES) -> Starlette:
    """The API as app.py composes it."""

    async def load(token_hash: bytes) -> accounts.Credential | None:
        async with own.database.app() as tx:
            return await accounts.load_credential(tx, token_hash)

    credentials = Credentials(load, now_us=own.database.now_us)
    return Starlette(routes=api.routes(own, credentials, tuple(table)))


@asynccontextmanager
async def client(own: api.Ports, table: Iterable[Route] = ROUTES) -> AsyncIterator[httpx2.AsyncClient]:
    """Speaks to it."""
    transport = httpx2.ASGITransport(app=composed(own, table), raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://clarion.test") as speaking:
        yield speaking


async def token(own: api.Ports, tenant: Any, role: str | None) -> accounts.NewCredential:
    """A token of the management API for a tenant."""
    async with own.database.app(tenant.workspace_id) as tx:
        return await accounts.create_credential(
            tx, tenant.workspace_id, auth.DIALECT, auth.WAY.form, ids=own.ids, vault=tenant.vault, role=role
        )


def call(own: api.Ports, tenant: Any, role: str = "owner") -> api.Call:
    """What a handler is given, without HTTP."""
    return api.Call(ports=own, workspace_id=tenant.workspace_id, actor="test", role=role)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
