"""The database cluster: made by initdb, configured at every start, its roles, and that it keeps what it
accepts.
"""

import shutil
import subprocess
from pathlib import Path

from clarion.db.engine import binaries, failures, machine, process
from clarion.db.engine.account import Account, own_folder, sync, write_whole
from clarion.db.engine.connection import Connection, scram_verifier
from clarion.db.engine.layout import CONF, HBA_TEXT, PORT, Places, conf_text, settings
from clarion.errors import EngineFailed

_SHARED_MEMORY = "dynamic_shared_memory_type"
_VERIFIER_FILE = "initdb.pw"
_CONNECT_S = 30
_INITDB = [
    "--username=clarion_admin",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--auth=scram-sha-256",
    f"--pwfile=../{_VERIFIER_FILE}",
]
#: Nothing may turn these off: an event answered 2xx is on disk.
_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")

_ROLES = """\
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', name, verifier)
  FROM (VALUES ('clarion_owner', :'owner'), ('clarion_app', :'app')) AS wanted (name, verifier)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION', rolname)
  FROM pg_roles WHERE rolname IN ('clarion_owner', 'clarion_app')
   AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication) \\gexec
SELECT format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', rolname)
  FROM pg_roles WHERE rolname IN ('clarion_owner', 'clarion_app') AND rolconfig IS NULL \\gexec
SELECT 'CREATE DATABASE clarion OWNER clarion_owner TEMPLATE template0'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'clarion') \\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname)
  FROM pg_database WHERE datname IN ('clarion', 'postgres', 'template0', 'template1')
   AND has_database_privilege('public', oid, 'CONNECT') \\gexec
SELECT 'GRANT CONNECT ON DATABASE clarion TO clarion_app'
 WHERE NOT has_database_privilege('clarion_app', 'clarion', 'CONNECT') \\gexec
"""

_PASSWORDS = """\
ALTER ROLE clarion_owner PASSWORD :'owner';
ALTER ROLE clarion_app PASSWORD :'app';
"""

_SETTINGS = """\
SELECT name, setting, coalesce(sourcefile || ' line ' || sourceline, source)
  FROM pg_settings WHERE name = ANY (string_to_array(:'names', ','));
SELECT split_part(option, '=', 1), split_part(option, '=', 2), 'ALTER ROLE or ALTER DATABASE ... SET'
  FROM pg_db_role_setting, unnest(setconfig) AS option
 WHERE split_part(option, '=', 1) = ANY (string_to_array(:'names', ','));
"""


