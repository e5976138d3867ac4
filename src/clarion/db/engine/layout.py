"""Where the engine's parts lie and with which settings it runs. Pure: what the machine has comes as a
parameter.
"""

import hashlib
from pathlib import Path

from msgspec import Struct

PORT = 5432  # only the socket's file name: .s.PGSQL.5432
SOCKET_PATH_BYTES_MAX = 100  # sun_path has 108 bytes on Linux, 104 on macOS
CONF = "clarion.conf"

MB = 1 << 20
GB = 1 << 30


class Places(Struct, frozen=True):
    """Names inside Clarion's data folder (`data`, absolute). `engine` alone belongs to PostgreSQL's user."""

    data: Path

    @property
    def lock(self) -> Path:
        return self.data / "engine.lock"

    @property
    def connection(self) -> Path:
        return self.data / "engine.json"

    @property
    def log(self) -> Path:
        return self.data / "log" / "postgresql.log"

    @property
    def engine(self) -> Path:
        return self.data / "engine"

    @property
    def pgdata(self) -> Path:
        return self.engine / "pgdata"

    @property
    def unfinished(self) -> Path:
        """What initdb fills; becomes `pgdata` when complete."""
        return self.engine / "pgdata.new"

    @property
    def socket(self) -> Path:
        return self.engine / "socket"

    @property
    def copies(self) -> Path:
        """Of PostgreSQL's programs; not in `engine`, for who runs them must not be able to change them."""
        return self.data / "bin-copy"


class Machine(Struct, frozen=True, kw_only=True):
    """What PostgreSQL may use: bytes of memory (the smallest limit), of the data's disk, of /dev/shm;
    processors.
    """

    memory_bytes: int
    cpus: int
    disk_bytes: int
    shm_bytes: int


def socket_folders(places: Places, *, uid: int, runtime: str | None) -> list[Path]:
    """Folders for the socket, best first; `uid` is who runs Clarion, `runtime` is XDG_RUNTIME_DIR.

    Root's never lies in the data folder: PostgreSQL's user may not be able to walk there.
    """
    name = "clarion-" + hashlib.sha256(b"%d:%b" % (uid, bytes(places.data))).hexdigest()[:12]
    if uid == 0:
        folders = [Path("/run") / name, Path("/tmp") / name]  # noqa: S108  # verified by account.own_folder
    else:
        folders = [places.socket]
        folders += [Path(runtime) / name] if runtime else []
        folders += [Path("/tmp") / name]  # noqa: S108  # verified by account.own_folder
    return [folder for folder in folders if _fits(folder)]


def _fits(folder: Path) -> bool:
    """Short enough; and PostgreSQL's clients take a comma for the end of a host."""
    return b"," not in bytes(folder) and len(bytes(folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES_MAX


def settings(machine: Machine) -> dict[str, str]:
    """PostgreSQL's settings on such a machine. Durability first; memory for a neighbour, not for a lone
    server.
    """
    memory, cpus = machine.memory_bytes, machine.cpus
    return {
        # Durability: the three that Engine.start checks, and pages that can tell damage.
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        # Size.
        "max_connections": "100",
        "shared_buffers": _mb(memory // 8, 64 * MB, 2 * GB),
        "effective_cache_size": _mb(memory // 2, 128 * MB, 64 * GB),
        "work_mem": _mb(memory // 512, 4 * MB, 32 * MB),
        "maintenance_work_mem": _mb(memory // 32, 32 * MB, 512 * MB),
        "max_parallel_workers": str(cpus),
        "max_parallel_workers_per_gather": str(min(2, cpus // 2)),
        "max_wal_size": _mb(machine.disk_bytes // 20, 256 * MB, 4 * GB),
        "wal_compression": "off",  # pglz costs a fifth of processing (engine.md)
        "io_method": "sync",  # saves three processes
        "max_logical_replication_workers": "0",  # saves one
        "jit": "off",
        "huge_pages": "try",
        # Docker gives 64 MB by default, which a parallel query can exhaust.
        "dynamic_shared_memory_type": "posix" if machine.shm_bytes > 64 * MB else "mmap",
        # Nothing a person wrote reaches the log: no statements, no parameters, no DETAIL lines.
        "logging_collector": "off",  # to our file, which process.Log bounds
        "log_destination": "stderr",
        "log_line_prefix": "%m [%p] %q%u ",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_autovacuum_min_duration": "-1",
        "log_checkpoints": "off",
        "password_encryption": "scram-sha-256",
        # The same everywhere.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "cluster_name": "clarion",
    }


def _mb(wanted: int, least: int, most: int) -> str:
    return f"{max(least, min(most, wanted)) // MB}MB"


def conf_text(machine: Machine, socket: Path) -> str:
    """clarion.conf, included by postgresql.conf."""
    listen = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(socket).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
    }
    lines = [f"{name} = {_quoted(value)}" for name, value in (settings(machine) | listen).items()]
    return "\n".join(["# Written by Clarion at every start; add your own to postgresql.conf.", *lines, ""])


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


HBA_TEXT = """\
# Written by Clarion at every start: the Unix socket alone, and a password always.
local all         all           scram-sha-256
local replication clarion_admin scram-sha-256
"""


class Postmaster(Struct, frozen=True):
    """What postmaster.pid says: process id, state (starting, ready, stopping); and when it was written.

    A container begun anew gives the same process ids again: only the time tells a killed server's file.
    """

    pid: int
    state: str
    written_ns: int


def postmaster(text: str, written_ns: int) -> Postmaster | None:
    """Read postmaster.pid; None while it is still being written."""
    lines = text.splitlines()
    if not lines or not lines[0].strip().isdigit():
        return None
    return Postmaster(int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting", written_ns)
