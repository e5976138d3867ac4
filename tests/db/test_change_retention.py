"""Whole months of the log of changes go; what profiles hold stays."""

import pytest

from clarion import db, profiles
from clarion.db import partitions
from tests.db.test_traits_store import Room

KEEP_MONTHS = 2


@pytest.fixture
async def old_month(database):
    """A partition of the last month that is not kept any more; its first day."""
    async with database.owner_connection() as connection:
        month = db.month_after((await db.utc_day(connection)).replace(day=1), -KEEP_MONTHS - 1)
        await partitions._create(
            connection, "profile_change", f"profile_change_{month:%Y_%m}", month, db.month_after(month, 1)
        )
    return month


@pytest.mark.parametrize("keep_months", [KEEP_MONTHS, KEEP_MONTHS + 1, 0])
async def test_changes_of_old_months_go_and_values_stay(database, tenant, ids, old_month, keep_months):
    room = Room(database, tenant, ids)
    member = await room.member("one")
    await room.tell(member, 10, plan="old")
    async with database.owner() as tx:
        await tx.execute(
            "UPDATE profile_change SET change_id = $2 WHERE workspace_id = $1",
            tenant.workspace_id, db.first_id_of(old_month),
        )  # fmt: skip
    await room.tell(member, 20, city="Lviv")
    async with database.owner_connection() as connection:
        await profiles.drop_old_changes(connection, keep_months)
    left = {one.what for one in await room.history(member)}
    assert left == {"trait:city"} | (set() if keep_months == KEEP_MONTHS else {"trait:plan"})
    assert await room.traits(member) == {"plan": "old", "city": "Lviv"}
