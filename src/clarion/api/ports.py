"""What the management API is handed, and what one call of it knows. The command line makes the same calls."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from clarion import automations, errors, model
from clarion.accounts import Credentials, NewCredential, SecretForm, Vaults
from clarion.automations import FindTemplates
from clarion.db import Database, Tx
from clarion.events import Listener
from clarion.messaging import Links, Provider
from clarion.messaging.port import ReadReturned, Returned, Unreadable
from clarion.model import Ids
from clarion.vault import Vault


class Way(Protocol):
    """How the callers of a dialect come in: how their secrets look and are shown, their rate limits by name."""

    @property
    def form(self) -> SecretForm: ...
    @property
    def shown(self) -> Callable[[NewCredential], dict[str, str]]: ...
    @property
    def buckets(self) -> Mapping[str, int]: ...


def _nobody() -> None:
    """Nobody in this process remembers credentials."""


def _no_mail(_mail: bytes, _recipient: str | None) -> Returned:
    """No mail comes back to this process."""
    raise Unreadable("no mail is read here")


def _uncounted(_credential_id: UUID) -> None:
    """Nobody in this process notes when a token was used."""


class Ports(Struct, frozen=True, kw_only=True):
    """The rooms. `providers`: who carries messages, by kind; `links`: what recipients' links are, `links_are_local`:
    whether they cannot open them; `read_returned` reads mails that came back. `database` needs connections of both
    roles; `credentials_changed` is told what it says, `used` of each request whose token it is, `listeners` of what
    comes onto the timeline by a retry.
    """

    database: Database
    vaults: Vaults
    ids: Ids
    dialects: Mapping[str, Way]
    journal_keep_days: int = 7
    providers: Mapping[str, Provider] = {}
    links: Links = Links("")
    links_are_local: bool = True
    read_returned: ReadReturned = _no_mail
    credentials_changed: Callable[[], None] = _nobody
    used: Callable[[UUID], None] = _uncounted
    listeners: Sequence[Listener] = ()
    find_templates: FindTemplates = automations.no_templates


class Edge(Struct, frozen=True, kw_only=True):
    """The rooms, and who finds callers."""

    ports: Ports
    credentials: Credentials


class Call(Struct, frozen=True, kw_only=True):
    """One call by somebody who may make it. `actor` is who the audit names."""

    ports: Ports
    workspace_id: UUID
    actor: str
    role: str

    def app(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that sees the caller's workspace only."""
        return self.ports.database.app(self.workspace_id)

    def owner(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction of the workers' role, for what they do."""
        return self.ports.database.owner()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Tx]:
        """A transaction of the workers' role whose statements all see one moment."""
        async with (
            self.ports.database.owner_connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    async def vault(self) -> Vault:
        """The workspace's."""
        return await self.ports.vaults.of(self.workspace_id)


class Forbidden(errors.Declined):
    """The caller's role does not allow it."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """A call that takes nothing."""


_LAST = UUID(int=(1 << 128) - 1)


def id_of(prefix: str, text: str, noun: str) -> UUID:
    """The id that a caller wrote. Raises NotFound: what is no id names nothing."""
    found = model.parse_id(prefix, text)
    if found is None:
        raise errors.NotFound(f"there is no such {noun} in this workspace")
    return found


def id_before(prefix: str, text: str | None, noun: str) -> UUID:
    """Where a page ends that begins below what the caller wrote, or at the newest. Raises NotFound."""
    return _LAST if text is None else id_of(prefix, text, noun)
