"""What a command needs to call rooms in this process: settings, and the way into the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from clarion import log
from clarion.cli._options import Place
from clarion.config import Settings
from clarion.db.address import Addresses
from clarion.db.engine import borrowed
from clarion.serve.port import elsewhere


class Session(Struct, frozen=True, kw_only=True):
    """An installation whose database is up, for the length of one command."""

    settings: Settings
    addresses: Addresses


@contextmanager
def session(place: Place, *, command: str) -> Iterator[Session]:
    """The database that the settings name, else the running server's, else an embedded one for as long as
    this.

    `command` (as typed: `credential create`) is what others are told who wait for the folder meanwhile.
    Raises ClarionError.
    """
    settings = place.load().settings
    log.configure(level="warning", process="clarion")  # to stderr: stdout is the answer's
    addresses = elsewhere(settings)
    if addresses:
        yield Session(settings=settings, addresses=addresses)
        return
    with borrowed(settings.data, command=command, user=settings.engine_user) as connection:
        yield Session(settings=settings, addresses=connection.addresses())
