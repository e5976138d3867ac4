"""A PostgreSQL of the operator's: its version, its settings, the roles."""

from collections.abc import Iterator
from typing import Any

import asyncpg

from clarion import db
from clarion.db.address import of_url
from clarion.doctor import sending
from clarion.doctor.finding import Finding, Subject, fail, ok, warn

_POSTGRESQL_MIN = 15
_CONNECT_S = 10


async def look(url: str, subject: Subject) -> list[Finding]:
    """Whether it can be used as it is set up."""
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_S)
    except (*db.GONE, ValueError, asyncpg.PostgresError) as exc:
        return [
            fail("database", f"it cannot be reached: {str(exc) or 'no answer'}", "check CLARION_DATABASE_URL")
        ]
    try:
        row = await connection.fetchrow(_FACTS)
    finally:
        await connection.close()
    assert row is not None
    return [*_server(dict(row)), *_roles(dict(row)), *await sending.look(of_url(url).owner, subject)]


_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS major,
       current_setting('server_encoding') AS encoding,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_user::text AS who,
       current_database()::text AS database,
       (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS makes_roles,
       (SELECT array_agg(rolname::text) FROM pg_roles WHERE rolname IN ('clarion_owner', 'clarion_app')
           AND pg_has_role(current_user, oid, 'MEMBER')) AS taken_on,
       (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'clarion_app') AS app_unbound,
       (SELECT has_schema_privilege(oid, 'public', 'CREATE') FROM pg_roles
         WHERE rolname = 'clarion_owner') AS owner_creates
"""


def _server(facts: dict[str, Any]) -> Iterator[Finding]:
    if facts["major"] < _POSTGRESQL_MIN:
        yield fail("database", f"PostgreSQL {facts['major']}", f"use PostgreSQL {_POSTGRESQL_MIN} or newer")
    else:
        yield ok("database", f"PostgreSQL {facts['major']}")
    if facts["encoding"] != "UTF8":
        advice = (
            f"make a database with: CREATE DATABASE {facts['database']} ENCODING 'UTF8' TEMPLATE template0"
        )
        yield fail("database encoding", facts["encoding"], advice)
    for name in ("fsync", "full_page_writes"):
        if facts[name] != "on":
            advice = f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"
            yield fail("database durability", f"{name} is {facts[name]}: a power cut loses events", advice)
    if facts["synchronous_commit"] == "off":
        advice = "ALTER SYSTEM RESET synchronous_commit; SELECT pg_reload_conf();"
        yield warn("database durability", "synchronous_commit is off; Clarion's sessions set it on", advice)


def _roles(facts: dict[str, Any]) -> Iterator[Finding]:
    missing = sorted({"clarion_owner", "clarion_app"} - set(facts["taken_on"] or ()))
    if facts["app_unbound"]:
        yield fail(
            "database roles",
            "clarion_app is a superuser or bypasses row-level security",
            "ALTER ROLE clarion_app NOSUPERUSER NOBYPASSRLS;",
        )
    elif missing and facts["makes_roles"]:
        yield ok("database roles", f"{facts['who']} may make the roles")
    elif missing:
        detail = f"{facts['who']} may neither take on {' and '.join(missing)} nor make them"
        yield fail("database roles", detail, "let an administrator run:\n" + db.roles_sql(facts["who"]))
    elif not facts["owner_creates"]:
        advice = "GRANT USAGE, CREATE ON SCHEMA public TO clarion_owner;"
        yield fail("database roles", "clarion_owner may make no tables", advice)
    else:
        yield ok("database roles", "clarion_owner and clarion_app are there")
