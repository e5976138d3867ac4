"""What these pages need to be told."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from clarion.accounts import Vaults
from clarion.db import Database
from clarion.messaging.port import Reporting
from clarion.model import Ids


class Disk(Struct, frozen=True, kw_only=True):
    """The disk of the data folder."""

    used_percent: float
    free_bytes: int = 0


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether requests can be served now; the JSON of /readyz. None where the database would have to tell.

    `backlog` counts accepted items that are not processed yet, `oldest_s` is the age of the oldest in
    seconds. `clock_off_s`: the database's clock ahead of this machine's.
    """

    ready: bool
    database: Literal["up", "down"]
    migrations: Literal["done", "pending"] | None = None
    backlog: int | None = None
    oldest_s: float | None = None
    disk: Disk | None = None
    clock_off_s: float | None = None
    warnings: list[str] = []


AskReadiness: TypeAlias = Callable[[], Awaitable[Readiness]]


class Answering(Struct, frozen=True, kw_only=True):
    """What recipients' and providers' answers need. `reporting`: by kind, the providers that tell later what became
    of messages; `now_s` is the clock of their signatures, `clock_s` that of limits.
    """

    database: Database
    vaults: Vaults
    ids: Ids
    reporting: Mapping[str, Reporting]
    now_s: Callable[[], float]
    clock_s: Callable[[], float]
    tls: bool


class Example(Struct, frozen=True, kw_only=True):
    """Something to try. `key_command` prints a key; `curl` reads it from $CLARION_KEY and works as it
    stands.
    """

    title: str
    key_command: str
    curl: str


class Front(Struct, frozen=True, kw_only=True):
    """What the pages show. `local`: only this machine can reach them, so they may tell the version and the
    backlog; `tls`: they are served by HTTPS.
    """

    version: str
    local: bool
    tls: bool
    examples: tuple[Example, ...] = ()
