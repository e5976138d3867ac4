"""An ASGI handler that answers in a vendor's voice whatever happens."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

from starlette.types import Receive, Scope, Send

from clarion import errors, log
from clarion.dialects import _http
from clarion.dialects._door import Door, Handler
from clarion.dialects._http import Answer

Speak = Callable[[Door, Scope, Receive], Awaitable[Answer]]

_log = log.get(__name__)


class Voice(Protocol):
    """What a dialect's `reply` says where a request ends without its call's own answer.

    `STATUS`: the errors that it foresees; each is handed to `declined`.
    """

    @property
    def STATUS(self) -> Mapping[type[errors.Declined], HTTPStatus]: ...  # noqa: N802  a module's constant

    def declined(self, exc: errors.Declined, /) -> Answer: ...
    def cut_short(self) -> Answer: ...
    def unavailable(self, retry_after_s: int, /) -> Answer: ...
    def broken(self, request_id: str, /) -> Answer: ...


def voiced(door: Door, speak: Speak, voice: Voice) -> Handler:
    """`speak` as a handler; what it raises is answered by `voice`."""
    foreseen = tuple(voice.STATUS)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        request_id = _http.new_request_id()
        try:
            with door.bodies.request(scope):
                answer = await speak(door, scope, receive)
        except _http.Gone:
            # Said of a caller who hung up, and of one whose chunks are none: who still listens, and would hear 500.
            if b"transfer-encoding" not in _http.headers_of(scope):
                return
            answer = voice.cut_short()
        except errors.Unavailable as exc:
            answer = voice.unavailable(exc.retry_after_s)
        except foreseen as exc:
            answer = voice.declined(exc)
        except Exception:
            _log.exception("a request failed", action="request_failed", request_id=request_id)
            answer = voice.broken(request_id)
        await _http.send_answer(send, answer, request_id)

    return handle
