"""How a door says that a request ends without its call's own answer: one set of words, in each vendor's shape. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from msgspec import Struct

from clarion import errors
from clarion.dialects import _http
from clarion.dialects._http import Answer

#: What every door foresees; the text of the error is the answer's. A dialect adds its own.
STATUS: Mapping[type[errors.Declined], HTTPStatus] = {
    _http.Garbled: HTTPStatus.BAD_REQUEST,
    _http.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    _http.UnknownEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.AlreadyThere: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.BAD_REQUEST,
}
LONGER = "The request body is longer than {} KB"
_SHOWN_MAX = 200  # characters of a path

Header = tuple[bytes, bytes]


class Words(Struct, frozen=True, kw_only=True):
    """The sentences. What has a default is ours; a vendor who publishes his own says it."""

    unauthorized: str
    read_only: str  # to a key of the role viewer that would write
    over_rate: str = "Too many requests: more than {} requests per minute"
    not_json: str = "Unsupported media type: Content-Type must be application/json"
    cut_short: str = "The request body is cut short or its framing is broken"
    unavailable: str = "The service is temporarily unavailable. Retry after {} seconds."
    broken: str = "Internal server error. The server's log names it {}."
    unknown_path: str = "Cannot {} {}. What this server speaks is listed at /docs/{}."
    wrong_method: str = "Method {} is not allowed for {}"


class Voice(Struct, frozen=True, kw_only=True):
    """A dialect's voice.

    `shape`: a failure as the vendor's body, of status, message and code: the error's own, else the status's name.
    `status`: the errors that it foresees. `challenge`: how a key is asked for. `spent`: headers beside Retry-After
    for a caller over his rate, of the seconds to wait.
    """

    dialect: str
    shape: Callable[[HTTPStatus, str, str], bytes]
    words: Words
    status: Mapping[type[errors.Declined], HTTPStatus]
    challenge: str = ""
    spent: Callable[[int], Sequence[Header]] = lambda wait_s: ()

    def failure(self, status: HTTPStatus, message: str, *headers: Header, code: str = "") -> Answer:
        return Answer(status.value, self.shape(status, message, code or status.name), headers)

    def unauthorized(self) -> Answer:
        asked = ((b"www-authenticate", self.challenge.encode()),) if self.challenge else ()
        return self.failure(HTTPStatus.UNAUTHORIZED, self.words.unauthorized, *asked)

    def read_only(self) -> Answer:
        return self.failure(HTTPStatus.FORBIDDEN, self.words.read_only, code="READ_ONLY")

    def over_rate(self, per_minute: int, wait_s: float) -> Answer:
        seconds, message = max(1, math.ceil(wait_s)), self.words.over_rate.format(per_minute)
        headers = _retry_after(seconds), *self.spent(seconds)
        return self.failure(HTTPStatus.TOO_MANY_REQUESTS, message, *headers)

    def too_large(self, message: str) -> Answer:
        return self.failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)

    def not_json(self) -> Answer:
        return self.failure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, self.words.not_json)

    def declined(self, exc: errors.Declined) -> Answer:
        """What `status` foresees."""
        return self.failure(self.status[type(exc)], str(exc), code=getattr(exc, "code", ""))

    def cut_short(self) -> Answer:
        return self.failure(HTTPStatus.BAD_REQUEST, self.words.cut_short)

    def unavailable(self, retry_after_s: int) -> Answer:
        message = self.words.unavailable.format(retry_after_s)
        return self.failure(HTTPStatus.SERVICE_UNAVAILABLE, message, _retry_after(retry_after_s))

    def broken(self, request_id: str) -> Answer:
        return self.failure(HTTPStatus.INTERNAL_SERVER_ERROR, self.words.broken.format(request_id))

    def nothing_here(self, method: str, path: str, allowed: Sequence[str]) -> Answer:
        """Where nothing is spoken; `allowed`: what is at this path, by other methods."""
        shown = path[:_SHOWN_MAX]
        if allowed:
            message = self.words.wrong_method.format(method, shown)
            return self.failure(
                HTTPStatus.METHOD_NOT_ALLOWED, message, (b"allow", ", ".join(allowed).encode())
            )
        message = self.words.unknown_path.format(method, shown, self.dialect)
        return self.failure(HTTPStatus.NOT_FOUND, message)


def _retry_after(seconds: int) -> Header:
    return (b"retry-after", str(seconds).encode())
