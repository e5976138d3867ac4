"""An event with a known id takes the place of the earlier one, in whatever order they are processed.

Seen to fail in processing without its look at the stored revision (`the later one first`), and with the revisions of
a batch taken the other way round (`in one batch`).
"""

from typing import Any

import pytest

from clarion import metrics
from clarion.model import Identity, IdentityKind
from tests.db.support import ledger_total, mismatches, timeline
from tests.db.test_event_key import process_one

FIRST = {
    "type": "order_placed",
    "unique_id": "e-1",
    "occurred_at": "2026-01-15T10:00:00Z",
    "customer": {"external_id": "1"},
    "properties": {"total": 10, "currency": "EUR"},
}
SECOND = {
    "type": "order_shipped",
    "unique_id": "e-1",
    "occurred_at": "2026-03-20T18:00:00Z",
    "customer": {"external_id": "2"},
    "properties": {"carrier": "DHL"},
}
ORDERS = pytest.mark.parametrize("order", ["one after the other", "in one batch", "the later one first"])


async def sent(ask: Any, tenant: Any, database: Any, process_all: Any, order: str, *bodies: Any) -> None:
    """Accepted in this order; processed as it says."""
    for body in bodies:
        await ask("PATCH", "/customer_events", body)
        if order == "one after the other":
            await process_all(tenant)
    if order == "the later one first":
        async with database.owner() as tx:
            await tx.execute(
                "UPDATE journal SET lane = 7 WHERE workspace_id = $1 AND block_id < "
                "(SELECT max(block_id::text)::uuid FROM journal WHERE workspace_id = $1)",
                tenant.workspace_id,
            )
        await process_one(database, tenant, process_all)
        async with database.owner() as tx:
            await tx.execute("UPDATE journal SET lane = 0 WHERE workspace_id = $1", tenant.workspace_id)
    await process_all(tenant)


@ORDERS
async def test_type_time_customer_and_properties_are_the_later_ones(
    ask: Any, tenant: Any, database: Any, process_all: Any, person: Any, order: str
) -> None:
    await sent(ask, tenant, database, process_all, order, FIRST, SECOND)
    (found,) = await timeline(database, tenant)
    assert (found.name, found.properties, found.revision) == ("order_shipped", {"carrier": "DHL"}, 1)
    assert found.occurred_at.startswith("2026-03-20T18:00:00")
    later = await person(Identity(IdentityKind.EXTERNAL_ID, "yotpo", "2"))
    assert found.profile_id == later.id
    total = await ledger_total(database, tenant.workspace_id)
    assert (total.accepted, total.stored, total.replaced) == (2, 1, 1)
    assert await mismatches(database, tenant.workspace_id) == []


@ORDERS
async def test_counters_and_catalogue_are_those_of_what_stands(
    ask: Any, tenant: Any, database: Any, process_all: Any, order: str
) -> None:
    await sent(ask, tenant, database, process_all, order, FIRST, SECOND)
    known = await metrics_of(database, tenant)
    assert known["order_shipped"].events == 1
    assert {one["name"] for one in known["order_shipped"].properties} == {"carrier"}
    assert "order_placed" not in known or known["order_placed"].events == 0


async def metrics_of(database: Any, tenant: Any) -> Any:
    async with database.app(tenant.workspace_id) as tx:
        names = [one.name for one in await metrics.list_metrics(tx, tenant.workspace_id)]
        return {name: (await metrics.list_metrics(tx, tenant.workspace_id, name=name))[0] for name in names}


async def test_control_another_id_is_another_event(
    ask: Any, tenant: Any, database: Any, process_all: Any
) -> None:
    other = SECOND | {"unique_id": "e-2"}
    await sent(ask, tenant, database, process_all, "in one batch", FIRST, other)
    assert {one.name for one in await timeline(database, tenant)} == {"order_placed", "order_shipped"}


async def test_the_same_event_again_changes_nothing_but_its_revision(
    ask: Any, tenant: Any, database: Any, process_all: Any
) -> None:
    await sent(ask, tenant, database, process_all, "one after the other", FIRST, FIRST, FIRST)
    (found,) = await timeline(database, tenant)
    assert (found.name, found.properties, found.revision) == ("order_placed", FIRST["properties"], 2)
    assert (await metrics_of(database, tenant))["order_placed"].events == 1
