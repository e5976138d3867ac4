"""What became of a request -> the vendor's status and words. Pure.

Every answer is JSON; every failure is a list of errors with one message.
"""

import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from clarion import errors
from clarion.dialects import _http
from clarion.dialects._http import Answer
from clarion.dialects.yotpo import wire
from clarion.model import Event, Offer

UNAUTHORIZED = "Unauthorized: X-Yotpo-Token must be an access token that is not over, or the store's secret"
WRONG_SECRET = "Unauthorized: the secret is wrong or revoked"
READ_ONLY = "This key can only read"
OVER_RATE = "Too many requests: more than {} requests per minute"
UNAVAILABLE = "The service is temporarily unavailable. Retry after {} seconds."
BROKEN = "Internal server error. The server's log names it {}."
CUT_SHORT = "The request body is cut short or its framing is broken"
NOT_JSON = "Unsupported media type: Content-Type must be application/json"
NO_STORE = "Store not found: the token or secret is of another one"
UNKNOWN_PATH = "Cannot {} {}. What this server speaks is listed at /docs/yotpo."
WRONG_METHOD = "Method {} is not allowed for {}"

#: What ends a request; the text of the error is the answer's.
STATUS: dict[type[errors.Declined], HTTPStatus] = {
    wire.Malformed: HTTPStatus.BAD_REQUEST,
    wire.Unauthorized: HTTPStatus.UNAUTHORIZED,
    wire.Forbidden: HTTPStatus.FORBIDDEN,
    _http.Garbled: HTTPStatus.BAD_REQUEST,
    _http.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    _http.UnknownEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.AlreadyThere: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
}
_SHOWN_MAX = 200  # characters of a path


def queued(offer: Offer) -> Answer:
    """An event that is on disk, new or in the place of an earlier one: the caller need not know."""
    assert isinstance(offer.inbound, Event)
    return done(wire.QueuedEvent(wire.Queued(offer.dedup.key, offer.inbound.name)))


def done(result: Any) -> Answer:
    return Answer(200, wire.encode(result))


def failure(status: HTTPStatus, message: str, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status.value, wire.encode(wire.Failures([wire.Failure(message)])), headers)


def unauthorized() -> Answer:
    return failure(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED)


def read_only() -> Answer:
    """To a key of the role viewer that would write."""
    return failure(HTTPStatus.FORBIDDEN, READ_ONLY)


def over_rate(per_minute: int, wait_s: float) -> Answer:
    seconds = max(1, math.ceil(wait_s))
    left = (b"ratelimit-remaining", b"0"), (b"ratelimit-reset", str(seconds).encode())
    message = OVER_RATE.format(per_minute)
    return failure(HTTPStatus.TOO_MANY_REQUESTS, message, _retry_after(seconds), *left)


def too_large(message: str) -> Answer:
    return failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def not_json() -> Answer:
    return failure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, NOT_JSON)


def no_store() -> Answer:
    """To a caller of another store."""
    return failure(HTTPStatus.NOT_FOUND, NO_STORE)


def declined(exc: errors.Declined) -> Answer:
    """What `STATUS` foresees."""
    return failure(STATUS[type(exc)], str(exc))


def cut_short() -> Answer:
    return failure(HTTPStatus.BAD_REQUEST, CUT_SHORT)


def unavailable(retry_after_s: int) -> Answer:
    message = UNAVAILABLE.format(retry_after_s)
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, message, _retry_after(retry_after_s))


def broken(request_id: str) -> Answer:
    return failure(HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN.format(request_id))


def unknown_path(method: str, path: str) -> Answer:
    return failure(HTTPStatus.NOT_FOUND, UNKNOWN_PATH.format(method, path[:_SHOWN_MAX]))


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> Answer:
    message = WRONG_METHOD.format(method, path[:_SHOWN_MAX])
    return failure(HTTPStatus.METHOD_NOT_ALLOWED, message, (b"allow", ", ".join(allowed).encode()))


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return (b"retry-after", str(seconds).encode())
