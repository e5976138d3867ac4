"""`clarion version`."""

import platform

from clarion import __version__
from clarion.cli._options import Json
from clarion.cli._print import show_one
from clarion.db.engine.binaries import MAJOR


def version(*, json: Json = False) -> None:
    """Say which Clarion, Python and embedded PostgreSQL this is."""
    show_one(
        {
            "clarion": __version__,
            "python": platform.python_version(),
            "engine": f"PostgreSQL {MAJOR}",
            "system": f"{platform.system()} {platform.machine()}",
        },
        json=json,
    )
