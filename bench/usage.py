"""CPU and memory of the processes that take part, and of strangers on the same machine."""

import sys
import time
from collections.abc import Mapping

import psutil
from msgspec import Struct

POSTGRES = "postgres"
_FAMILIES = frozenset({POSTGRES, "http"})  # names that stand for a process and its children


class Reading(Struct, frozen=True):
    """CPU seconds used so far, by name; `loops`: of each name's busiest thread; `machine`: of all processes."""

    at: float
    cpu_s: dict[str, float]
    loops_s: dict[str, float]
    machine_s: float


class Share(Struct, frozen=True, kw_only=True):
    """Cores used on average: 1.0 is one core all the time. `loops`: by each process's busiest thread."""

    cores: dict[str, float]
    loops: dict[str, float]
    strangers: float  # processes that have no name here


class Processes:
    """Those that take part, by name."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}

    def read(self) -> Reading:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        return Reading(
            at=time.monotonic(),
            cpu_s={name: _cpu_s(process, name) for name, process in self._processes.items()},
            loops_s={name: _loop_s(process) for name, process in self._processes.items()},
            # Linux counts guests' time in user time as well.
            machine_s=sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0) - idle,
        )

    def memory_bytes(self) -> dict[str, int]:
        """Resident bytes by name; of PostgreSQL each process's share of the common ones, where Linux tells it."""
        return {name: _memory(process, name) for name, process in self._processes.items()}


def share(before: Reading, after: Reading) -> Share:
    """What was used between two readings."""
    seconds = after.at - before.at
    cores = {name: max(0.0, after.cpu_s[name] - before.cpu_s[name]) / seconds for name in after.cpu_s}
    loops = {name: max(0.0, after.loops_s[name] - before.loops_s[name]) / seconds for name in after.loops_s}
    machine = (after.machine_s - before.machine_s) / seconds
    return Share(cores=cores, loops=loops, strangers=max(0.0, machine - sum(cores.values())))


def _cpu_s(process: psutil.Process, name: str) -> float:
    """Of a family also the children's, those that have ended included."""
    own = process.cpu_times()
    used = float(own.user + own.system)
    if name in _FAMILIES:
        used += own.children_user + own.children_system
        for child in process.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue  # its time is the parent's from now on
            used += times.user + times.system
    return used


def _loop_s(process: psutil.Process) -> float:
    try:
        return max((thread.user_time + thread.system_time for thread in process.threads()), default=0.0)
    except psutil.AccessDenied:  # macOS asks for root
        return 0.0


def _memory(process: psutil.Process, name: str) -> int:
    used = 0
    for one in (process, *(process.children(recursive=True) if name in _FAMILIES else ())):
        try:
            shares = name == POSTGRES and sys.platform == "linux"
            used += one.memory_full_info().pss if shares else one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return used
