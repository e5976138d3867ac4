"""The two roles in a PostgreSQL of the operator's own: made where we may, else said how."""

import asyncpg

from clarion import errors

VERSION_MIN = 15

_FACTS = """
SELECT current_setting('server_version_num')::int / 10000 AS major, current_user::text AS who,
       (SELECT count(*) FROM pg_roles WHERE rolname IN ('clarion_owner', 'clarion_app')
           AND pg_has_role(current_user, oid, 'MEMBER')) AS taken_on,
       (SELECT coalesce(bool_or(rolsuper OR rolbypassrls), false) FROM pg_roles
         WHERE rolname = 'clarion_app') AS unbound,
       (SELECT coalesce(bool_or(has_schema_privilege(oid, 'public', 'CREATE')), false) FROM pg_roles
         WHERE rolname = 'clarion_owner') AS owner_creates
"""


def roles_sql(who: str) -> str:
    """What an administrator runs, in the database that Clarion shall use, for the sign-in `who`; again if need be."""
    quoted = '"' + who.replace('"', '""') + '"'
    made = "".join(
        f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n"
        for role in ("clarion_owner", "clarion_app")
    )
    return (
        f"{made}GRANT clarion_owner, clarion_app TO {quoted};\n"
        "GRANT USAGE, CREATE ON SCHEMA public TO clarion_owner;\n"
        "GRANT USAGE ON SCHEMA public TO clarion_app;"
    )


async def ensure_roles(url: str) -> None:
    """Make the roles and rights that are missing. Raises Misconfigured, with the SQL for an administrator, where this
    sign-in may not, and for a server that is too old; Unavailable where there is none.
    """
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as exc:
        raise errors.Unavailable(f"the database cannot be reached: {str(exc) or type(exc).__name__}") from exc
    except ValueError as exc:
        raise errors.Misconfigured(f"database_url is not understood: {exc}") from exc
    try:
        facts = await connection.fetchrow(_FACTS)
        assert facts is not None
        if facts["major"] < VERSION_MIN:
            raise errors.Misconfigured(f"this is PostgreSQL {facts['major']}: use {VERSION_MIN} or newer")
        if facts["unbound"]:
            raise errors.Misconfigured(
                "the role clarion_app would see all workspaces: run ALTER ROLE clarion_app NOSUPERUSER NOBYPASSRLS;"
            )
        if facts["taken_on"] == 2 and facts["owner_creates"]:
            return
        sql = roles_sql(facts["who"])
        try:
            async with connection.transaction():
                await connection.execute(sql)
        except asyncpg.InsufficientPrivilegeError as exc:
            raise errors.Misconfigured(
                f"{facts['who']} may not make the roles that Clarion needs; let an administrator run:\n{sql}"
            ) from exc
    finally:
        await connection.close()
