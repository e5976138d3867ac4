"""What callers use of their limits is counted, written within a second and shown for an hour."""

import pytest

from clarion import accounts, errors, model
from clarion.accounts import HOUR_US, Rates, Use
from clarion.api import Nothing, views
from clarion.api.nouns import credential
from tests import managed

MINUTE_US = 60_000_000


class Clock:
    """Set by hand; starts at the database's time, which the view asks."""

    def __init__(self, now_us):
        self.now_us = now_us

    def __call__(self):
        return self.now_us


@pytest.fixture
def own(database, vaults, ids):
    return managed.ports(database, vaults, ids)


@pytest.fixture
def call(own, tenant):
    return managed.call(own, tenant)


@pytest.fixture
def clock(database):
    # In the middle of a minute: the steps of a test stay where it thinks they are.
    return Clock(database.now_us() // MINUTE_US * MINUTE_US - MINUTE_US // 2)


@pytest.fixture
def use(clock):
    return Use(clock)


def rates_of(clock, use):
    return Rates(lambda: clock() / 1e6, use.note)


async def test_requests_and_refusals_are_shown_with_the_limit(call, tenant, database, clock, use):
    rates = rates_of(clock, use)
    one = tenant.credential.credential_id
    refused = [rates.take(one, "batch", 50) is not None for _ in range(53)]
    assert sum(refused) == 3
    assert rates.take(one, "single", 0) is None
    await use.write(database)
    shown = await credential.use(call, credential.Used())
    assert [(s.bucket, s.per_minute, s.requests, s.refused, s.busiest_minute) for s in shown] == [
        ("batch", 50, 53, 3, 53),
        ("single", 1_000, 1, 0, 1),
    ]


async def test_several_minutes_and_processes_add_up(call, tenant, database, clock, use):
    other = Use(clock)
    for counted, requests in ((use, 2), (other, 3)):
        for _ in range(requests):
            counted.note(tenant.credential.credential_id, "single", False)
        await counted.write(database)
    clock.now_us -= MINUTE_US
    use.note(tenant.credential.credential_id, "single", True)
    await use.write(database)
    (shown,) = await credential.use(call, credential.Used())
    assert (shown.requests, shown.refused, shown.busiest_minute) == (6, 1, 5)


async def test_what_is_written_is_not_written_again(call, tenant, database, use):
    use.note(tenant.credential.credential_id, "single", False)
    await use.write(database)
    await use.write(database)
    (shown,) = await credential.use(call, credential.Used())
    assert shown.requests == 1


async def test_an_hour_is_shown_and_a_day_is_kept(call, tenant, database, clock, use):
    now_us = clock.now_us
    for ago_us in (0, HOUR_US + MINUTE_US, 25 * HOUR_US):
        clock.now_us = now_us - ago_us
        use.note(tenant.credential.credential_id, "single", False)
    await use.write(database)
    (shown,) = await credential.use(call, credential.Used())
    assert shown.requests == 1
    assert await minutes(database, tenant) == 3
    async with database.owner_connection() as connection:
        await accounts.drop_old_use(connection, database.now_us)
    assert await minutes(database, tenant) == 2


async def test_when_a_credential_was_last_used_is_shown_and_never_goes_back(
    call, tenant, database, clock, use
):
    (never,) = await credential.list_all(call, Nothing())
    assert never.last_used_at is None
    last = views.iso(clock.now_us)
    use.note(tenant.credential.credential_id, "single", True)
    await use.write(database)
    clock.now_us -= HOUR_US
    use.note(tenant.credential.credential_id, "single", False)
    await use.write(database)
    (shown,) = await credential.list_all(call, Nothing())
    assert shown.last_used_at == last


async def test_each_workspace_sees_its_own(own, tenant, new_tenant, database, use):
    other = await new_tenant()
    for one in (tenant, other):
        use.note(one.credential.credential_id, "single", False)
    await use.write(database)
    for one in (tenant, other):
        (shown,) = await credential.use(managed.call(own, one), credential.Used())
        assert shown.credential_id == model.show_id(views.CREDENTIAL, one.credential.credential_id)
    asked = credential.Used(credential_id=shown.credential_id)
    with pytest.raises(errors.NotFound):
        await credential.use(managed.call(own, tenant), asked)
    assert len(await credential.use(managed.call(own, other), asked)) == 1


async def minutes(database, tenant):
    async with database.owner() as tx:
        return await tx.fetchval(
            "SELECT count(*) FROM credential_use WHERE workspace_id = $1", tenant.workspace_id
        )
