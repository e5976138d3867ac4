"""Between a request and a call that is done at once: the path's places, the query, the body, the key's right."""

from collections.abc import Awaitable, Callable

from msgspec import Struct
from starlette.types import Scope

from clarion.accounts import Credential
from clarion.dialects import _asked, _door
from clarion.dialects._asked import Asked
from clarion.dialects._door import Door
from clarion.dialects._entry import Limit
from clarion.dialects._http import Answer
from clarion.dialects.yotpo import reply, rules, wire

STORE = "/core/v3/stores/{store_id}"
LIMIT = Limit(rules.EVENT_BYTES_MAX)


class Spoken(Struct, frozen=True, kw_only=True):
    """One call: where it is, what it takes and answers. The first line of `serve`'s docstring is its summary.

    `answer` shows an answer. `sample`: a body (and `sample_query`, a query) that a reader may try.
    """

    method: str
    path: str
    serve: Callable[[Asked], Awaitable[Struct]]
    answer: Struct
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
    return reply.done(await spoken.serve(asked))


def namespace(credential: Credential) -> str:
    """Whose external ids a caller's are."""
    return credential.id_namespace or credential.dialect
