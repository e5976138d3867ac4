"""Between a request and a call that is done at once: the path's places, the query, the body, the key's right."""

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.types import Scope

from clarion import errors
from clarion.accounts import Credential
from clarion.dialects import _asked, _door
from clarion.dialects._asked import Asked
from clarion.dialects._door import Door
from clarion.dialects._http import Answer
from clarion.dialects.esputnik import reply, wire

KB = 1024


class Spoken(Struct, frozen=True, kw_only=True):
    """One call: where it is, what it takes and answers. The first line of `serve`'s docstring is its summary.

    `answers`: a type, `str` for a sentence, None for an empty body; `answer` shows one. `sample`: a body (and
    `sample_query`, a query) that a reader may try; `{name}` in `path` stands for a place. `body_optional`: nothing is
    sent where nothing is meant. `tells`: events come of it, so that it waits as they do while there is too much.
    """

    method: str
    path: str
    serve: Callable[[Asked], Awaitable[Any]]
    answers: Any
    answer: Any
    limits: str = ""
    query: type[Struct] = wire.Nothing
    body: type[Struct] | None = None
    body_optional: bool = False
    tells: bool = False
    body_bytes_max: int = 64 * KB
    sample: str = ""
    sample_query: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"


async def answer(spoken: Spoken, door: Door, credential: Credential, scope: Scope, body: bytes) -> Answer:
    """What the call says. Raises Declined and Unavailable."""
    if spoken.tells:
        door.ingest.admit(1)
    assert door.store is not None, "the door was composed without what these calls need"
    asked = Asked(
        store=door.store,
        ingest=door.ingest,
        credentials=door.credentials,
        credential=credential,
        places=_door.places(spoken.path, scope["path"]),
        query=wire.read_query(_asked.query_of(scope, joined=True), spoken.query),
        body=_body(spoken, body),
    )
    return reply.done(await spoken.serve(asked))


def namespace(credential: Credential) -> str:
    """Whose external ids a caller's are."""
    return credential.id_namespace or credential.dialect


def zone(credential: Credential) -> tzinfo:
    """In which the workspace counts its days: of times without an offset."""
    return ZoneInfo(credential.zone)


def number(text: str, noun: str) -> int:
    """A contact's or another number in a path. Raises NotFound: what is no number names nothing."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise errors.NotFound(f"{noun} with id='{text[:20]}' not found")
    return int(text)


def _body(spoken: Spoken, body: bytes) -> Any:
    if spoken.body is None:
        return None
    return wire.read(b"{}" if spoken.body_optional and not body.strip() else body, spoken.body)
