"""An ASGI handler that answers in a vendor's voice whatever happens."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.types import Receive, Scope, Send

from clarion import errors, log
from clarion.dialects import _http
from clarion.dialects._door import Door, Handler, allowed
from clarion.dialects._entry import Ended, EndedLate
from clarion.dialects._http import Answer
from clarion.dialects._words import Voice

Speak = Callable[[Door, Scope, Receive], Awaitable[Answer]]

_log = log.get(__name__)


def voiced(door: Door, speak: Speak, voice: Voice) -> Handler:
    """`speak` as a handler; what it raises is answered by `voice`."""
    foreseen = tuple(voice.status)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        request_id, late = _http.new_request_id(), None
        try:
            with door.bodies.request(scope):
                answer = await speak(door, scope, receive)
        except Ended as exc:
            answer = exc.answer
        except EndedLate as exc:
            late = exc.with_traceback(None)  # which holds what the request held
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
        if late:
            if late.late_s and not await _http.hold(scope, late.late_s):
                return
            answer = late.answer()
        await _http.send_answer(send, answer, request_id)

    return handle


def unknown(door: Door, places: Sequence[tuple[str, str]], voice: Voice) -> Handler:
    """The answer where nothing is spoken: to an unknown path, or another method of one of `places`."""

    async def nothing_here(_door: Door, scope: Scope, _receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"]
        return voice.nothing_here(method, path, allowed(places, path))

    return voiced(door, nothing_here, voice)
