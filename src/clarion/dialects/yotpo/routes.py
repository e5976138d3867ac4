"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from functools import partial

from starlette.types import Receive, Scope

from clarion.accounts import Credential
from clarion.dialects import _door, _http, _voice
from clarion.dialects._door import Door, Handler, Routes
from clarion.dialects._http import Answer, Headers
from clarion.dialects._voice import voiced
from clarion.dialects.yotpo import auth, mapping, reply, rules, serving, tokens, wire
from clarion.dialects.yotpo.customers import CALLS
from clarion.dialects.yotpo.reply import VOICE
from clarion.dialects.yotpo.serving import STORE, Spoken
from clarion.model import Source

BUCKET = "requests"
PER_MINUTE = 3_000  # ours: the vendor tells no figure of this API; that of its other one is 5 a second
BUCKETS = {BUCKET: PER_MINUTE}
EVENTS = (f"{STORE}/customer_events", f"{STORE}/custom_events")
EVENT_METHODS = ("PATCH", "POST")
ACCESS_TOKENS, OAUTH = f"{STORE}/access_tokens", "/oauth/token"
PLACES = [
    *((method, path) for path in EVENTS for method in EVENT_METHODS),
    ("POST", ACCESS_TOKENS),
    ("POST", OAUTH),
    *((one.method, one.path) for one in CALLS),
]


def routes(door: Door) -> Routes:
    """What is spoken."""
    return {
        **{
            (method, path): voiced(door, partial(_event, path), VOICE)
            for path in EVENTS
            for method in EVENT_METHODS
        },
        ("POST", ACCESS_TOKENS): voiced(door, _access_token, VOICE),
        ("POST", OAUTH): voiced(door, _oauth_token, VOICE),
        **{(one.method, one.path): voiced(door, partial(_do, one), VOICE) for one in CALLS},
    }


def unknown(door: Door) -> Handler:
    """The answer where nothing is spoken: to an unknown path, or another method of a known one."""
    return _voice.unknown(door, PLACES, VOICE)


async def _event(path: str, door: Door, scope: Scope, receive: Receive) -> Answer:
    entered = await _enter(path, door, scope, receive, writes=True)
    if isinstance(entered, Answer):
        return entered
    credential, body = entered
    now_us = door.now_us()
    try:
        valid = rules.check(wire.read_event(body), now_us)
    except wire.Malformed as exc:
        await door.ingest.offer(credential, Source.YOTPO, [], rejected=1, samples=[mapping.sample(body, exc)])
        raise
    offer = mapping.offer(valid, namespace=serving.namespace(credential), now_us=now_us)
    await door.ingest.offer(credential, Source.YOTPO, [offer])
    return reply.queued(offer)


async def _access_token(door: Door, scope: Scope, receive: Receive) -> Answer:
    headers = _http.headers_of(scope)
    try:
        body = await _http.read_body(scope, receive, headers, tokens.BODY_BYTES_MAX, door.body_timeout_s)
    except _http.TooLarge:
        return VOICE.too_large(tokens.TOO_LARGE)
    wish = wire.read(body, tokens.Secret)
    store_id = _door.places(ACCESS_TOKENS, scope["path"])["store_id"]
    issued = await _issue(door, headers, wish.secret, store_id)
    return issued if isinstance(issued, Answer) else reply.done(tokens.Token(issued))


async def _oauth_token(door: Door, scope: Scope, receive: Receive) -> Answer:
    headers = _http.headers_of(scope)
    try:
        body = await _http.read_body(scope, receive, headers, tokens.BODY_BYTES_MAX, door.body_timeout_s)
    except _http.TooLarge:
        return VOICE.too_large(tokens.TOO_LARGE)
    grant = tokens.read_grant(body, headers.get(b"content-type", b""))
    tokens.check_grant(grant)
    issued = await _issue(door, headers, grant.client_secret, grant.client_id or auth.SELF)
    return issued if isinstance(issued, Answer) else reply.done(tokens.BearerToken(issued))


async def _issue(door: Door, headers: Headers, secret: str | None, store_id: str) -> str | Answer:
    credential = await tokens.holder(door, secret or auth.key_in(headers), store_id)
    over = _over_rate(door, credential)
    return over if over is not None else await tokens.issue(door, credential)


async def _do(spoken: Spoken, door: Door, scope: Scope, receive: Receive) -> Answer:
    entered = await _enter(spoken.path, door, scope, receive, writes=spoken.writes)
    if isinstance(entered, Answer):
        return entered
    return await serving.answer(spoken, door, entered[0], scope, entered[1])


async def _enter(
    path: str, door: Door, scope: Scope, receive: Receive, *, writes: bool
) -> tuple[Credential, bytes] | Answer:
    """Who is calling, and the body of a caller who may; or the answer that ends the request."""
    headers = _http.headers_of(scope)
    key = auth.key_in(headers)
    credential = await door.credentials.find(auth.DIALECT, key) if key else None
    if credential is None:
        return VOICE.unauthorized()
    over = _over_rate(door, credential)
    if over is not None:
        return over
    if writes and credential.role == serving.VIEWER:
        return VOICE.read_only()
    if writes and (kind := headers.get(b"content-type")) and b"json" not in kind.lower():
        return VOICE.not_json()
    try:
        body = await _http.read_body(scope, receive, headers, serving.BODY_BYTES_MAX, door.body_timeout_s)
    except _http.TooLarge:
        return VOICE.too_large(rules.EVENT_TOO_LARGE)
    if not auth.is_of(credential, _door.places(path, scope["path"])["store_id"]):
        return reply.no_store()
    return credential, body


def _over_rate(door: Door, credential: Credential) -> Answer | None:
    """A token counts as the credential that issued it."""
    per_minute = credential.rates.get(BUCKET, PER_MINUTE)
    wait_s = door.rates.take(credential.credential_id, BUCKET, per_minute)
    return None if wait_s is None else VOICE.over_rate(per_minute, wait_s)