def exists(places: Places) -> bool:
    """Whether there is a cluster. Raises EngineFailed for one of another major version, or for half a one."""
    try:
        found = (places.pgdata / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        if places.pgdata.exists():
            raise EngineFailed(
                f"{places.pgdata} is not a complete database: restore a backup, or move it away to begin anew"
            ) from None
        return False
    if found != str(binaries.MAJOR):
        raise failures.of_major(found, binaries.MAJOR, places.pgdata)
    return True


def make(places: Places, account: Account, programs: Path, admin_password: str) -> None:
    """A new cluster; complete, or not there at all. Raises EngineFailed."""
    if places.unfinished.exists():
        shutil.rmtree(places.unfinished)
    own_folder(places.unfinished, account)
    write_whole(places.engine, _VERIFIER_FILE, scram_verifier(admin_password), _theirs(account))
    try:
        initdb = [str(programs / "initdb"), "--pgdata", pgdata_for(account, places.unfinished), *_INITDB]
        shared_memory = settings(machine.look(places.data))[_SHARED_MEMORY]  # initdb would try posix
        initdb.append(f"--set={_SHARED_MEMORY}={shared_memory}")
        done = process.run(account, places.unfinished, initdb)
    finally:
        (places.engine / _VERIFIER_FILE).unlink()
    if done.returncode != 0:
        raise failures.of_log(done.stdout.splitlines(), places.data, places.log)
    conf = (places.unfinished / "postgresql.conf").read_text()
    include = f"\n# Clarion's settings; what you add below holds over them.\ninclude '{CONF}'\n"
    write_whole(places.unfinished, "postgresql.conf", conf + include, _theirs(account))
    places.unfinished.rename(places.pgdata)
    sync(places.engine)


def set_admin_password(places: Places, account: Account, programs: Path, password: str) -> None:
    """For a cluster whose engine.json is lost; the server must not run. Raises EngineFailed."""
    single = [str(programs / "postgres"), "--single", "-D", pgdata_for(account, places.pgdata), "postgres"]
    statement = f"ALTER ROLE clarion_admin PASSWORD '{scram_verifier(password)}'\n"
    done = process.run(account, places.pgdata, single, statement)
    if done.returncode != 0 or "ERROR" in done.stdout:
        raise failures.of_log(done.stdout.splitlines(), places.data, places.log)


def configure(places: Places, account: Account, socket: Path) -> None:
    """Write clarion.conf and pg_hba.conf for the machine as it is today."""
    write_whole(places.pgdata, CONF, conf_text(machine.look(places.data), socket), _theirs(account))
    write_whole(places.pgdata, "pg_hba.conf", HBA_TEXT, _theirs(account))


def server(places: Places, account: Account, programs: Path) -> list[str]:
    """The command line of the server."""
    return [str(programs / "postgres"), "-D", pgdata_for(account, places.pgdata)]


def pgdata_for(account: Account, pgdata: Path) -> str:
    """The folder as PostgreSQL is told it, whose working directory it is.

    Root's data folder may lie under folders that PostgreSQL's user cannot walk through. Linux lets a process
    use its working directory all the same, and /proc/self/cwd is an absolute name for it
    (docs/decisions/0002).
    """
    return "/proc/self/cwd" if account.switch and Path("/proc/self/cwd").exists() else str(pgdata)


def _theirs(account: Account) -> tuple[int, int] | None:
    return (account.uid, account.gid) if account.switch else None


def furnish(connection: Connection, *, set_passwords: bool) -> None:
    """Roles and database, where they are missing. Raises EngineFailed."""
    verifiers = {role: scram_verifier(connection.passwords[role]) for role in ("owner", "app")}
    _psql(connection, _ROLES + (_PASSWORDS if set_passwords else ""), verifiers)


def check_durability(connection: Connection) -> None:
    """Raises EngineFailed where a setting would let PostgreSQL answer before the data is on disk."""
    for name, value, source in _psql(connection, _SETTINGS, {"names": ",".join(_MUST_BE_ON)}):
        if value != "on":
            raise EngineFailed(
                f"{name} is {value} (set by {source}): remove that setting. Clarion answers its callers only "
                "when their data is on disk, and does not start without it"
            )


def _psql(connection: Connection, sql: str, variables: dict[str, str]) -> list[list[str]]:
    """Run a script as clarion_admin; the rows it printed. Raises EngineFailed."""
    words = [str(binaries.installed() / "psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
    words += ["--field-separator=\t", "--set=ON_ERROR_STOP=1"]
    words += [
        f"--host={connection.socket}",
        f"--port={PORT}",
        "--username=clarion_admin",
        "--dbname=postgres",
    ]
    lines = "".join(f"\\set {name} '{value}'\n" for name, value in variables.items())
    done = subprocess.run(  # noqa: S603  # a list, no shell
        words,
        input=lines + sql,
        capture_output=True,
        env=process.environment(PGPASSWORD=connection.passwords["admin"], PGCONNECT_TIMEOUT=str(_CONNECT_S)),
        text=True,
        check=False,
    )
    if done.returncode != 0:
        places = Places(connection.data)
        raise failures.of_log(done.stderr.splitlines(), places.data, places.log)
    return [line.split("\t") for line in done.stdout.splitlines()]
