"""Calls that are done at once, as a table: what is alike of them, and what a dialect says of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from starlette.types import Scope

from clarion.accounts import Credential
from clarion.dialects import _asked, _door
from clarion.dialects._asked import Asked
from clarion.dialects._door import Door
from clarion.dialects._http import Answer

KB = 1024

T = TypeVar("T")


class Nothing(Struct, frozen=True):
    """A call that takes nothing."""


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
    answer: Any = None
    limits: str = ""
    query: type[Struct] = Nothing
    body: type[Struct] | None = None
    body_optional: bool = False
    tells: bool = False
    body_bytes_max: int = 64 * KB
    sample: str = ""
    sample_query: str = ""

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def asks(self) -> type[Struct] | None:
        """What may stand in its query; None where nothing is read there."""
        return None if self.query is Nothing else self.query


class _Read(Protocol):
    def __call__(self, given: Any, kind: type[T], /) -> T: ...


class Tongue(Struct, frozen=True, kw_only=True):
    """How a dialect reads a body and a query, each with its refusals, and what it makes of a result.

    `joined`: of a name that comes twice in a query all values count.
    """

    read: _Read
    read_query: _Read
    done: Callable[[Any], Answer]
    joined: bool = False


async def answer(
    tongue: Tongue, spoken: Spoken, door: Door, credential: Credential, scope: Scope, body: bytes
) -> Answer:
    """What the call says. Raises Declined and Unavailable."""
    if spoken.tells:
        door.ingest.admit(1)
    asked = Asked(
        store=door.opened(),
        ingest=door.ingest,
        credentials=door.credentials,
        credential=credential,
        places=_door.places(spoken.path, scope["path"]),
        query=tongue.read_query(_asked.query_of(scope, joined=tongue.joined), spoken.query),
        body=_body(tongue, spoken, body),
        reads=not spoken.writes,
    )
    return tongue.done(await spoken.serve(asked))


def _body(tongue: Tongue, spoken: Spoken, body: bytes) -> Any:
    if spoken.body is None:
        return None
    return tongue.read(b"{}" if spoken.body_optional and not body.strip() else body, spoken.body)
