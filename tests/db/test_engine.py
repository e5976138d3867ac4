"""The embedded PostgreSQL, by its real programs, as whoever runs the tests (root: in folders closed to others)."""

import os
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from clarion.db.engine import Connection, Engine, EngineBusy, attach, borrowed, connection, process
from clarion.db.engine.layout import Places, socket_folders
from clarion.errors import EngineFailed
from tests.db.engine_support import SOON_S, ask, family, lives, script, until


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One that only serves questions."""
    started = Engine(tmp_path_factory.mktemp("shared") / "data")
    started.start()
    yield started
    started.stop()


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Engines that a test may harm: begun(folder) starts one, and it is stopped at the end."""
    engines: list[Engine] = []

    def start(data: Path | None = None, **more: Any) -> Engine:
        engines.append(Engine(data or tmp_path / "data", **more))
        engines[-1].start()
        return engines[-1]

    yield start
    for one in engines:
        one.stop()


# What a first start makes


async def test_only_the_admin_has_power_and_the_app_owns_nothing(engine: Engine) -> None:
    roles = await ask(
        engine.address("admin"),
        "SELECT rolname::text, rolsuper, rolbypassrls, rolcreatedb OR rolcreaterole OR rolreplication "
        "FROM pg_roles WHERE rolcanlogin ORDER BY 1",
    )
    assert roles == [
        ("clarion_admin", True, True, True),
        ("clarion_app", False, False, False),
        ("clarion_owner", False, False, False),
    ]
    owner = (
        "SELECT rolname::text FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE datname = 'clarion'"
    )
    assert await ask(engine.address("admin"), owner) == [("clarion_owner",)]
    owned = "SELECT 1 FROM pg_shdepend WHERE refobjid = 'clarion_app'::regrole AND deptype = 'o'"
    assert await ask(engine.address("admin"), owned) == []


