"""A restore drill: a backup is taken under load, put back elsewhere, and everything acknowledged before is there."""

import contextlib
import os
import shutil
import threading

import httpx2
import msgspec
import pytest

from tests.e2e.conftest import Server, new_server  # noqa: F401  # a fixture


class Caller:
    """Sends events one after the other; `told` are those that were acknowledged."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/v1/events"
        self._key = server.create_credential()["api_key"]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.told: list[str] = []

    def send(self, number: int) -> None:
        who = f"p{number}"
        identify = {"email": f"{who}@example.com"}
        body = {"event": "drill", "identify": identify, "properties": {"who": who}}
        headers = {"Authorization": f"Bearer {self._key}"}
        assert httpx2.post(self._url, json=body, headers=headers).status_code == 200
        self.told.append(who)

    def _run(self) -> None:
        number = 1000
        while not self._stop.is_set():
            self.send(number := number + 1)

    @contextlib.contextmanager
    def load(self):
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()


@pytest.fixture
def drilled(new_server, tmp_path):  # noqa: F811
    """A server, the events told to it before its backup began, and that backup."""
    server = new_server("first")
    server.start()
    caller = Caller(server)
    for number in range(50):
        caller.send(number)
    with caller.load():
        before = list(caller.told)
        file = tmp_path / "drill.tar"
        made = server.cli("backup", "create", str(file))
    assert len(caller.told) > len(before), "there was no load"
    return server, before, file, made


def test_a_restored_backup_has_every_event_acknowledged_before_it_and_sends_nothing(drilled, new_server):  # noqa: F811
    server, before, file, _ = drilled
    assert file.stat().st_mode & 0o777 == 0o600
    assert (server.data / "master.key").read_bytes().strip() not in file.read_bytes()
    found = server.cli("backup", "verify", str(file))
    assert found["mismatches"] == 0 and found["workspaces"] == 1

    second = new_server("second")
    refused = second.run("backup", "restore", str(file), check=False)
    assert refused.returncode == 1 and "--master-key FILE" in refused.stderr
    key = str(server.data / "master.key")
    second.cli("backup", "restore", str(file), "--master-key", key)
    assert (
        "is not empty" in second.run("backup", "restore", str(file), "--master-key", key, check=False).stderr
    )

    early = second.run("acting", "resume", check=False)
    assert early.returncode == 1 and "start it first" in early.stderr
    second.start()
    second.settle()
    events = second.cli("event", "list", "--limit", "100000")
    assert set(before) <= {one["properties"]["who"] for one in events}
    assert second.run("ledger", "show", "--verify").returncode == 0
    assert second.cli("acting", "show")["paused"] is True
    assert any("acting is paused" in one for one in httpx2.get(f"{second.url}/readyz").json()["warnings"])
    assert acting(second) == "warn"
    second.cli("acting", "resume")
    assert acting(second) == "ok"
    second.stop()
    second.start()
    assert second.cli("acting", "show")["paused"] is False
    assert server.cli("acting", "show")["paused"] is False  # the first goes on as it was

    server.stop()
    copied = new_server("copied")
    shutil.copytree(server.data, copied.data, symlinks=True)
    _keep_owners(server.data, copied.data)
    copied.start()
    assert copied.cli("acting", "show")["paused"] is True


def acting(server):
    """What the doctor says of it."""
    findings = msgspec.json.decode(server.run("doctor", "--json", check=False).stdout)["findings"]
    (found,) = [one for one in findings if one["name"] == "acting"]
    return found["state"]


def _keep_owners(first, second):
    for path in [first, *first.rglob("*")]:
        found = path.lstat()
        os.chown(second / path.relative_to(first), found.st_uid, found.st_gid, follow_symlinks=False)


def test_a_damaged_backup_is_refused(drilled, new_server):  # noqa: F811
    server, _, file, _ = drilled
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    done = server.run("backup", "verify", str(file), check=False)
    assert done.returncode == 1 and "damaged" in done.stderr
