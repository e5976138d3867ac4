"""`clarion migrate`."""

import asyncio

from clarion import db
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show_json
from clarion.cli._session import session


def migrate(place: Place = HERE, *, json: Json = False) -> None:
    """Bring the database up to this version. Does nothing where it is; waits for another that does the
    same.
    """
    with session(place, command="migrate") as here:
        applied = asyncio.run(db.migrate(here.addresses.owner))
    if json:
        show_json({"applied": applied})
    elif applied:
        print("Applied:", *applied, sep="\n  ")
    else:
        print("The database is up to date.")
