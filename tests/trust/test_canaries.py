"""Canaries: personal data and keys that go in through the door are found in no file and no log, in no encoding.

The control runs the same with a vault that seals nothing (unsealed.py): there every sealed canary must be found.
"""

import asyncio
import base64
import contextlib
import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import zstandard
from msgspec import Struct

from clarion import config
from clarion.db.engine import borrowed
from tests.e2e.conftest import Server
from tests.trust.canaries import CANARIES, ENCODINGS, NEVER, SEALED, Search
from tests.trust.planting import Keys, erase, make_keys, managing, plant, plant_behind_the_door
from torture import storage
from torture.served import Served

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("offset", range(3))
def test_the_search_finds_every_canary_in_every_encoding(name: str, offset: int) -> None:
    """The teeth of what must never be found."""
    write: dict[str, Callable[[bytes], bytes]] = {
        "raw": bytes,
        "hexadecimal": lambda text: text.hex().encode(),
        "UTF-16": lambda text: text.decode().encode("utf-16-le"),
        "base64": base64.b64encode,
    }
    secrets = {"a key": "sk_live_0123456789abcdefghijklmnopqrstuvwxyz"}
    for canary, text in (CANARIES | secrets).items():
        planted = write[name](b"x" * offset + text.encode() + b" and more")
        for dressed in (planted, gzip.compress(planted), zstandard.compress(b"." * 99 + planted)):
            noise = bytes(range(256)) * 3
            assert (canary, name) in Search(secrets).whole(noise + dressed + noise), (canary, planted)


def test_the_search_finds_nothing_where_nothing_is() -> None:
    assert (
        Search({"a key": "sk_live_0123456789"}).whole(bytes(range(256)) * 99 + b"zqxkanar sk_live_012345678")
        == set()
    )


async def checkpoint(data: Path) -> None:
    """What is in memory goes to the files, of every table."""
    settings = config.load({"data": data}).settings
    with borrowed(settings.data, command="canaries", user=settings.engine_user) as connection:
        owner = await asyncpg.connect(**connection.addresses().owner.connect_args())
        try:
            with contextlib.suppress(asyncpg.InsufficientPrivilegeError):  # stopping does it in any case
                await owner.execute("CHECKPOINT")
        finally:
            await owner.close()


class Nest(Struct):
    """A server that has processed every canary and was stopped; where it wrote what."""

    files: dict[Path, bytes]
    secrets: dict[str, str]

    def found(self) -> dict[str, set[str]]:
        """By canary: where and how it was written."""
        search = Search(self.secrets)
        found: dict[str, set[str]] = {}
        for path, data in self.files.items():
            for canary, name in search.whole(data):
                found.setdefault(canary, set()).add(f"{path.name} ({name})")
        return found


def stored(served: Served, keys: Keys) -> list[str]:
    """Names of what is on the timeline, reasons of what is in quarantine. What is shown is read on the way."""
    with managing(served, keys) as manage:
        events = manage.get("/events").json()["events"]
        quarantined = manage.get("/quarantine").json()["quarantined"]
        for one in events:
            assert manage.get(f"/profiles/{one['profile_id']}/history").status_code == 200
        for one in quarantined:
            assert manage.get(f"/quarantine/{one['id']}").status_code == 200
        for one in manage.get("/credentials").json():
            assert manage.get(f"/credentials/{one['id']}/rejected").status_code == 200
    return sorted(one["name"] for one in events) + [one["reason"] for one in quarantined]


#: Tables that are empty both before and after the erasure; no canary could go in. A job is deleted once it is done.
EMPTY = {"member", "membership", "acting_change", "job"}


async def empty_tables(data: Path) -> set[str]:
    """Tables without a row. A new table is planted, or says above why not."""
    async with storage.opened(data) as place, place.database.owner_connection() as tx:
        names = await tx.fetch(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT relispartition"
        )
        return {name for (name,) in names if not await tx.fetchval(f'SELECT EXISTS (SELECT FROM "{name}")')}


def process_list(served: Served) -> bytes:
    """What anybody on the machine sees of the processes."""
    shown = [served.pid, *(process.pid for process in served.processes())]
    return b"\n".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in shown)


def unpacked(backup: Path) -> bytes:
    """A backup's files as PostgreSQL has them."""
    with tarfile.open(backup) as tar:
        inner = tar.extractfile("base.tar.gz")
        assert inner is not None
        return gzip.decompress(inner.read())


def nest(folder: Path, app: str) -> Nest:
    served = Served(folder / "data", app=app, flags=("--log-level", "debug"))
    served.start()
    try:
        keys = make_keys(served)
        plant(served, keys)
        asyncio.run(plant_behind_the_door(served.data))
        served.until_drained(30)
        reasons = ["refused_by_database"] * 2
        names = ["bird.bought", "bird.fed", "bird.left", *["bird.rang"] * 2, "bird.ringed"]
        names += ["bird.seen"] * 4 + ["bird.tapped"]
        names += ["orderDELIVERED"] * 2
        assert stored(served, keys) == [*names, *reasons]
        empty = asyncio.run(empty_tables(served.data))
        processes = process_list(served)
        Server(served.data).run("backup", "create", str(folder / "canaries.tar"))
        with managing(served, keys) as manage:
            erase(manage, SEALED["an erased person's email"])
        assert empty & asyncio.run(empty_tables(served.data)) <= EMPTY
        asyncio.run(checkpoint(served.data))
    finally:
        assert served.stop() == 0, served.log
    files = {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    }
    assert any("pg_wal" in path.parts for path in files)
    assert any(path.name == "postgresql.log" for path in files)
    assert served.log_file in files
    files |= {
        folder / "the backup, unpacked": unpacked(folder / "canaries.tar"),
        folder / "the process list": processes,
    }
    return Nest(files, keys.as_canaries())


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Nest:
    return nest(tmp_path_factory.mktemp("canaries"), "clarion.app")


def test_no_canary_is_found_in_any_file_or_log(sealed: Nest) -> None:
    assert len(CANARIES) >= 40
    assert sum(map(len, sealed.files.values())) > 20_000_000, "a cluster and its log of writes"
    assert sealed.found() == {}


def test_with_nothing_sealed_every_stored_canary_would_be_found(tmp_path: Path) -> None:
    """The control: the same canaries, the same search, a vault that seals nothing."""
    found = nest(tmp_path, "tests.trust.unsealed").found()
    assert [canary for canary in SEALED if canary not in found] == []
    assert any("the backup" in where for where in found["identify.email"])
    assert "the shop's key" in found
    assert [canary for canary in NEVER if canary in found] == []
    assert "the management token" not in found, "the command line sealed it"
