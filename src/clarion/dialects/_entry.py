"""The way in, alike at every door: who calls, whether they may, and what they send."""

from collections.abc import Callable

from msgspec import Struct
from starlette.types import Receive, Scope

from clarion.accounts import Credential
from clarion.dialects import _http
from clarion.dialects._door import Door
from clarion.dialects._http import Answer, Headers
from clarion.dialects._words import LONGER, Voice

_VIEWER = "viewer"


class Ended(Exception):
    """The request ends here, with `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class EndedLate(Exception):
    """The request ends here, `late_s` from now, with the `answer` that is true by then."""

    def __init__(self, late_s: float, answer: Callable[[], Answer]) -> None:
        super().__init__(late_s)
        self.late_s = late_s
        self.answer = answer


class Limit(Struct, frozen=True):
    """Of a body; `said`: the sentence about a longer one."""

    bytes_max: int
    said: str = ""

    @property
    def sentence(self) -> str:
        return self.said or LONGER.format(self.bytes_max // 1024)


class Gate(Struct, frozen=True, kw_only=True):
    """Where the key hides, and the rate in which a request counts: `per_minute`, if the credential has no other.

    `json`: a body that says it is something else is refused.
    """

    voice: Voice
    key_in: Callable[[Headers], str | None]
    bucket: str
    per_minute: int
    json: bool = True


async def enter(
    gate: Gate, door: Door, scope: Scope, receive: Receive, limit: Limit, *, writes: bool = True
) -> tuple[Credential, bytes]:
    """Who is calling, and the body of a caller who may. Raises Ended, EndedLate."""
    headers = _http.headers_of(scope)
    key = gate.key_in(headers)
    credential = await door.credentials.find(gate.voice.dialect, key) if key else None
    if credential is None:
        raise stranger(door, gate.voice.unauthorized)
    count(gate, door, credential)
    if writes:
        check_right(gate.voice, credential)
    body = await body_of(gate.voice, door, scope, receive, limit)
    if gate.json and body:
        check_kind(gate.voice, headers)
    return credential, body


def stranger(door: Door, answer: Callable[[], Answer]) -> EndedLate:
    """To be raised where the key is not known: of many the later are told later."""
    return EndedLate(door.credentials.late(), answer)


def count(gate: Gate, door: Door, credential: Credential) -> None:
    """One more request of the credential's. Raises EndedLate when it has used its rate up."""
    per_minute = credential.rates.get(gate.bucket, gate.per_minute)
    rates, whose = door.rates, (credential.credential_id, gate.bucket)
    if rates.take(*whose, per_minute) is not None:
        raise EndedLate(
            rates.late(*whose), lambda: gate.voice.over_rate(per_minute, rates.wait(*whose, per_minute))
        )


def check_right(voice: Voice, credential: Credential) -> None:
    """Raises Ended for one that may only read."""
    if credential.role == _VIEWER:
        raise Ended(voice.read_only())


def check_kind(voice: Voice, headers: Headers) -> None:
    """Raises Ended for a body that says it is no JSON."""
    if (kind := headers.get(b"content-type")) and b"json" not in kind.lower():
        raise Ended(voice.not_json())


async def body_of(voice: Voice, door: Door, scope: Scope, receive: Receive, limit: Limit) -> bytes:
    """Raises Ended where it is too long, and what reading raises."""
    headers = _http.headers_of(scope)
    try:
        return await _http.read_body(scope, receive, headers, limit.bytes_max, door.body_timeout_s)
    except _http.TooLarge as exc:
        raise Ended(voice.too_large(limit.sentence)) from exc