async def test_the_owner_makes_tables_and_the_app_does_not(engine: Engine) -> None:
    await ask(engine.address("owner"), "CREATE TABLE made_by_owner (n int)")
    for statement in ("CREATE TABLE made_by_app (n int)", "CREATE TEMP TABLE made_by_app (n int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(engine.address("app"), statement)


async def test_the_public_may_connect_to_no_database(engine: Engine) -> None:
    sql = "SELECT datname FROM pg_database WHERE has_database_privilege('public', oid, 'CONNECT,CREATE,TEMP')"
    assert await ask(engine.address("admin"), sql) == []


async def test_text_is_utf_8_and_sorted_alike_on_every_machine(engine: Engine) -> None:
    sql = (
        "SELECT pg_encoding_to_char(encoding)::text, datlocprovider, datlocale FROM pg_database "
        "WHERE datname = 'clarion'"
    )
    assert await ask(engine.address("admin"), sql) == [("UTF8", b"b", "C.UTF-8")]


async def test_forgotten_transactions_end_after_a_minute(engine: Engine) -> None:
    for role in ("owner", "app"):
        shown = await ask(engine.address(role), "SHOW idle_in_transaction_session_timeout")
        assert shown == [("1min",)]


# Who may come in


@pytest.mark.parametrize("role", ["admin", "owner", "app"])
@pytest.mark.parametrize("password", ["wrong", "", None])
async def test_a_wrong_or_missing_password_is_refused(
    engine: Engine, role: connection.Role, password: str | None
) -> None:
    args = engine.address(role).connect_args() | {"password": password}
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
        await asyncpg.connect(**args)


async def test_nothing_listens_on_a_network(engine: Engine) -> None:
    assert engine.pid
    listening = [one for member in family(engine.pid) for one in member.net_connections("inet")]
    assert listening == []


def test_socket_and_connection_file_are_closed_to_others(engine: Engine) -> None:
    folder = engine.connection.socket
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    file = Places(engine.connection.data).connection
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.stat().st_uid == os.geteuid()


async def test_passwords_are_in_no_other_file_and_in_no_log(engine: Engine) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await ask(engine.address("admin"), "ALTER ROLE nobody_here PASSWORD 'canary-in-a-statement'")
    with pytest.raises(asyncpg.PostgresError):
        await ask(
            engine.address("admin"), "SELECT 1 / length(replace($1::text, $1, ''))", "canary-as-a-parameter"
        )
    data = engine.connection.data
    secrets = [word.encode() for word in engine.connection.passwords.values()]
    secrets += [b"canary-in-a-statement", b"canary-as-a-parameter"]
    for file in data.rglob("*"):
        if file.is_file() and file.name != "engine.json":
            content = file.read_bytes()
            assert not [secret for secret in secrets if secret in content], file
    assert not any(password in repr(engine.connection) for password in engine.connection.passwords.values())


# That what is accepted is kept


async def test_the_running_server_is_durable(engine: Engine) -> None:
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert await ask(engine.address("admin"), f"SHOW {name}") == [("on",)]


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_a_server_told_to_forget_is_refused_and_stopped(
    begun: Callable[..., Engine], tmp_path: Path, name: str
) -> None:
    engine = begun()
    await ask(engine.address("admin"), f"ALTER SYSTEM SET {name} = off")
    engine.stop()
    with pytest.raises(EngineFailed, match=rf"{name} is off .*postgresql.auto.conf") as failure:
        begun()
    assert "remove that setting" in str(failure.value)
    assert not attach(tmp_path / "data").accepts()


async def test_a_role_told_to_forget_is_refused(begun: Callable[..., Engine]) -> None:
    engine = begun()
    await ask(engine.address("admin"), "ALTER ROLE clarion_app SET synchronous_commit = off")
    engine.stop()
    with pytest.raises(EngineFailed, match=r"synchronous_commit is off .*ALTER ROLE"):
        begun()


async def test_our_settings_are_written_anew_at_every_start(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    begun().stop()
    conf = Places(tmp_path / "data").pgdata / "clarion.conf"
    conf.write_text("fsync = off\nlisten_addresses = '*'\n")
    again = begun()
    assert await ask(again.address("admin"), "SHOW fsync") == [("on",)]
    assert await ask(again.address("admin"), "SHOW listen_addresses") == [("",)]


# Death and return


async def test_what_was_committed_is_there_after_the_postmaster_was_killed(
    begun: Callable[..., Engine],
) -> None:
    engine = begun()
    await ask(engine.address("owner"), "CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    assert engine.poll() is None
    assert engine.pid
    os.kill(engine.pid, signal.SIGKILL)
    assert until(lambda: engine.poll() is not None)
    assert engine.poll() == -signal.SIGKILL
    engine.restart()
    assert engine.poll() is None
    assert await ask(engine.address("owner"), "SELECT count(*) FROM kept") == [(1000,)]


async def test_a_restart_waits_for_a_killed_servers_last_child(begun: Callable[..., Engine]) -> None:
    """A stopped backend cannot see that its postmaster is gone, and holds its memory; so has a slow one."""
    engine = begun()
    client = await asyncpg.connect(**engine.address("owner").connect_args())
    backend = client.get_server_pid()
    os.kill(backend, signal.SIGSTOP)
    assert engine.pid
    os.kill(engine.pid, signal.SIGKILL)
    assert until(lambda: engine.poll() is not None)
    timer = threading.Timer(1.5, os.kill, (backend, signal.SIGCONT))
    timer.start()
    began = time.monotonic()
    engine.restart()
    assert time.monotonic() - began > 1.4
    assert await ask(engine.address("owner"), "SELECT 1") == [(1,)]
    client.terminate()


async def test_a_killed_backend_brings_the_server_back_by_itself(begun: Callable[..., Engine]) -> None:
    engine = begun()
    client = await asyncpg.connect(**engine.address("owner").connect_args())
    before = await ask(
        engine.address("admin"), "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
    )
    os.kill(client.get_server_pid(), signal.SIGKILL)
    client.terminate()
    assert until(lambda: not psutil.pid_exists(before[0][0]))
    assert until(engine.connection.accepts)
    assert engine.poll() is None
    assert await ask(engine.address("owner"), "SELECT 1") == [(1,)]


def test_nothing_is_left_when_the_parent_is_killed(begun: Callable[..., Engine], tmp_path: Path) -> None:
    parent, said = script("engine.start(); say(engine.pid); time.sleep(600)", tmp_path / "data")
    members = family(int(said()))
    assert len(members) > 3
    parent.kill()
    parent.wait()
    assert until(lambda: not any(lives(member) for member in members))
    begun()


def test_nothing_is_left_when_the_parent_is_killed_while_starting(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    begun().stop()
    for delay_s in (0.0, 0.02, 0.04, 0.06, 0.08):
        parent, said = script("say('now'); engine.start(); time.sleep(600)", tmp_path / "data")
        said()
        time.sleep(delay_s)
        parent.kill()
        parent.wait()
        assert until(lambda: not [one for one in psutil.process_iter() if _works_in(one, tmp_path)])
    begun()


def test_a_terminals_interrupt_does_not_reach_the_server(begun: Callable[..., Engine]) -> None:
    engine = begun()
    assert engine.pid
    assert os.getsid(engine.pid) != os.getsid(0)
    assert (
        Path(f"/proc/{engine.pid}/fd/0").readlink() == Path("/dev/null") if Path("/proc").exists() else True
    )


def test_stop_and_poll_may_be_called_at_any_time(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "data")
    assert engine.poll() is None
    engine.stop()
    engine.start()
    engine.stop()
    engine.stop()
    assert not engine.connection.accepts()
    engine.start()
    engine.stop()


def test_the_watcher_of_other_systems_interrupts_the_server_when_its_parent_is_gone() -> None:
    server = subprocess.Popen(["sleep", "60"])
    watcher = process._watch(server.pid)
    assert watcher.stdin
    watcher.stdin.close()
    assert server.wait(SOON_S) == -signal.SIGINT
    watcher.wait(SOON_S)


def test_the_watcher_lets_a_server_be_that_was_stopped_in_order() -> None:
    server = subprocess.Popen(["sleep", "60"])
    process._watch(server.pid).communicate(b"q", timeout=SOON_S)
    assert server.poll() is None
    server.kill()
    server.wait()


async def test_the_log_file_stays_short_and_goes_on(begun: Callable[..., Engine], tmp_path: Path) -> None:
    engine = begun()
    log = tmp_path / "data/log/postgresql.log"
    with log.open("ab") as file:
        file.truncate(9 << 20)
    engine.poll()
    with pytest.raises(asyncpg.PostgresError):
        await ask(engine.address("app"), "SELECT 1 FROM nothing_of_the_kind")
    assert b"nothing_of_the_kind" in log.read_bytes()
    assert log.stat().st_size < 1 << 20
    assert log.with_suffix(".log.1").stat().st_size == 9 << 20


# One owner


def test_a_second_start_is_refused_with_the_firsts_process_id(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = begun()
    second = Engine(tmp_path / "data")
    with pytest.raises(EngineBusy, match=f"process {os.getpid()}") as busy:
        second.start()
    assert (busy.value.pid, busy.value.kind) == (os.getpid(), "serve")
    assert engine.connection.accepts()


def test_a_command_uses_the_engine_of_a_running_serve(begun: Callable[..., Engine], tmp_path: Path) -> None:
    engine = begun()
    with borrowed(tmp_path / "data", command="event list") as lent:
        assert lent.address("app") == engine.address("app")
    assert engine.connection.accepts()


def test_a_command_without_a_serve_has_an_engine_of_its_own(tmp_path: Path) -> None:
    with borrowed(tmp_path / "data", command="event list") as lent:
        assert lent.accepts()
    assert not lent.accepts()


def test_a_command_waits_for_another_and_says_so(begun: Callable[..., Engine], tmp_path: Path) -> None:
    engine = begun(kind="event import")
    said: list[str] = []
    timer = threading.Timer(2.5, engine.stop)
    timer.start()
    with borrowed(tmp_path / "data", command="event list", log=said.append) as lent:
        assert lent.accepts()
    assert [line for line in said if f"`clarion event import` (process {os.getpid()})" in line]


def test_who_attaches_learns_whether_the_server_is_there(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    with pytest.raises(EngineFailed, match="run `clarion serve`"):
        attach(tmp_path / "data")
    engine = begun()
    assert attach(tmp_path / "data").accepts()
    assert engine.pid
    os.kill(engine.pid, signal.SIGKILL)
    assert until(lambda: engine.poll() is not None)
    assert not attach(tmp_path / "data").accepts()


# Folders


@pytest.mark.parametrize("name", ["x" * 150, """it's "a, b" \\c é 店"""], ids=["long", "odd characters"])
async def test_any_data_path_works(begun: Callable[..., Engine], tmp_path: Path, name: str) -> None:
    engine = begun(tmp_path / name)
    assert len(bytes(engine.connection.socket)) < 100
    assert await ask(engine.address("app"), "SELECT 1") == [(1,)]


async def test_a_link_to_the_data_folder_is_the_data_folder(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    begun(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(EngineBusy):
        begun(tmp_path / "link")


def test_a_lost_connection_file_is_made_anew(begun: Callable[..., Engine], tmp_path: Path) -> None:
    first = begun()
    old = first.address("owner")
    first.stop()
    (tmp_path / "data/engine.json").unlink()
    again = begun()
    assert again.address("owner").password != old.password
    assert again.connection.accepts()


def test_a_lost_database_is_not_replaced_by_an_empty_one(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    begun().stop()
    Places(tmp_path / "data").pgdata.rename(tmp_path / "elsewhere")
    with pytest.raises(EngineFailed, match="is gone: mount it or restore a backup"):
        begun()


def test_a_half_made_database_is_made_anew(begun: Callable[..., Engine], tmp_path: Path) -> None:
    places = Places(tmp_path / "data")
    begun().stop()
    places.pgdata.rename(places.unfinished)
    places.connection.unlink()
    (places.unfinished / "PG_VERSION").unlink()
    begun()


def test_a_database_of_another_major_version_is_refused(begun: Callable[..., Engine], tmp_path: Path) -> None:
    begun().stop()
    (Places(tmp_path / "data").pgdata / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineFailed, match=r"written by PostgreSQL 17 .* brings PostgreSQL 18"):
        begun()


def test_a_setting_that_postgresql_refuses_is_named(begun: Callable[..., Engine], tmp_path: Path) -> None:
    begun().stop()
    with (Places(tmp_path / "data").pgdata / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = 'plenty'\n")
    with pytest.raises(EngineFailed, match=r"(?s)remove what was added to .*postgresql.conf.*plenty"):
        begun()


def test_a_data_path_that_is_a_file_is_refused(begun: Callable[..., Engine], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(EngineFailed, match="is not a folder"):
        begun()


def test_a_strangers_socket_folder_is_not_used(begun: Callable[..., Engine], tmp_path: Path) -> None:
    data = tmp_path / ("x" * 100)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    squatted = socket_folders(Places(data), uid=os.geteuid(), runtime=runtime)[0]
    squatted.mkdir(mode=0o755)
    squatted.chmod(0o755)
    try:
        with pytest.raises(EngineFailed, match=f"{squatted} must be a folder of mode 0700"):
            begun(data)
    finally:
        squatted.rmdir()


def test_a_connection_shows_no_password(engine: Engine) -> None:
    shown = Connection(data=Path("/d"), socket=Path("/s"), passwords=engine.connection.passwords)
    assert "***" in repr(shown)


def _works_in(member: psutil.Process, folder: Path) -> bool:
    try:
        return Path(member.cwd()).is_relative_to(folder)
    except (psutil.Error, OSError):
        return False
