"""A PostgreSQL of the oldest version that we support, where one is installed."""

import asyncio
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from clarion import db
from clarion.db import Addresses
from clarion.db.address import of_url

OLDEST = Path("/usr/lib/postgresql/15/bin")


def oldest(folder: Path) -> Iterator[Addresses]:
    """A cluster of the oldest version that we support, as an operator would hand it to us: by a URL."""
    unprivileged = _unprivileged(folder)
    data = folder / "data"
    initdb = [OLDEST / "initdb", "-D", data, "-U", "operator", "-A", "trust", "-E", "UTF8", "--no-locale"]
    subprocess.run([*unprivileged, *initdb], check=True, capture_output=True)
    command = [*unprivileged, OLDEST / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"postgresql://operator@/postgres?host={folder}"
        _wait(folder)
        asyncio.run(db.ensure_roles(url))
        asyncio.run(db.ensure_roles(url))
        found = of_url(url)
        asyncio.run(db.migrate(found.owner))
        yield found
    finally:
        server.terminate()
        server.wait(20)


def _unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    for place in (folder, *folder.parents):
        if place.owner() == "root" and place.is_relative_to("/tmp/"):
            place.chmod(place.stat().st_mode | 0o011)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "util-linux"
    return [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


def _wait(folder: Path) -> None:
    until = time.monotonic() + 30
    while not (folder / ".s.PGSQL.5432").exists():
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.05)
    time.sleep(0.2)
