"""Lists that are kept by hand or import, and who is on them."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import accounts, events, model, profiles
from clarion.api import audience_views as views
from clarion.api.nouns._fields import Before, Limit, Text
from clarion.api.ports import Call, Nothing, id_of
from clarion.api.views import PROFILE
from clarion.db import Tx
from clarion.profiles import Membership

PROFILES_MAX = 1_000


class Create(Struct, frozen=True, forbid_unknown_fields=True):
    """A new list."""

    name: Text


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One list by its id."""

    list_id: str


class Members(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of the people on a list."""

    list_id: str
    limit: Limit = 50
    after: Before | None = None


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes or goes, each by the id of any member."""

    list_id: str
    profile_ids: Annotated[tuple[str, ...], Meta(min_length=1, max_length=PROFILES_MAX)]


class Changed(Struct, frozen=True):
    """How many people came or went, and the ids that are nobody's."""

    changed: int
    unknown: list[str]


async def list_all(call: Call, wish: Nothing) -> list[views.List]:
    """All lists by name."""
    async with call.app() as tx:
        return [views.list_(one) for one in await profiles.list_lists(tx, call.workspace_id)]


async def create(call: Call, wish: Create) -> views.List:
    """Make one; its name is unique."""
    async with call.app() as tx:
        made = await profiles.create_list(tx, call.workspace_id, wish.name, ids=call.ports.ids)
        await _audit(tx, call, "list_created", made.list_id)
    return views.list_(made)


async def show(call: Call, wish: One) -> views.List:
    """One list."""
    async with call.app() as tx:
        return views.list_(await profiles.read_list(tx, call.workspace_id, _id(wish.list_id)))


async def members(call: Call, wish: Members) -> views.MemberPage:
    """Who is on a list, in pages, in the order in which they became known."""
    list_id = _id(wish.list_id)
    after = None if wish.after is None else id_of(PROFILE, wish.after, "profile")
    async with call.app() as tx:
        await profiles.read_list(tx, call.workspace_id, list_id)
        found = await profiles.list_people(tx, call.workspace_id, list_id, after=after, limit=wish.limit + 1)
    return views.member_page(found, wish.limit)


async def add(call: Call, wish: Change) -> Changed:
    """Put people on a list."""
    return await _change(call, wish, profiles.attach, "list_members_added")


async def remove(call: Call, wish: Change) -> Changed:
    """Take people off a list."""
    return await _change(call, wish, profiles.detach, "list_members_removed")


async def _change(
    call: Call, wish: Change, change: Callable[..., Awaitable[Membership]], action: str
) -> Changed:
    list_id = _id(wish.list_id)
    wanted = {text: model.parse_id(PROFILE, text) for text in wish.profile_ids}
    known = [profile_id for profile_id in wanted.values() if profile_id is not None]
    async with call.app() as tx:
        now_us = await events.begin_write(tx, call.workspace_id)
        done = await change(tx, call.workspace_id, [list_id], known, ids=call.ports.ids, now_us=now_us)
        await _audit(tx, call, action, list_id, people=done.changed)
    return Changed(done.changed, [text for text, one in wanted.items() if one is None or one in done.unknown])


def _id(text: str) -> UUID:
    return id_of(views.LIST, text, "list")


async def _audit(tx: Tx, call: Call, action: str, list_id: UUID, **detail: int) -> None:
    await accounts.audit(
        tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action=action, list_id=str(list_id), **detail
    )  # fmt: skip
