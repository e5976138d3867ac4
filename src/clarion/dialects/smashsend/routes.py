"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from functools import partial

from msgspec import Struct
from starlette.types import Receive, Scope

from clarion.accounts import Credential
from clarion.dialects import _http
from clarion.dialects._door import Door, Handler, Routes, allowed
from clarion.dialects._http import Answer
from clarion.dialects._voice import voiced
from clarion.dialects.smashsend import auth, contacts, emails, mapping, reply, rules, wire
from clarion.model import Offer, Sample, Source


class Call(Struct, frozen=True):
    """A call, and what the vendor allows of it."""

    path: str
    bucket: str  # of a credential's rates
    per_minute: int  # requests, unless the credential says otherwise
    body_bytes_max: int
    too_large: str


SINGLE = Call("/v1/events", "single", 1_000, rules.EVENT_BYTES_MAX, rules.EVENT_TOO_LARGE)
BATCH = Call("/v1/events/batch", "batch", 50, int(6.4 * 1024 * 1024), "Batch payload exceeds 6.4MB limit")
#: The vendor gives free accounts 60 requests a minute; ours is there to stop runaways only.
GENERAL = Call("/v1/…", "general", 1_000, BATCH.body_bytes_max, "Payload exceeds 6.4MB limit")
AT_ONCE = (*contacts.CALLS, *emails.CALLS)
BUCKETS = {call.bucket: call.per_minute for call in (SINGLE, BATCH, GENERAL)}
PLACES = [("POST", SINGLE.path), ("POST", BATCH.path), *((one.method, one.path) for one in AT_ONCE)]


def routes(door: Door) -> Routes:
    """What is spoken."""
    return {
        ("POST", SINGLE.path): voiced(door, _track, reply),
        ("POST", BATCH.path): voiced(door, _track_batch, reply),
        **{(one.method, one.path): voiced(door, partial(_do, one), reply) for one in AT_ONCE},
    }


def unknown(door: Door) -> Handler:
    """The answer where nothing is spoken: to an unknown path, or another method of a known one."""
    return voiced(door, _nothing_here, reply)


async def _track(door: Door, scope: Scope, receive: Receive) -> Answer:
    entered = await _enter(door, SINGLE, scope, receive)
    if isinstance(entered, Answer):
        return entered
    credential, body = entered
    if credential.role == contacts.VIEWER:
        return reply.read_only()
    judged = mapping.judge(body, door.now_us())
    if isinstance(judged, Offer):
        await door.ingest.offer(credential, Source.SMASHSEND, [judged])
        return reply.queued(judged)
    await door.ingest.offer(
        credential, Source.SMASHSEND, [], rejected=1, samples=[mapping.sample(body, judged)]
    )
    return reply.refused(judged)


async def _track_batch(door: Door, scope: Scope, receive: Receive) -> Answer:
    entered = await _enter(door, BATCH, scope, receive)
    if isinstance(entered, Answer):
        return entered
    credential, body = entered
    if credential.role == contacts.VIEWER:
        return reply.read_only()
    async with door.turns.of(credential.workspace_id):
        return await _offer_batch(door, credential, body)


async def _offer_batch(door: Door, credential: Credential, body: bytes) -> Answer:
    try:
        told, offers, samples = _judged(body, door.now_us())
    except wire.Malformed as exc:
        # Refused whole is one item: what came behind the limit, or is no JSON, was never read as events.
        samples = [mapping.sample(body, [mapping.malformed(exc)])]
        await door.ingest.offer(credential, Source.SMASHSEND, [], rejected=1, samples=samples)
        raise
    offered = door.ingest.offer(credential, Source.SMASHSEND, offers, rejected=len(samples), samples=samples)
    del offers  # what waits is packed, and need not be kept as values
    return reply.batch(told, await offered)


def _judged(body: bytes, now_us: int) -> tuple[list[reply.Told], list[Offer], list[Sample]]:
    """What the answer needs of each event, what is offered, and what is kept of the refused ones."""
    judged, samples = mapping.judge_batch(body, now_us)
    offers = [event for event in judged if isinstance(event, Offer)]
    return [event.dedup.key if isinstance(event, Offer) else event for event in judged], offers, samples


async def _nothing_here(_door: Door, scope: Scope, _receive: Receive) -> Answer:
    method, path = scope["method"], scope["path"]
    methods = allowed(PLACES, path)
    return reply.wrong_method(method, path, methods) if methods else reply.unknown_path(method, path)


async def _do(spoken: contacts.Spoken, door: Door, scope: Scope, receive: Receive) -> Answer:
    entered = await _enter(door, GENERAL, scope, receive)
    if isinstance(entered, Answer):
        return entered
    return await contacts.answer(spoken, door, entered[0], scope, entered[1])


async def _enter(door: Door, call: Call, scope: Scope, receive: Receive) -> tuple[Credential, bytes] | Answer:
    """Who is calling, and the body of a caller who may; or the answer that ends the request."""
    headers = _http.headers_of(scope)
    key = auth.key_in(headers)
    credential = await door.credentials.find(auth.DIALECT, key) if key else None
    if credential is None:
        return reply.unauthorized()
    per_minute = credential.rates.get(call.bucket, call.per_minute)
    wait_s = door.rates.take(credential.credential_id, call.bucket, per_minute)
    if wait_s is not None:
        return reply.over_rate(wait_s)
    try:
        body = await _http.read_body(scope, receive, headers, call.body_bytes_max, door.body_timeout_s)
        return credential, body
    except _http.TooLarge:
        return reply.too_large(call.too_large)
