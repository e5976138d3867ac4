"""The engine's decisions that need no PostgreSQL."""

import base64
import errno
import os
from pathlib import Path

import pytest

from clarion.db.engine import failures, machine
from clarion.db.engine.connection import scram_sha_256
from clarion.db.engine.layout import (
    GB,
    HBA_TEXT,
    MB,
    SOCKET_PATH_BYTES_MAX,
    Machine,
    Places,
    Postmaster,
    conf_text,
    postmaster,
    settings,
    socket_folders,
)


def _machine(memory: int = 4 * GB, cpus: int = 2, disk: int = 100 * GB, shm: int = GB) -> Machine:
    return Machine(memory_bytes=memory, cpus=cpus, disk_bytes=disk, shm_bytes=shm)


@pytest.mark.parametrize(
    ("memory", "shared_buffers", "work_mem", "maintenance_work_mem"),
    [
        (256 * MB, "64MB", "4MB", "32MB"),
        (768 * MB, "96MB", "4MB", "32MB"),
        (1 * GB, "128MB", "4MB", "32MB"),
        (4 * GB, "512MB", "8MB", "128MB"),
        (16 * GB, "2048MB", "32MB", "512MB"),
        (512 * GB, "2048MB", "32MB", "512MB"),
    ],
)
def test_memory_settings_follow_the_memory_between_bounds(
    memory: int, shared_buffers: str, work_mem: str, maintenance_work_mem: str
) -> None:
    made = settings(_machine(memory=memory))
    assert (made["shared_buffers"], made["work_mem"], made["maintenance_work_mem"]) == (
        shared_buffers,
        work_mem,
        maintenance_work_mem,
    )


@pytest.mark.parametrize(
    ("disk", "max_wal_size"),
    [(2 * GB, "256MB"), (20 * GB, "1024MB"), (80 * GB, "4096MB"), (2000 * GB, "4096MB")],
)
def test_the_log_of_changes_takes_a_twentieth_of_a_small_disk(disk: int, max_wal_size: str) -> None:
    assert settings(_machine(disk=disk))["max_wal_size"] == max_wal_size


@pytest.mark.parametrize(("cpus", "workers", "gather"), [(1, "1", "0"), (2, "2", "1"), (32, "32", "2")])
def test_parallel_workers_follow_the_processors(cpus: int, workers: str, gather: str) -> None:
    made = settings(_machine(cpus=cpus))
    assert (made["max_parallel_workers"], made["max_parallel_workers_per_gather"]) == (workers, gather)


@pytest.mark.parametrize(
    ("shm", "kind"), [(0, "mmap"), (16 * MB, "mmap"), (64 * MB, "mmap"), (65 * MB, "posix"), (GB, "posix")]
)
def test_a_tiny_dev_shm_is_not_used(shm: int, kind: str) -> None:
    assert settings(_machine(shm=shm))["dynamic_shared_memory_type"] == kind


def test_nothing_a_person_wrote_is_logged() -> None:
    made = settings(_machine())
    assert made["log_statement"] == "none"
    assert made["log_min_error_statement"] == "panic"
    assert made["log_error_verbosity"] == "terse"
    assert made["log_parameter_max_length"] == made["log_parameter_max_length_on_error"] == "0"


def test_durability_is_on_and_no_network_is_listened_on() -> None:
    lines = conf_text(_machine(), Path("/run/x")).splitlines()
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} = 'on'" in lines
    assert "listen_addresses = ''" in lines


def test_a_socket_folder_with_quotes_and_commas_is_one_folder() -> None:
    text = conf_text(_machine(), Path('/a, b\'s "c"\\d'))
    assert 'unix_socket_directories = \'"/a, b\'\'s ""c""\\\\d"\'' in text


def test_everybody_needs_a_password_and_comes_by_the_socket() -> None:
    rules = [line.split() for line in HBA_TEXT.splitlines() if not line.startswith("#")]
    assert {(rule[0], rule[-1]) for rule in rules} == {("local", "scram-sha-256")}


def test_the_socket_lies_in_a_users_data_folder_when_its_path_is_short() -> None:
    places = Places(Path("/home/ann/clarion"))
    assert socket_folders(places, uid=1000, runtime="/run/user/1000")[0] == places.socket


