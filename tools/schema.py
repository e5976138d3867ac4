"""Write src/clarion/db/schema.sql: what all migrations together make, as pg_dump shows it, for people to read.

    ./run schema          write it
    ./run schema --check  say whether it is what the migrations make

Partitions are left out: upkeep makes them. Uses the embedded PostgreSQL, so that the text does not depend on what
happens to be installed.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from clarion import db
from clarion.db.address import Address
from clarion.db.engine import Engine, binaries

FILE = Path(__file__).resolve().parent.parent / "src/clarion/db/schema.sql"
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\..*|\\.*)$", re.MULTILINE)
_PARTITIONS = ("*_default", "*_20??_??", "*_20??_??_??")
_HEAD = "-- Made by `./run schema` from the migrations; a test holds them equal. Partitions are left out.\n\n"


def dump(owner: Address, pg_dump: Path) -> str:
    """The schema of a migrated database."""
    command: list[str | Path] = [pg_dump, "--schema-only", "--no-owner", "--dbname", owner.database]
    command += ["--host", owner.host, "--port", str(owner.port), "--username", owner.user]
    command += [f"--exclude-table={pattern}" for pattern in _PARTITIONS]
    environment = os.environ | {"PGPASSWORD": owner.password}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return _HEAD + re.sub(r"\n{3,}", "\n\n", _NOISE.sub("", done.stdout)).strip() + "\n"


def made() -> str:
    """The schema that the migrations make in a fresh database."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder) / "data", kind="schema", log=lambda sentence: None)
        engine.start()
        try:
            owner = engine.address("owner")
            asyncio.run(db.migrate(owner))
            return dump(owner, binaries.installed() / "pg_dump")
        finally:
            engine.stop()


def main() -> int:
    text = made()
    if "--check" not in sys.argv:
        FILE.write_text(text, "utf-8")
        return 0
    if FILE.read_text("utf-8") == text:
        return 0
    print("schema.sql is not what the migrations make: run ./run schema", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
