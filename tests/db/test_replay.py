"""A period of the timeline offered again."""

from clarion import events
from clarion.events import Which
from clarion.model import Source, first_id_at
from tests.db.support import windowed


async def rows_of(database, tenant) -> dict[str, list[str]]:
    """Every row of the workspace in every table, as text."""
    async with database.owner() as tx:
        tables = await tx.fetch(
            "SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND a.attname = 'workspace_id'"
        )
        return {
            name: sorted(
                row[0]
                for row in await tx.fetch(
                    f"SELECT t::text FROM {name} AS t WHERE workspace_id = $1", tenant.workspace_id
                )
            )
            for (name,) in tables
        }


async def replayed(database, tenant, which=None, **more):
    async with database.app(tenant.workspace_id) as tx:
        return [
            one.id
            async for one in events.replay(
                tx, tenant.workspace_id, which or Which(), vault=tenant.vault, **more
            )
        ]


async def test_a_replay_goes_through_every_event_and_changes_nothing(database, tenant, ingest, process_all):
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed(str(n)) for n in range(1_200)])
    await process_all(tenant)
    before = await rows_of(database, tenant)
    assert len(await replayed(database, tenant)) == 1_200
    assert await rows_of(database, tenant) == before
    # The control: the comparison sees one more event.
    await ingest.offer(tenant.credential, Source.SMASHSEND, [windowed("more")])
    assert await rows_of(database, tenant) != before


async def test_a_handler_is_offered_what_the_period_and_metric_hold_under_the_old_ids(
    database, tenant, ingest, process_all
):
    offers = [windowed("1", name="kept"), windowed("2", name="other")]
    told = await ingest.offer(tenant.credential, Source.SMASHSEND, offers)
    await process_all(tenant)
    heard = []

    async def hear(event):
        heard.append(event.name)

    now_us = database.now_us()
    recent = Which(metric="kept", after=first_id_at(now_us - 60_000_000))
    (only,) = await replayed(database, tenant, recent, handlers=[hear])
    assert heard == ["kept"]
    assert only.removeprefix("evt_") == told[0].item_id.hex
    assert await replayed(database, tenant, Which(before=first_id_at(now_us - 60_000_000))) == []