def test_a_long_data_path_gets_a_runtime_folder() -> None:
    places = Places(Path("/home/ann") / ("x" * 90))
    folders = socket_folders(places, uid=1000, runtime="/run/user/1000")
    assert folders[0].parent == Path("/run/user/1000")
    assert folders[-1].parent == Path("/tmp")
    assert all(len(bytes(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES_MAX for folder in folders)


def test_a_data_path_with_a_comma_gets_a_runtime_folder() -> None:
    folders = socket_folders(Places(Path("/srv/a,b")), uid=1000, runtime=None)
    assert [folder.parent for folder in folders] == [Path("/tmp")]


def test_a_long_runtime_folder_is_passed_over() -> None:
    places = Places(Path("/home/ann") / ("x" * 90))
    folders = socket_folders(places, uid=1000, runtime="/run/" + "y" * 90)
    assert [folder.parent for folder in folders] == [Path("/tmp")]


def test_roots_socket_is_never_in_the_data_folder() -> None:
    folders = socket_folders(Places(Path("/var/lib/clarion")), uid=0, runtime=None)
    assert [folder.parent for folder in folders] == [Path("/run"), Path("/tmp")]


def test_two_users_and_two_data_folders_never_share_a_socket_folder() -> None:
    long = "x" * 90
    names = {
        socket_folders(Places(Path("/srv") / (long + end)), uid=uid, runtime=None)[-1]
        for uid in (0, 1000, 1001)
        for end in ("a", "b")
    }
    assert len(names) == 6


def test_bytes_that_are_no_utf_8_in_a_path_are_counted_as_they_are() -> None:
    places = Places(Path(os.fsdecode(b"/srv/\xff" + b"x" * 90)))
    assert socket_folders(places, uid=1000, runtime=None)[0].parent == Path("/tmp")


_PID_FILE = "812\n/srv/pgdata\n1795254652\n5432\n/run/x\n\n  2148615         4\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (_PID_FILE + "ready   \n", Postmaster(812, "ready", 7)),
        (_PID_FILE + "stopping\n", Postmaster(812, "stopping", 7)),
        (_PID_FILE, Postmaster(812, "starting", 7)),
        ("812\n/srv/pg", Postmaster(812, "starting", 7)),
        ("", None),
    ],
)
def test_postmaster_pid_is_read_while_it_is_being_written(text: str, found: Postmaster | None) -> None:
    assert postmaster(text, 7) == found


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        ({}, []),
        ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": "max"}, []),
        (
            {
                "proc/self/cgroup": "0::/a/b",
                "sys/fs/cgroup/a/b/memory.max": "max",
                "sys/fs/cgroup/a/memory.max": "805306368",
            },
            [805306368],
        ),
        ({"proc/self/cgroup": "0::/host/path", "sys/fs/cgroup/memory.max": "536870912"}, [536870912]),
        (
            {
                "proc/self/cgroup": "5:cpu:/\n4:memory:/a\n0::/",
                "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "268435456",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            },
            [268435456],
        ),
    ],
    ids=["no cgroups", "no limit", "limit above", "container", "version 1"],
)
def test_a_containers_memory_limit_counts(tmp_path: Path, files: dict[str, str], limits: list[int]) -> None:
    assert machine.memory_limits(_tree(tmp_path, files)) == limits


@pytest.mark.parametrize(
    ("files", "limits"),
    [
        ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "max 100000"}, []),
        ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "150000 100000"}, [1.5]),
        (
            {
                "proc/self/cgroup": "3:cpu,cpuacct:/",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
            [0.5],
        ),
        (
            {
                "proc/self/cgroup": "3:cpu:/",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            [],
        ),
    ],
    ids=["no limit", "version 2", "version 1", "version 1 without limit"],
)
def test_a_containers_processor_limit_counts(
    tmp_path: Path, files: dict[str, str], limits: list[float]
) -> None:
    assert machine.cpu_limits(_tree(tmp_path, files)) == limits


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    found = machine.look(tmp_path)
    assert found.memory_bytes > 64 * MB
    assert found.cpus >= 1
    assert found.disk_bytes > 0


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ('FATAL:  could not write lock file "postmaster.pid": No space left on device', "is full"),
        ('FATAL:  could not open file "x": Read-only file system', "mount it for writing"),
        ('FATAL:  data directory "/x" has wrong ownership', "chown"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "memory"),
        ('FATAL:  configuration file "/x/postgresql.conf" contains errors', "postgresql.auto.conf"),
        ('FATAL:  lock file "postmaster.pid" already exists', "kill -INT"),
        ("PANIC:  could not locate a valid checkpoint record at 0/1", "restore a backup"),
        ("FATAL:  clarion could not start /x as user id 65534: [Errno 1] Operation not permitted", "SETUID"),
        ("FATAL:  something never seen", "something never seen"),
    ],
)
def test_what_postgresql_says_becomes_what_to_do(line: str, advice: str) -> None:
    said = ["2026-01-01 00:00:00 UTC [1] LOG:  starting", line, "LOG:  database system is shut down"]
    failure = failures.of_log(said, Path("/data"), Path("/data/log/postgresql.log"))
    assert advice in str(failure)
    assert line in str(failure)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EROFS, "mount it for writing"),
        (errno.EACCES, "chown"),
        (errno.ENOTDIR, "not a folder"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_refused_system_call_becomes_what_to_do(number: int, advice: str) -> None:
    failure = failures.of_os_error(OSError(number, os.strerror(number), "/data/engine"), Path("/data"))
    assert advice in str(failure)
    assert "/data" in str(failure)


def test_a_verifier_is_the_one_of_the_standards_example() -> None:
    """RFC 7677, section 3: password `pencil`, and what PostgreSQL stores for it."""
    assert scram_sha_256("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")) == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
