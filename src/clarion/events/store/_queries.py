"""The room's named queries."""

from uuid import UUID

from clarion import db

Q = db.load("clarion.events")
FIRST_ID = UUID(int=0)
LAST_ID = UUID(int=(1 << 128) - 1)


def count_of(tag: str) -> int:
    """How many rows a command says it touched."""
    return int(tag.rpartition(" ")[2])
