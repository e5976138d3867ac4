"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from functools import partial

from starlette.types import Receive, Scope

from clarion.accounts import Credential
from clarion.dialects import _door, _http, _spoken, _voice
from clarion.dialects._door import Door, Handler, Routes
from clarion.dialects._entry import Ended, Gate, Limit, body_of, count, enter
from clarion.dialects._http import Answer, Headers
from clarion.dialects._spoken import Spoken, Tongue
from clarion.dialects._voice import voiced
from clarion.dialects.yotpo import auth, mapping, reply, rules, tokens, wire
from clarion.dialects.yotpo.auth import STORE
from clarion.dialects.yotpo.customers import CALLS
from clarion.dialects.yotpo.reply import VOICE
from clarion.model import Source

BUCKET = "requests"
PER_MINUTE = 3_000  # ours: the vendor tells no figure of this API; that of its other one is 5 a second
BUCKETS = {BUCKET: PER_MINUTE}
GATE = Gate(voice=VOICE, key_in=auth.key_in, bucket=BUCKET, per_minute=PER_MINUTE)
LIMIT = Limit(rules.EVENT_BYTES_MAX)
TONGUE = Tongue(read=wire.read, read_query=wire.read_query, done=reply.done)
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
    credential, body = await _enter(path, door, scope, receive, writes=True)
    now_us = door.now_us()
    try:
        valid = rules.check(wire.read_event(body), now_us)
    except wire.Malformed as exc:
        await door.ingest.offer(credential, Source.YOTPO, [], rejected=1, samples=[mapping.sample(body, exc)])
        raise
    offer = mapping.offer(valid, namespace=credential.namespace, now_us=now_us)
    await door.ingest.offer(credential, Source.YOTPO, [offer])
    return reply.queued(offer)


async def _access_token(door: Door, scope: Scope, receive: Receive) -> Answer:
    headers = _http.headers_of(scope)
    body = await body_of(VOICE, door, scope, receive, tokens.LIMIT)
    wish = wire.read(body, tokens.Secret)
    store_id = _door.places(ACCESS_TOKENS, scope["path"])["store_id"]
    return reply.done(tokens.Token(await _issue(door, headers, wish.secret, store_id)))


async def _oauth_token(door: Door, scope: Scope, receive: Receive) -> Answer:
    headers = _http.headers_of(scope)
    body = await body_of(VOICE, door, scope, receive, tokens.LIMIT)
    grant = tokens.read_grant(body, headers.get(b"content-type", b""))
    tokens.check_grant(grant)
    token = await _issue(door, headers, grant.client_secret, grant.client_id or auth.SELF)
    return reply.done(tokens.BearerToken(token))


async def _issue(door: Door, headers: Headers, secret: str | None, store_id: str) -> str:
    """A token counts as the credential that issued it."""
    credential = await tokens.holder(door, secret or auth.key_in(headers), store_id)
    count(GATE, door, credential)
    return await tokens.issue(door, credential)


async def _do(spoken: Spoken, door: Door, scope: Scope, receive: Receive) -> Answer:
    credential, body = await _enter(spoken.path, door, scope, receive, writes=spoken.writes)
    return await _spoken.answer(TONGUE, spoken, door, credential, scope, body)


async def _enter(
    path: str, door: Door, scope: Scope, receive: Receive, *, writes: bool
) -> tuple[Credential, bytes]:
    """Who is calling for a store of theirs, and the body. Raises Ended."""
    credential, body = await enter(GATE, door, scope, receive, LIMIT, writes=writes)
    if not auth.is_of(credential, _door.places(path, scope["path"])["store_id"]):
        raise Ended(reply.no_store())
    return credential, body
