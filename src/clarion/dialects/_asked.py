"""What a call that is done at once is given, and how it asks the rooms."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

from msgspec import Struct
from starlette.types import Scope

from clarion import db, errors, model
from clarion.accounts import Credential, Credentials
from clarion.db import Tx
from clarion.dialects._door import Ingest, Store
from clarion.vault import Vault

_QUERY_FIELDS_MAX = 50

T = TypeVar("T")


class Asked(Struct, frozen=True):
    """Who asks, the path's places, the query and the body as the vendor's types. `ingest` counts what was refused.

    `reads`: the call is to change nothing that its caller would notice.
    """

    store: Store
    ingest: Ingest
    credentials: Credentials
    credential: Credential
    places: Mapping[str, str]
    query: Any
    body: Any
    reads: bool

    @property
    def workspace_id(self) -> UUID:
        return self.credential.workspace_id

    def place(self, name: str, prefix: str, noun: str) -> UUID:
        """An id in the path. Raises NotFound: what is no id names nothing."""
        found = model.parse_id(prefix, self.places[name])
        if found is None:
            raise errors.NotFound(f"{noun} not found")
        return found

    async def vault(self) -> Vault:
        return await self.store.vaults.of(self.workspace_id)

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, owner: bool = False) -> T:
        """`work` in one transaction, which sees one moment where the call reads; `owner`: by the role that erases.

        Raises Unavailable.
        """
        return await transact(self.store, self.workspace_id, work, owner=owner, snapshot=self.reads)


async def transact(
    store: Store,
    workspace_id: UUID,
    work: Callable[[Tx], Awaitable[T]],
    *,
    owner: bool = False,
    snapshot: bool = False,
) -> T:
    """`work` in one transaction of a workspace. Raises Unavailable."""
    try:
        return await db.transact(store.database, workspace_id, work, owner=owner, snapshot=snapshot)
    except Exception as exc:
        if db.is_transient(exc) and not isinstance(exc, errors.ClarionError):
            raise errors.Unavailable("the database is busy") from exc
        raise


def query_of(scope: Scope, *, joined: bool = False) -> dict[str, str]:
    """What stands behind the question mark; of a name that comes twice the last value, or all with commas between.

    Raises Invalid where U+0000 stands in it: PostgreSQL keeps none, so it can name nothing.
    """
    given = parse_qsl(
        scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True, max_num_fields=None
    )
    found: dict[str, str] = {}
    for name, value in given[:_QUERY_FIELDS_MAX]:
        found[name] = f"{found[name]},{value}" if joined and name in found else value
        if "\0" in name or "\0" in value:
            raise errors.Invalid("The query must not contain the character U+0000")
    return found
