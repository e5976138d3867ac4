"""What became of a request -> the vendor's status and words. Pure.

Every answer is JSON; every failure is a list of errors with one message.
"""

from http import HTTPStatus
from typing import Any

from clarion.dialects import _words
from clarion.dialects._http import Answer
from clarion.dialects._words import Voice, Words
from clarion.dialects.yotpo import wire
from clarion.model import Event, Offer

WRONG_SECRET = "Unauthorized: the secret is wrong or revoked"
NO_STORE = "Store not found: the token or secret is of another one"
VOICE = Voice(
    dialect="yotpo",
    shape=lambda _status, message, _code: wire.encode(wire.Failures([wire.Failure(message)])),
    words=Words(
        unauthorized="Unauthorized: X-Yotpo-Token must be an access token that is not over, or the store's secret",
        read_only="This key can only read",
    ),
    status={
        **_words.STATUS,
        wire.Malformed: HTTPStatus.BAD_REQUEST,
        wire.Unauthorized: HTTPStatus.UNAUTHORIZED,
    },
    spent=lambda wait_s: ((b"ratelimit-remaining", b"0"), (b"ratelimit-reset", str(wait_s).encode())),
)


def queued(offer: Offer) -> Answer:
    """An event that is on disk, new or in the place of an earlier one: the caller need not know."""
    assert isinstance(offer.inbound, Event)
    return done(wire.QueuedEvent(wire.Queued(offer.dedup.key, offer.inbound.name)))


def done(result: Any) -> Answer:
    return Answer(200, wire.encode(result))


def no_store() -> Answer:
    """To a caller of another store."""
    return VOICE.failure(HTTPStatus.NOT_FOUND, NO_STORE)
