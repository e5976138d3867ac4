"""Orders: what was bought, how far it is, by whom."""

from uuid import UUID

from msgspec import Struct

from clarion import errors, orders, profiles
from clarion.api import order_views as views
from clarion.api.nouns._fields import Before, Limit, Text
from clarion.api.nouns.profile import members
from clarion.api.ports import Call, id_before, id_of
from clarion.api.views import PROFILE
from clarion.db import Tx
from clarion.orders import Status
from clarion.vault import Vault


class List(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of orders. `profile_id`: of one person, by the id of any member."""

    status: Status | None = None
    profile_id: str | None = None
    external_order_id: Text | None = None
    limit: Limit = 50
    before: Before | None = None


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One order by its id."""

    order_id: str


async def list_page(call: Call, wish: List) -> views.OrderPage:
    """Orders, newest made first."""
    vault = await call.vault()
    before = id_before(views.ORDER, wish.before, "order")
    async with call.app() as tx:
        of = None if wish.profile_id is None else await _members(tx, call, wish.profile_id, vault)
        which = orders.Which(
            profile_ids=of, status=wish.status, external_order_id=wish.external_order_id, before=before
        )
        found = await orders.list_orders(tx, call.workspace_id, which, vault=vault, limit=wish.limit + 1)
    return views.order_page(found, wish.limit)


async def show(call: Call, wish: One) -> views.Order:
    """One order with all its fields."""
    vault = await call.vault()
    order_id = id_of(views.ORDER, wish.order_id, "order")
    async with call.app() as tx:
        return views.order(await orders.read_order(tx, call.workspace_id, order_id, vault=vault))


async def _members(tx: Tx, call: Call, profile_id: str, vault: Vault) -> list[UUID]:
    found = await profiles.read_profile(
        tx, call.workspace_id, id_of(PROFILE, profile_id, "profile"), vault=vault
    )
    if found is None:
        raise errors.NotFound("there is no such profile in this workspace")
    return members(found)
