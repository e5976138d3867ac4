"""What became of a request -> the vendor's status and words. Pure. The vendor publishes none; these are ours."""

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from clarion import errors
from clarion.dialects import _http
from clarion.dialects._http import Answer
from clarion.dialects.smartpush import wire

SUCCESS = "SUCCESS"
UNAUTHORIZED = "Show the API Token in the header Authorization or token"
READ_ONLY = "This API Token can only read"
PLAN = (
    "SmartPush's API needs the plan standard; this workspace's is {0}. Its owner changes it: "
    "clarion workspace set {1} --plan standard"
)
ALLOWED = (
    "This workspace is not on SmartPush's allow-list. Its owner puts it there: "
    "clarion workspace set {0} --api-allowed"
)
OVER_RATE = "Too many requests: more than {} requests per minute"
UNAVAILABLE = "The service is temporarily unavailable. Retry after {} seconds."
BROKEN = "Internal server error. The server's log names it {}."
CUT_SHORT = "The request body is cut short or its framing is broken"
NOT_JSON = "Content-Type must be application/json"
UNKNOWN_PATH = "Cannot {} {}. What this server speaks is listed at /docs/smartpush."
WRONG_METHOD = "Method {} is not allowed for {}"

#: What ends a request; the text of the error is the answer's.
STATUS: Mapping[type[errors.Declined], HTTPStatus] = {
    wire.Malformed: HTTPStatus.BAD_REQUEST,
    wire.Duplicate: HTTPStatus.CONFLICT,
    wire.Denied: HTTPStatus.FORBIDDEN,
    _http.Garbled: HTTPStatus.BAD_REQUEST,
    _http.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    _http.UnknownEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
}
_SHOWN_MAX = 200  # characters of a path


def done(kind: Any, data: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status.value, wire.encode(kind(SUCCESS, "success", data)))


def failure(
    status: HTTPStatus, message: str, *headers: tuple[bytes, bytes], code: str | None = None
) -> Answer:
    return Answer(status.value, wire.encode(wire.Failure(code or status.name, message)), headers)


def unauthorized() -> Answer:
    return failure(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED, (b"www-authenticate", b"Bearer"))


def over_rate(per_minute: int, wait_s: float) -> Answer:
    message = OVER_RATE.format(per_minute)
    return failure(HTTPStatus.TOO_MANY_REQUESTS, message, _retry_after(max(1, math.ceil(wait_s))))


def too_large(bytes_max: int) -> Answer:
    message = f"The request body is longer than {bytes_max // 1024} KB"
    return failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def not_json() -> Answer:
    return failure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, NOT_JSON)


def declined(exc: errors.Declined) -> Answer:
    """What `STATUS` foresees."""
    return failure(STATUS[type(exc)], str(exc), code=getattr(exc, "code", None))


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
