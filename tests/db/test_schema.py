"""The schema against the data rules, asked of the database's own catalogue; every query prepared against it."""

import pytest

from clarion import db, errors
from clarion.db.partitions import ensure_partitions, strays
from tests.test_house import QUERIES, SHARED


async def test_every_key_of_a_tenants_table_begins_with_the_workspace(database):
    async with database.owner() as tx:
        rows = await tx.fetch("""
            SELECT c.relname AS table_name, i.relname AS index_name, a.attname AS first
            FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
            WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique AND NOT c.relispartition
        """)
    keys = [row for row in rows if row["table_name"] not in SHARED]
    assert len(keys) > 20
    assert [row["index_name"] for row in keys if row["first"] != "workspace_id"] == []


async def test_every_tenants_table_has_a_key_and_a_policy(database):
    async with database.owner() as tx:
        rows = await tx.fetch("""
            SELECT c.relname AS name, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
                   EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS policy,
                   EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary) AS keyed
            FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND NOT c.relispartition
        """)
    for row in rows:
        assert row["keyed"], row["name"]
        if row["name"] not in SHARED:
            assert row["secured"], row["name"]
            assert row["policy"], row["name"]
            assert not row["forced"], f"{row['name']}: the owner copies into it"


async def test_the_app_role_owns_nothing_and_is_nobody_special(database):
    async with database.app() as tx:
        role = await tx.fetchrow(
            "SELECT current_user AS name, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        owned = await tx.fetchval("SELECT count(*) FROM pg_class WHERE relowner = 'clarion_app'::regrole")
    assert (role["name"], role["rolsuper"], role["rolbypassrls"], owned) == ("clarion_app", False, False, 0)


@pytest.mark.parametrize(
    ("room", "name", "text"), QUERIES, ids=[f"{room}.{name}" for room, name, _ in QUERIES]
)
async def test_a_query_is_understood_by_the_database(database, room, name, text):
    async with database.owner() as tx:
        await tx.prepare(text)


async def test_only_core_is_used(database):
    """The embedded engine has no extension, Citus has no virtual columns."""
    async with database.owner() as tx:
        assert await tx.fetchval("SELECT count(*) FROM pg_extension WHERE extname <> 'plpgsql'") == 0


async def test_the_default_partitions_are_empty_and_months_are_there_ahead(database):
    async with database.owner_connection() as connection:
        await ensure_partitions(connection)
        assert await strays(connection) == 0
        months = await connection.fetchval(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass"
        )
    assert months >= 4, "this month, two ahead, and the default"


async def test_migrating_again_changes_nothing_and_a_newer_database_is_refused(database, addresses):
    assert await db.migrate(addresses.owner) == []
    async with database.owner() as tx:
        await tx.execute("INSERT INTO schema_migration (number, name, checksum) VALUES (9999, 'x', 'x')")
    try:
        with pytest.raises(errors.Misconfigured, match="newer Clarion"):
            await db.migrate(addresses.owner)
    finally:
        async with database.owner() as tx:
            await tx.execute("DELETE FROM schema_migration WHERE number = 9999")
