"""What this machine gives us: memory, processors, disk, /dev/shm; a container's limits count."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

from clarion.db.engine.layout import Machine

_NO_LIMIT_BYTES = 1 << 60  # cgroup v1 says "none" by a number near 2^63


def look(data: Path, *, root: Path = Path("/")) -> Machine:
    """Measure; `root` is where proc, sys and dev are looked for."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    memory = min([physical, *memory_limits(root)])
    return Machine(memory_bytes=memory, cpus=cpus(root), disk_bytes=disk(data)[0], shm_bytes=shm_bytes(root))


def cpus(root: Path = Path("/")) -> int:
    """Processors that we may use."""
    all_of_them = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([all_of_them, *(max(1, math.ceil(limit)) for limit in cpu_limits(root))])


def disk(folder: Path) -> tuple[int, int]:
    """Bytes of its file system: all, and what we may still use."""
    stat = os.statvfs(folder)
    return stat.f_frsize * stat.f_blocks, stat.f_frsize * stat.f_bavail


def shm_bytes(root: Path = Path("/")) -> int:
    """Size of /dev/shm in bytes; 0 where it is missing or we may not write there."""
    folder = root / "dev/shm"
    if not os.access(folder, os.W_OK | os.X_OK):
        return 0
    return disk(folder)[0]


def memory_limits(root: Path) -> list[int]:
    """Bytes that the cgroups we are in allow, of version 1 and 2."""
    found = []
    for group in _groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _read(group / name)
            if text.isdigit() and int(text) < _NO_LIMIT_BYTES:
                found.append(int(text))
    return found


def cpu_limits(root: Path) -> list[float]:
    """Processors that the cgroups we are in allow, of version 1 and 2."""
    found = []
    for group in _groups(root, "cpu"):
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period):
            found.append(int(quota) / int(period))
    return found


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Our cgroup's folder for this controller and all above it: the tightest of them holds.

    In a container the path in /proc/self/cgroup is often the host's; the top folder is then ours.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / controllers
            top = top if top.is_dir() else root / "sys/fs/cgroup" / controller
        else:
            continue
        below = Path(path.lstrip("/"))
        yield from (top / folder for folder in (below, *below.parents))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
