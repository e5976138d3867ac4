"""What became of a request -> the vendor's status and words. Pure.

The vendor publishes the statuses and no sentence; the sentences are ours.
"""

from http import HTTPStatus

from clarion.dialects import _words
from clarion.dialects._http import Answer
from clarion.dialects._words import Voice, Words
from clarion.dialects.smartapppush import wire

UNKNOWN_KEY = "tenant_id and api_key are not those of an account, or the key is revoked"
NO_DEVICE = "Device not found for old_token; it is known a moment after its first event"
ANOTHERS = "new_token is registered to a different user"
NO_PUSH = "tracking_token is not that of a push that was sent to somebody"
VOICE = Voice(
    dialect="smartapppush",
    shape=lambda _status, message, _code: wire.encode(wire.Failure(message)),
    words=Words(unauthorized=UNKNOWN_KEY, read_only="This key can only read"),
    status={
        **_words.STATUS,
        wire.Malformed: HTTPStatus.BAD_REQUEST,
        wire.Unauthorized: HTTPStatus.UNAUTHORIZED,
    },
)


def recorded(fingerprint: str) -> Answer:
    """An event that is on disk, now or since its first copy came: the caller need not know."""
    return Answer(200, wire.encode(wire.Fingerprint(fingerprint)))


def done() -> Answer:
    return Answer(200, wire.encode(wire.Success()))
