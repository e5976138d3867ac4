"""What `clarion doctor` finds, on this machine and with real databases."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from clarion.db.engine import Engine
from clarion.db.engine.connection import Role
from clarion.doctor import Finding, Subject, examine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    started = Engine(tmp_path_factory.mktemp("doctor") / "data", log=lambda sentence: None)
    started.start()
    yield started
    started.stop()


async def found(
    data: Path, name: str, *, port: int = 0, database_url: str | None = None, served_at: str | None = None
) -> list[Finding]:
    """The findings of that name."""
    subject = Subject(
        data=data, master_key_file=data / "master.key", host="127.0.0.1", port=port, database_url=database_url,
        served_at=served_at,
    )  # fmt: skip
    return [finding for finding in await examine(subject) if finding.name == name]


async def test_a_sound_machine_has_no_failure_and_nothing_is_changed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    subject = Subject(data=data, master_key_file=data / "master.key", host="127.0.0.1", port=0)
    findings = await examine(subject)
    assert [finding for finding in findings if finding.state == "fail"] == []
    assert {"python", "data folder", "disk space", "engine programs", "port"} <= {
        one.name for one in findings
    }
    assert not data.exists()


async def test_whatever_is_not_well_comes_with_advice(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    findings = await examine(
        Subject(data=tmp_path / "data", master_key_file=tmp_path / "data/k", host="300.0.0.1", port=1)
    )
    assert [one for one in findings if one.state != "ok" and not one.advice] == []
    assert "fail" in {one.state for one in findings}


async def test_a_running_engine_is_named_with_its_owner(engine: Engine) -> None:
    (one,) = await found(engine.connection.data, "engine")
    assert (one.state, f"`clarion serve` (process {os.getpid()})" in one.detail) == ("ok", True)


async def test_a_database_without_its_master_key_fails(engine: Engine) -> None:
    (one,) = await found(engine.connection.data, "master key")
    assert (one.state, "is missing" in one.detail) == ("fail", True)


async def test_a_master_key_that_others_may_read_fails(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("k")
    (tmp_path / "master.key").chmod(0o644)
    (one,) = await found(tmp_path, "master key")
    assert (one.state, one.advice) == ("fail", f"run chmod 600 {tmp_path}/master.key")


@pytest.fixture
def open_to_all(tmp_path: Path) -> Path:
    tmp_path.chmod(0o777)
    return tmp_path


async def test_a_data_folder_that_others_may_write_in_is_a_risk(open_to_all: Path) -> None:
    (one,) = await found(open_to_all, "data folder")
    assert one.state == "warn"


async def test_the_logs_last_grave_errors_are_shown(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/postgresql.log").write_text("LOG:  starting\nFATAL:  out of everything\nLOG:  ended\n")
    (one,) = await found(tmp_path, "engine log")
    assert (one.state, one.detail) == ("warn", "FATAL:  out of everything")


async def test_a_repeat_that_a_key_told_is_no_error(tmp_path: Path) -> None:
    """Accepting asks by inserting; the control is another constraint."""
    (tmp_path / "log").mkdir()
    log = tmp_path / "log/postgresql.log"
    error = 'ERROR:  duplicate key value violates unique constraint "{}"\n'
    log.write_text(error.format("event_key_pkey"))
    assert (await found(tmp_path, "engine log"))[0].detail == "no errors"
    log.write_text(error.format("metric_name_key") + error.format("event_key_pkey"))
    assert "metric_name_key" in (await found(tmp_path, "engine log"))[0].detail


async def test_a_strangers_port_is_named_with_its_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (one,) = await found(tmp_path, "port", port=listener.getsockname()[1])
    assert one.state == "fail"
    assert f"(process {os.getpid()})" in one.detail


async def test_our_own_port_is_well(engine: Engine) -> None:
    """The owner of the data folder is the one who listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (one,) = await found(engine.connection.data, "port", port=listener.getsockname()[1])
    assert (one.state, "served by Clarion" in one.detail) == ("ok", True)


async def test_a_folder_that_is_served_elsewhere_does_not_want_the_port_of_the_settings(
    tmp_path: Path,
) -> None:
    """The control is the same stranger on it, with nobody serving the folder."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert (await found(tmp_path, "port", port=port))[0].state == "fail"
        (one,) = await found(tmp_path, "port", port=port, served_at="http://127.0.0.1:9")
    assert (one.state, one.detail) == ("ok", f"Clarion serves {tmp_path} at http://127.0.0.1:9")


async def test_a_port_is_free_again_once_its_listener_is_gone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (one,) = await found(tmp_path, "port", port=port)
    assert one.state == "ok"


def _url(engine: Engine, role: Role, password: str | None = None) -> str:
    address = engine.address(role)
    return (
        f"postgresql://{address.user}:{password or address.password}@/{address.database}"
        f"?host={quote(address.host)}&port={address.port}"
    )


async def test_a_database_that_refuses_us_fails(engine: Engine, tmp_path: Path) -> None:
    (one,) = await found(tmp_path, "database", database_url=_url(engine, "owner", "wrong"))
    assert (one.state, "password authentication failed" in one.detail) == ("fail", True)


async def test_a_sign_in_that_may_not_take_on_the_roles_gets_the_sql_for_an_administrator(
    engine: Engine, tmp_path: Path
) -> None:
    (one,) = await found(tmp_path, "database roles", database_url=_url(engine, "owner"))
    assert (one.state, "clarion_app" in one.detail) == ("fail", True)
    assert 'GRANT clarion_owner, clarion_app TO "clarion_owner";' in one.advice


async def test_a_database_that_has_all_is_well(engine: Engine, tmp_path: Path) -> None:
    url = _url(engine, "admin")
    for name in ("database", "database roles"):
        (one,) = await found(tmp_path, name, database_url=url)
        assert one.state == "ok"
    assert await found(tmp_path, "database durability", database_url=url) == []
    assert await found(tmp_path, "engine", database_url=url) == []
