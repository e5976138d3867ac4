"""What became of a request -> the vendor's status and words. Pure.

Some successes are empty, some are a sentence, the others JSON. Every failure is JSON with the status and a message.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from clarion.dialects import _words
from clarion.dialects._http import TEXT, Answer
from clarion.dialects._words import Voice, Words
from clarion.dialects.esputnik import wire

VOICE = Voice(
    dialect="esputnik",
    shape=lambda status, message, _code: wire.encode(wire.Failure(status.value, message)),
    words=Words(
        unauthorized="Unauthorized: the password of HTTP Basic must be an API key; the user name may be anything",
        read_only="This API key can only read",
    ),
    status={
        **_words.STATUS,
        wire.Malformed: HTTPStatus.BAD_REQUEST,
    },
    challenge='Basic realm="API"',
)
EMPTY = Answer(200, b"", content_type=TEXT)


class Listed(Struct, frozen=True):
    """A page; the header TotalCount says how many there are in all."""

    items: Sequence[Any]
    total: int


def done(result: Any) -> Answer:
    """None is an empty body, text a sentence, a `Listed` an array with its count, all else JSON."""
    if result is None:
        return EMPTY
    if isinstance(result, str):
        return Answer(200, result.encode(), content_type=TEXT)
    if isinstance(result, Listed):
        total = ((b"totalcount", str(result.total).encode()),)
        return Answer(200, wire.encode(result.items), total)
    return Answer(200, wire.encode(result))
