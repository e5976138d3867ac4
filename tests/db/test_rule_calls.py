"""A channel's rules as callers change them."""

import asyncio

import pytest

from clarion import errors
from clarion.api.nouns import rule
from clarion.api.ports import Nothing
from tests import managed
from tests.db.test_meanwhile import blocked


@pytest.fixture
def call(database, vaults, ids, tenant):
    return managed.call(managed.ports(database, vaults, ids), tenant)


@pytest.mark.parametrize("before", [None, "3/24"], ids=["the first two", "two later ones"])
async def test_two_changes_at_once_are_both_kept(call, database, before):
    """Where what is there is read without a lock, the second writes back what it read before the first."""
    if before is not None:
        await rule.change(call, rule.Change(channel="email", cap=before))
    async with database.owner() as tx:
        await tx.execute("LOCK TABLE sending_rule IN EXCLUSIVE MODE")  # both read, if they only read
        changes = [
            asyncio.create_task(rule.change(call, rule.Change(channel="email", **wish)))
            for wish in ({"quiet": "22:00-08:00"}, {"track_opens": True}, {"expires_hours": 5})
        ]
        await blocked(database, len(changes))
    await asyncio.gather(*changes)
    kept = await rule.show(call, rule.One(channel="email"))
    assert (kept.quiet, kept.track_opens, kept.expires_hours, kept.cap) == ("22:00-08:00", True, 5, before)


async def test_a_change_that_is_refused_leaves_no_rule(call):
    with pytest.raises(errors.Invalid):
        await rule.change(call, rule.Change(channel="email", cap="many"))
    assert await rule.list_all(call, Nothing()) == []
