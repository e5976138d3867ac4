"""Make requirements.txt and requirements-dev.txt anew from pyproject.toml: ./run lock [--upgrade]

What is locked stays at its version unless --upgrade is given. A lock must serve everywhere: it holds the
hashes of all files of a release, names no host and no folder, and is tried for every platform we support.
"""

import subprocess
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

UV = [sys.executable, "-m", "uv", "--quiet", "--no-config", "pip"]
PLATFORMS = ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "x86_64-apple-darwin", "aarch64-apple-darwin"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def main() -> None:
    options = sys.argv[1:]
    compile_lock("requirements.txt", "pyproject.toml", *options)
    compile_lock("requirements-dev.txt", "--group", "dev", "--constraint", "requirements.txt", *options)
    for platform, python in product(PLATFORMS, PYTHONS):
        try_on(platform, python)


def compile_lock(name: str, *sources: str) -> None:
    command = [*UV, "compile", *sources, "--output-file", name, "--universal", "--python-version", PYTHONS[0]]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    text = Path(name).read_text()
    if "://" in text:
        sys.exit(f"{name} names a host or a folder; it must work with everybody's.")
    Path(name).write_text(f"# Made by ./run lock from pyproject.toml; not to be edited.\n{text}")


def try_on(platform: str, python: str) -> None:
    """Stop unless every locked package has a ready-made file for this platform."""
    with TemporaryDirectory() as nowhere:
        command = [*UV, "install", "--dry-run", "--target", nowhere, "--no-deps", "--require-hashes"]
        command += ["--only-binary=:all:", "--python-platform", platform, "--python-version", python]
        command += ["-r", "requirements.txt", "-r", "requirements-dev.txt"]
        if subprocess.run(command, check=False).returncode != 0:
            sys.exit(f"{platform}, Python {python}: not every package is there")
    print(f"{platform}, Python {python}: complete")


if __name__ == "__main__":
    main()
