"""Make the environment that ./run works in: python bootstrap/setup.py FOLDER LOCK_FILE...

A finished environment holds a copy of each lock file it was made from (`installed/`), written last: so a
killed installation is noticed. What is unfinished or out of date is thrown away and made anew; only what comes
on top of the first lock file, the developers' packages, is installed into a finished environment. A file lock
lets a second ./run wait for the first. Runs on the Python that was found, with nothing but its standard library.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def main() -> None:
    target, locks = Path(sys.argv[1]), sys.argv[2:]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_name(f"{target.name}.lock").open("w") as turn:
            wait_for(turn)
            os.set_inheritable(turn.fileno(), True)  # killed, we still hold the lock until pip has ended
            set_up(target, locks)
    except (OSError, subprocess.CalledProcessError) as exc:
        sys.exit(f"Setting up Clarion in {target} failed: {exc}")
    except KeyboardInterrupt:
        sys.exit(130)


def wait_for(turn: TextIO) -> None:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another ./run is at it; waiting ...")
        fcntl.flock(turn, fcntl.LOCK_EX)


def set_up(target: Path, locks: list[str]) -> None:
    """Leave `target` holding what `locks` name, whatever was there before."""
    wanting = [name for name in locks if not is_installed(target, name)]
    if not wanting:
        return  # another ./run did it while we waited
    say(f"installing packages into {target}, about a minute ...")
    if locks[0] in wanting or any(was_begun(target, name) for name in wanting):
        create(target)
        wanting = locks
    for name in wanting:
        install(target, name)
    say("done.")


def is_installed(target: Path, name: str) -> bool:
    copy = copy_of(name, target)
    runs = os.access(target / "bin" / "python", os.X_OK)
    return runs and copy.exists() and copy.read_bytes() == (ROOT / name).read_bytes()


def was_begun(target: Path, name: str) -> bool:
    copy = copy_of(name, target)
    return copy.exists() and not copy.read_bytes()


def copy_of(name: str, target: Path) -> Path:
    return target / "installed" / name


def create(target: Path) -> None:
    """An environment without pip: Debian's Python cannot make one with it, and ours lies in this folder.

    Made by the Python that the links lead to: behind /usr/bin/python3 another version may stand tomorrow.
    """
    for folder in (target / "installed", target):  # half deleted must not look finished
        if folder.exists():
            shutil.rmtree(folder)
    python = os.path.realpath(sys.executable)
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", target], check=True, close_fds=False)
    (target / "installed").mkdir()


def install(target: Path, name: str) -> None:
    """Install exactly what the lock file names: these versions, these hashes, nothing built here."""
    copy = copy_of(name, target)
    copy.write_bytes(b"")  # begun
    command = [
        str(target / "bin" / "python"),
        "-I",
        str(checked_pip() / "pip"),
        "install",
        "-qq",
        "--no-input",
    ]
    command += ["--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    command += ["--requirement", str(ROOT / name)]
    if subprocess.run(command, check=False, close_fds=False, stdin=subprocess.DEVNULL).returncode != 0:
        sys.exit(
            f"Setting up Clarion failed: pip says above why it could not install {name}. Call ./run again.\n"
            "There are packages for Linux with glibc 2.28 or later and for macOS, on x86-64 and arm64."
        )
    whole = copy.with_suffix(".whole")
    shutil.copyfile(ROOT / name, whole)
    whole.replace(copy)


def checked_pip() -> Path:
    """The pip wheel of this folder, if it is the one that was put there."""
    sha256, name = (HERE / "pip.sha256").read_text().split()
    wheel = HERE / name
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != sha256:
        sys.exit(f"{wheel} is not the file that pip.sha256 names. Get both from the repository again.")
    return wheel


def say(words: str) -> None:
    print(f"Setting up Clarion: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
