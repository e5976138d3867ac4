"""Whole months of the timeline go, and counts follow them in the same transaction."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from clarion import db, events, metrics, model
from clarion.db import partitions
from clarion.events import store
from clarion.events.ledger import LedgerLine, Mismatch
from tests.db import support
from tests.db.support import Source

KEEP_MONTHS = 2


@pytest.fixture
async def old_month(database):
    """A partition of the last month that is not kept any more; its first day."""
    async with database.owner_connection() as connection:
        today = await db.utc_day(connection)
        month = db.month_after(today.replace(day=1), -KEEP_MONTHS - 1)
        await partitions._create(connection, "event", f"event_{month:%Y_%m}", month, db.month_after(month, 1))
    return month


async def put(database, tenant, day: date, count: int) -> int:
    """Events of a minute of that day as processing left them: on the timeline, in ledger and days. The minute."""
    start = datetime(day.year, day.month, day.day, 10, 30, tzinfo=UTC)
    minute_us = int(start.timestamp()) * 1_000_000
    async with database.owner() as tx:
        metric_id = (await metrics.resolve(tx, tenant.workspace_id, ["bought"]))["bought"].metric_id
        for n in range(count):
            event_id = model.first_id_at(minute_us + n * 1_000)
            brought_by = None
            if n == 0:  # an override: its event is of an earlier minute
                event_id, brought_by = model.first_id_at(minute_us - 120_000_000), event_id
            await tx.execute(
                "INSERT INTO event (workspace_id, profile_id, occurred_at, event_id, metric_id, source, brought_by)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                tenant.workspace_id, UUID(int=1), start, event_id, metric_id, int(Source.YOTPO), brought_by,
            )  # fmt: skip
        quarter = metrics.quarter_of(minute_us)
        await metrics.count_days(tx, tenant.workspace_id, {(metric_id, quarter): count})
        line = LedgerLine(minute_us=minute_us, received=count, accepted=count, stored=count)
        await store.add_to_ledger(tx, tenant.workspace_id, [line])
    return minute_us


async def on_timeline(database, tenant) -> int:
    async with database.owner() as tx:
        return await tx.fetchval("SELECT count(*) FROM event WHERE workspace_id = $1", tenant.workspace_id)


async def bought(database, tenant) -> int:
    async with database.app(tenant.workspace_id) as tx:
        (metric,) = await metrics.list_metrics(tx, tenant.workspace_id)
    return metric.events


async def drop(database, keep_months=KEEP_MONTHS) -> None:
    async with database.owner_connection() as connection:
        await events.drop_old_events(connection, keep_months)


async def is_there(database, month) -> bool:
    async with database.owner() as tx:
        return await tx.fetchval("SELECT to_regclass($1) IS NOT NULL", f"event_{month:%Y_%m}")


async def test_an_old_month_goes_and_ledger_and_days_follow(database, new_tenant, old_month):
    one, other = await new_tenant(), await new_tenant()
    today = datetime.now(UTC).date()
    for tenant, count in ((one, 3), (other, 5)):
        await put(database, tenant, old_month, count)
        await put(database, tenant, today, 2)
    await drop(database)
    assert not await is_there(database, old_month)
    for tenant, count in ((one, 3), (other, 5)):
        assert await support.mismatches(database, tenant.workspace_id) == []
        total = await support.ledger_total(database, tenant.workspace_id)
        assert (total.stored, total.expired) == (count + 2, count)
        assert await on_timeline(database, tenant) == await bought(database, tenant) == 2


async def test_without_the_counting_verify_names_the_minute(database, tenant, old_month, monkeypatch):
    """The control."""

    async def nothing(*_):
        return None

    monkeypatch.setattr("clarion.events.tasks._expire", nothing)
    minute_us = await put(database, tenant, old_month, 3)
    await drop(database)
    assert await support.mismatches(database, tenant.workspace_id) == [
        Mismatch(minute_us=minute_us, term="stored", ledger=3, counted=0)
    ]


async def test_what_strayed_into_the_default_partition_goes_with_its_month(database, tenant):
    long_ago = date(2019, 5, 6)  # no partition
    await put(database, tenant, long_ago, 2)
    await drop(database)
    assert await on_timeline(database, tenant) == 0
    assert await support.mismatches(database, tenant.workspace_id) == []
    async with database.owner_connection() as connection:
        assert await partitions.strays(connection) == 0


async def test_zero_is_for_ever(database, tenant, old_month):
    await put(database, tenant, old_month, 3)
    await drop(database, keep_months=0)
    assert await is_there(database, old_month)
    await drop(database)
    assert await on_timeline(database, tenant) == 0, "the control: it is old enough"


async def test_a_month_is_kept_until_its_last_event_is_old_enough(database, tenant, old_month):
    await put(database, tenant, old_month, 3)
    await drop(database, keep_months=KEEP_MONTHS + 1)
    assert await on_timeline(database, tenant) == 3
    await drop(database)
    assert await on_timeline(database, tenant) == 0


async def test_what_fails_in_the_middle_has_changed_nothing(database, tenant, old_month, monkeypatch):
    """Counts and drop are one transaction: a failure in the middle takes the counts back."""
    await put(database, tenant, old_month, 3)

    async def refused(*_, **__):
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(db, "drop_months", refused)
        with pytest.raises(RuntimeError):
            await drop(database)
    assert await support.mismatches(database, tenant.workspace_id) == []
    assert await on_timeline(database, tenant) == 3
    await drop(database)
