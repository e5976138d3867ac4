"""What root meets with the embedded PostgreSQL, and root and a normal user (`nobody`) beside each other.

Not collected for anybody else: there is nothing to install that would make them run.
"""

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from clarion.db.engine import Engine
from clarion.errors import EngineFailed
from tests.db.engine_support import SOON_S, ask, family, install, lives, script, until

__test__ = os.geteuid() == 0


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


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter and write in (pytest's own are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="clarion-test-", dir="/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


async def test_roots_engine_is_an_unprivileged_users(begun: Callable[..., Engine], tmp_path: Path) -> None:
    engine = begun()
    assert engine.pid
    uids = {uid for member in family(engine.pid) for uid in member.uids()}
    assert 0 not in uids
    assert len(uids) == 1
    owner = uids.pop()
    data = tmp_path / "data"
    theirs = {path.name for path in data.iterdir() if path.stat().st_uid == owner}
    assert theirs == {"engine"}


async def test_roots_engine_works_under_closed_folders_and_opens_none(
    begun: Callable[..., Engine], tmp_path: Path
) -> None:
    data = tmp_path / "closed" / "data"
    for folder in (data.parent, data):
        folder.mkdir(mode=0o700)
    engine = begun(data)
    await ask(engine.address("owner"), "CREATE TABLE t AS SELECT 1")
    assert (data / "engine/pgdata/PG_VERSION").exists()
    for folder in (data.parent, data):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("data_is_open", [True, False])
def test_roots_engine_is_copied_out_of_a_closed_installation(open_folder: Path, data_is_open: bool) -> None:
    site, data = open_folder / "site", open_folder / "data"
    install(site)
    site.chmod(0o700)
    if not data_is_open:
        data.mkdir(mode=0o700)
    parent, said = script("engine.start(); say(psutil.Process(engine.pid).exe())", data, site=site)
    program = Path(said())
    assert parent.wait(SOON_S) == 0
    assert program.is_relative_to(data / "bin-copy" if data_is_open else Path("/var/cache/clarion"))
    assert stat.S_IMODE(site.stat().st_mode) == 0o700


def test_roots_engine_user_can_be_chosen(begun: Callable[..., Engine]) -> None:
    engine = begun(user="nobody")
    assert engine.pid
    assert psutil.Process(engine.pid).username() == "nobody"


@pytest.mark.parametrize(
    ("user", "sentence"),
    [("root", "refuses to run as root"), ("no-such-user", "useradd --system no-such-user")],
)
def test_an_engine_user_that_cannot_be_is_refused(
    begun: Callable[..., Engine], user: str, sentence: str
) -> None:
    with pytest.raises(EngineFailed, match=sentence):
        begun(user=user)


def test_an_existing_database_keeps_its_user(begun: Callable[..., Engine]) -> None:
    begun(user="nobody").stop()
    engine = begun()
    assert engine.pid
    assert psutil.Process(engine.pid).username() == "nobody"
    engine.stop()
    with pytest.raises(EngineFailed, match="chown -R daemon:"):
        begun(user="daemon")


def test_a_normal_user_has_an_engine_beside_roots(begun: Callable[..., Engine], open_folder: Path) -> None:
    roots = begun()
    data = open_folder / "data"
    life = """
engine.start()
first = engine.pid
say(psutil.Process(first).username(), engine.connection.socket)
engine.restart()
assert engine.pid != first
assert engine.connection.accepts()
engine.stop()
try:
    Engine(Path(sys.argv[2])).start()
except Exception as failure:
    say(type(failure).__name__, failure)
"""
    parent, said = script(life, data, user="nobody", more=(str(roots.connection.data),))
    user, socket = said().split()
    assert (user, Path(socket).parent) == ("nobody", data / "engine")
    refusal = said()
    assert "EngineFailed" in refusal
    assert str(roots.connection.data) in refusal
    assert parent.wait(SOON_S) == 0
    assert roots.connection.accepts()


def test_a_normal_users_engine_dies_with_its_parent(open_folder: Path) -> None:
    parent, said = script(
        "engine.start(); say(engine.pid); time.sleep(600)", open_folder / "data", user="nobody"
    )
    members = family(int(said()))
    parent.kill()
    parent.wait()
    assert until(lambda: not any(lives(member) for member in members))


def test_root_takes_over_a_normal_users_folder_and_leaves_it_theirs(
    begun: Callable[..., Engine], open_folder: Path
) -> None:
    data = open_folder / "data"
    parent, said = script("engine.start(); say('up')", data, user="nobody")
    said()
    assert parent.wait(SOON_S) == 0
    begun(data).stop()
    nobody = pwd.getpwnam("nobody").pw_uid
    theirs = [path for path in data.rglob("*") if "bin-copy" not in path.parts]  # programs may be root's
    assert {path.stat().st_uid for path in theirs} == {nobody}
    parent, said = script("engine.start(); say('up again')", data, user="nobody")
    assert said() == "up again"
    assert parent.wait(SOON_S) == 0
