"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct
from starlette.types import Receive, Scope

from clarion import errors
from clarion.accounts import Credential
from clarion.dialects import _http, _voice
from clarion.dialects._door import Door, Handler, Routes
from clarion.dialects._entry import Gate, Limit, body_of, check_kind, check_right, count, stranger
from clarion.dialects._http import Answer
from clarion.dialects._voice import voiced
from clarion.dialects.smartapppush import auth, calls, mapping, reply, rules, wire
from clarion.dialects.smartapppush.reply import VOICE
from clarion.dialects.smartapppush.wire import Told
from clarion.model import Source

BUCKET = "requests"
PER_MINUTE = 0  # no limit: the vendor names none, and one key is in all copies of an app
BUCKETS = {BUCKET: PER_MINUTE}
EVENTS, OPENED, REFRESH = "/events", "/pushes/opened", "/devices/refresh-token"
PREFIXES = (EVENTS, "/pushes/", "/devices/", "/developer/")
# The key stands in no header: what is asked of the gate is the rate.
GATE = Gate(voice=VOICE, key_in=lambda _headers: None, bucket=BUCKET, per_minute=PER_MINUTE)
LIMIT = Limit(rules.BODY_BYTES_MAX)


class Call(Struct, frozen=True):
    """One call: `serve` is given the door, who calls and what they told. `stranger`: what is said to an unknown key."""

    path: str
    serve: Callable[[Door, Credential, Told], Awaitable[Answer]]
    stranger: type[errors.Declined]


def routes(door: Door) -> Routes:
    """What is spoken."""
    return {("POST", call.path): voiced(door, partial(_speak, call), VOICE) for call in CALLS}


def unknown(door: Door) -> Handler:
    """The answer behind the paths that are spoken, and to another method of one."""
    return _voice.unknown(door, [("POST", call.path) for call in CALLS], VOICE)


async def _event(door: Door, credential: Credential, told: Told) -> Answer:
    event = rules.check(wire.shaped(told, wire.Event), door.now_us())
    fingerprint = wire.fingerprint(told)
    offer = mapping.offer(event, fingerprint, namespace=credential.namespace)
    await door.ingest.offer(credential, Source.SMARTAPPPUSH, [offer])
    return reply.recorded(fingerprint)


async def _opened(door: Door, credential: Credential, told: Told) -> Answer:
    token = rules.text(wire.shaped(told, wire.Tracked).tracking_token, "tracking_token")
    send, whose = await calls.find_push(door.opened(), credential.workspace_id, token)
    offer = mapping.opened(send.send_id, whose, send.cause_id, now_us=door.now_us())
    await door.ingest.offer(credential, Source.SMARTAPPPUSH, [offer])
    return reply.done()


async def _refresh(door: Door, credential: Credential, told: Told) -> Answer:
    wish = rules.check_refresh(wire.shaped(told, wire.Refresh))
    await calls.refresh_token(door.opened(), credential, wish, credential.namespace)
    return reply.done()


CALLS = (
    Call(EVENTS, _event, wire.Malformed),
    Call(OPENED, _opened, wire.Unauthorized),
    Call(REFRESH, _refresh, wire.Unauthorized),
)


async def _speak(call: Call, door: Door, scope: Scope, receive: Receive) -> Answer:
    """The key stands in the body, so that is read before anybody is known."""
    body = await body_of(VOICE, door, scope, receive, LIMIT)
    if body:
        check_kind(VOICE, _http.headers_of(scope))
    told = wire.read(body)
    key = auth.key_in(told)
    credential = await door.credentials.find(auth.DIALECT, key) if key else None
    if credential is None or not auth.is_of(credential, told):
        raise stranger(door, lambda: VOICE.declined(call.stranger(reply.UNKNOWN_KEY)))
    count(GATE, door, credential)
    check_right(VOICE, credential)
    try:
        return await call.serve(door, credential, told)
    except wire.Malformed as exc:
        samples = [mapping.sample(told, exc)]
        await door.ingest.offer(credential, Source.SMARTAPPPUSH, [], rejected=1, samples=samples)
        raise
