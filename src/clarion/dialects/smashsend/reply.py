"""What became of a request -> the vendor's status and words. Pure."""

import math
from collections.abc import Sequence
from http import HTTPStatus

from clarion import errors
from clarion.dialects import _http
from clarion.dialects._http import Answer
from clarion.dialects.smashsend import wire
from clarion.dialects.smashsend.codes import Code, Problem
from clarion.dialects.smashsend.contacts import wire as contacts_wire
from clarion.model import Accepted, Duplicate, Offer

QUEUED = "Event queued for processing"
INVALID_KEY = "Invalid API key"
READ_ONLY = contacts_wire.READ_ONLY
OVER_RATE = "Rate limit exceeded. Please retry after 60 seconds."  # to the letter; Retry-After is exact
UNAVAILABLE = "Service temporarily unavailable. Please retry after {} seconds."
BROKEN = "Internal server error. The server's log names it {}."
CUT_SHORT = "The request body is cut short or its framing is broken"
UNKNOWN_PATH = "Cannot {} {}. What this server speaks is listed at /docs/smashsend."
WRONG_METHOD = "Method {} is not allowed for {}"

#: Where one event hears a problem in other words than a batch.
SINGLE_WORDS = {Code.INVALID_EMAIL: '"identify.email" must be a valid email'}

#: What ends a request before its events are judged; the text of the error is the answer's.
STATUS: dict[type[errors.Declined], HTTPStatus] = {
    wire.Malformed: HTTPStatus.BAD_REQUEST,
    _http.Garbled: HTTPStatus.BAD_REQUEST,
    _http.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    _http.UnknownEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    contacts_wire.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.AlreadyThere: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
}
_PHRASES = {413: "Payload Too Large"}  # Pythons word it in two other ways
_SHOWN_MAX = 200  # characters of a path

Told = str | list[Problem]  #: the message id of an event that was offered, or all that is wrong with it
_OUTCOMES: dict[type[Accepted | Duplicate], str] = {Accepted: "accepted", Duplicate: "duplicate"}


def queued(offer: Offer) -> Answer:
    """One event, kept now or before: the caller need not know."""
    return Answer(200, wire.encode(wire.Queued(True, offer.dedup.key, QUEUED)))


def refused(problems: Sequence[Problem]) -> Answer:
    """One event that breaks rules hears of the first."""
    first = problems[0]
    return failure(HTTPStatus.BAD_REQUEST, SINGLE_WORDS.get(first.code, first.message))


def batch(told: Sequence[Told], outcomes: Sequence[Accepted | Duplicate]) -> Answer:
    """Every event by its place in the request; `outcomes` are those of the offers in it, in order."""
    remaining = iter(outcomes)
    events: list[wire.EventStatus] = []
    failures: list[wire.EventFailure] = []
    accepted = 0
    for index, event in enumerate(told):
        if isinstance(event, str):
            outcome = type(next(remaining))
            accepted += outcome is Accepted
            events.append(wire.EventStatus(index, event, _OUTCOMES[outcome]))
        else:
            found = [wire.EventError(problem.code, problem.message) for problem in event]
            failures.append(wire.EventFailure(index, found))
    result = wire.BatchResult(accepted, len(failures), len(events) - accepted, events, failures)
    return Answer(_batch_status(len(events), len(failures)), wire.encode(result))


def _batch_status(passed: int, failed: int) -> int:
    """All failed: 400. Some: 207. None, also of none at all: 200."""
    if not failed:
        return 200
    return 207 if passed else 400


def failure(status: HTTPStatus, message: str, **headers: str) -> Answer:
    """The vendor's shape of every error. A header `retry_after` is written Retry-After."""
    body = wire.Failure(status.value, _PHRASES.get(status.value, status.phrase), message)
    shown = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return Answer(status.value, wire.encode(body), shown)


def unauthorized() -> Answer:
    return failure(HTTPStatus.UNAUTHORIZED, INVALID_KEY)


def read_only() -> Answer:
    """To a key of the role VIEWER that would write."""
    return failure(HTTPStatus.FORBIDDEN, READ_ONLY)


def over_rate(wait_s: float) -> Answer:
    return failure(HTTPStatus.TOO_MANY_REQUESTS, OVER_RATE, retry_after=str(max(1, math.ceil(wait_s))))


def too_large(message: str) -> Answer:
    return failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def declined(exc: errors.Declined) -> Answer:
    """What `STATUS` foresees."""
    return failure(STATUS[type(exc)], str(exc))


def cut_short() -> Answer:
    return failure(HTTPStatus.BAD_REQUEST, CUT_SHORT)


def unavailable(retry_after_s: int) -> Answer:
    message = UNAVAILABLE.format(retry_after_s)
    return failure(HTTPStatus.SERVICE_UNAVAILABLE, message, retry_after=str(retry_after_s))


def broken(request_id: str) -> Answer:
    return failure(HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN.format(request_id))


def unknown_path(method: str, path: str) -> Answer:
    return failure(HTTPStatus.NOT_FOUND, UNKNOWN_PATH.format(method, path[:_SHOWN_MAX]))


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> Answer:
    message = WRONG_METHOD.format(method, path[:_SHOWN_MAX])
    return failure(HTTPStatus.METHOD_NOT_ALLOWED, message, allow=", ".join(allowed))
