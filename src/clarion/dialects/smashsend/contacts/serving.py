"""Between a request and its call: the path's places, the query, the body, the key's right; and back."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import UUID

import msgspec
from msgspec import Struct
from starlette.types import Scope

from clarion import errors, model
from clarion.accounts import Credential
from clarion.dialects import _asked, _door
from clarion.dialects._door import Door
from clarion.dialects._http import Answer
from clarion.dialects.smashsend.contacts import wire

_encode = msgspec.json.Encoder().encode


class Asked(_asked.Asked, frozen=True):
    """What a call is given."""

    def place(self, name: str, prefix: str, noun: str) -> UUID:
        """An id in the path. Raises NotFound: what is no id names nothing."""
        found = model.parse_id(prefix, self.places[name])
        if found is None:
            raise errors.NotFound(f"{noun} not found")
        return found


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
    assert door.store is not None, "the door was composed without what these calls need"
    asked = Asked(
        store=door.store,
        ingest=door.ingest,
        credentials=door.credentials,
        credential=credential,
        places=_door.places(spoken.path, scope["path"]),
        query=wire.read_query(_asked.query_of(scope), spoken.query),
        body=wire.read(body, spoken.body) if spoken.body else None,
    )
    return Answer(HTTPStatus.OK.value, _encode(await spoken.serve(asked)))
