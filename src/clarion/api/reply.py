"""The management API's voice: JSON, and for every failure `{"error": {"code", "message"}}`."""

from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from clarion import errors
from clarion.api.ports import Forbidden

_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TooLarge(errors.Declined):
    """The body is longer than any call needs."""


class TooSlow(errors.Declined):
    """The body did not come in time."""


class NotJSON(errors.Declined):
    """The body is announced as something else than JSON."""


class Problem(Struct, frozen=True):
    """Why a call failed: a code for programs, a sentence for people."""

    code: str
    message: str


class Failure(Struct, frozen=True):
    """The answer to a call that failed."""

    error: Problem


#: The nearest class above an error says its status and code.
STATUS: dict[type[errors.ClarionError], tuple[HTTPStatus, str]] = {
    Forbidden: (HTTPStatus.FORBIDDEN, "forbidden"),
    TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"),
    TooSlow: (HTTPStatus.REQUEST_TIMEOUT, "too_slow"),
    NotJSON: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json"),
    errors.NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    errors.AlreadyThere: (HTTPStatus.CONFLICT, "already_there"),
    errors.Invalid: (HTTPStatus.BAD_REQUEST, "invalid"),
    errors.Declined: (HTTPStatus.BAD_REQUEST, "declined"),
}


def answer(status: int, value: Any) -> Response:
    """What was asked for."""
    return raw(status, msgspec.json.encode(value))


def raw(status: int, body: bytes) -> Response:
    """JSON that is ready."""
    return Response(body, status, dict(_HEADERS))


def failure(status: HTTPStatus, code: str, message: str, **headers: str) -> Response:
    """A failure. A header `retry_after` is written Retry-After."""
    response = answer(status, Failure(Problem(code, message)))
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def declined(exc: errors.Declined) -> Response:
    """What the caller can change."""
    status, code = next(STATUS[kind] for kind in type(exc).__mro__ if kind in STATUS)
    return failure(status, code, str(exc))


def unauthorized() -> Response:
    """Unknown, revoked, expired or no token: the same words."""
    return failure(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "show a token of the management API: Authorization: Bearer clarion_…",
        www_authenticate="Bearer",
    )


def unavailable(retry_after_s: int) -> Response:
    """Not now."""
    return failure(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        f"not now; try again in {retry_after_s} seconds",
        retry_after=str(retry_after_s),
    )


def broken(request_id: str) -> Response:
    """Our fault; the log has more under the id."""
    return failure(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal", f"this is a bug; the server's log names it {request_id}"
    )


def unknown_path() -> Response:
    """Nothing is there."""
    return failure(
        HTTPStatus.NOT_FOUND, "not_found", "there is no such call; /manage/openapi.json has all of them"
    )


def wrong_method(allowed: str) -> Response:
    """Something is there, for other methods."""
    return failure(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", f"use {allowed}", allow=allowed)
