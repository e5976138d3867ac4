"""Between a request and its call: the path's places, the query, the body, the key's right; and back."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from msgspec import Struct
from starlette.types import Scope

from clarion import db, errors, model
from clarion.accounts import Credential, Credentials
from clarion.db import Tx
from clarion.dialects import _door
from clarion.dialects._door import Door, Store
from clarion.dialects._http import Answer
from clarion.dialects.smashsend.contacts import wire
from clarion.vault import Vault

VIEWER = "viewer"
_QUERY_FIELDS_MAX = 50
_encode = msgspec.json.Encoder().encode

T = TypeVar("T")


class Asked(Struct, frozen=True):
    """What a call is given: who asks, the path's places, the query and the body as the vendor's types."""

    store: Store
    credentials: Credentials
    credential: Credential
    places: Mapping[str, str]
    query: Any
    body: Any

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
        """`work` in one transaction; `owner`: by the role that erases. Raises Unavailable."""
        try:
            return await db.transact(self.store.database, self.workspace_id, work, owner=owner)
        except Exception as exc:
            if db.is_transient(exc) and not isinstance(exc, errors.ClarionError):
                raise errors.Unavailable("the database is busy") from exc
            raise


class Spoken(Struct, frozen=True, kw_only=True):
    """One call: where it is, what it takes and answers. The first line of `serve`'s docstring is its summary.

    `sample`: a body (and `query`, a query) that a reader may try; `{name}` in `path` stands for a place.
    """

    method: str
    path: str
    serve: Callable[[Asked], Awaitable[Struct]]
    answers: type[Struct]
    query: type[Struct] = wire.Nothing
    body: type[Struct] | None = None
    sample: str = ""
    sample_query: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"


async def answer(spoken: Spoken, door: Door, credential: Credential, scope: Scope, body: bytes) -> Answer:
    """What the call says. Raises Declined and Unavailable."""
    if spoken.writes and credential.role == VIEWER:
        raise wire.Forbidden(wire.READ_ONLY)
    assert door.store is not None, "the door was composed without what these calls need"
    given = parse_qsl(
        scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True, max_num_fields=None
    )[:_QUERY_FIELDS_MAX]
    asked = Asked(
        store=door.store,
        credentials=door.credentials,
        credential=credential,
        places=_door.places(spoken.path, scope["path"]),
        query=wire.read_query(dict(given), spoken.query),
        body=wire.read(body, spoken.body) if spoken.body else None,
    )
    return Answer(HTTPStatus.OK.value, _encode(await spoken.serve(asked)))
