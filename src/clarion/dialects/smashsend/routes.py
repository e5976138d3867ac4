"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from functools import partial

from msgspec import Struct
from starlette.types import Receive, Scope

from clarion.accounts import Credential
from clarion.dialects import _spoken, _voice
from clarion.dialects._door import Door, Handler, Routes
from clarion.dialects._entry import Gate, Limit, enter
from clarion.dialects._http import Answer
from clarion.dialects._reading import Reading
from clarion.dialects._spoken import Spoken, Tongue
from clarion.dialects._voice import voiced
from clarion.dialects.smashsend import auth, contacts, emails, mapping, reply, rules, wire
from clarion.dialects.smashsend.contacts import wire as at_once
from clarion.dialects.smashsend.reply import VOICE
from clarion.model import Offer, Sample, Source


class Call(Struct, frozen=True):
    """A call, and what the vendor allows of it."""

    path: str
    gate: Gate
    limit: Limit


def _gate(bucket: str, per_minute: int) -> Gate:
    return Gate(voice=VOICE, key_in=auth.key_in, bucket=bucket, per_minute=per_minute, json=False)


_BATCH_BYTES_MAX = int(6.4 * 1024 * 1024)
SINGLE = Call("/v1/events", _gate("single", 1_000), Limit(rules.EVENT_BYTES_MAX, rules.EVENT_TOO_LARGE))
BATCH = Call(
    "/v1/events/batch", _gate("batch", 50), Limit(_BATCH_BYTES_MAX, "Batch payload exceeds 6.4MB limit")
)
#: The vendor gives free accounts 60 requests a minute; ours is there to stop runaways only.
GENERAL = Call("/v1/…", _gate("general", 1_000), Limit(_BATCH_BYTES_MAX, "Payload exceeds 6.4MB limit"))
BUCKETS = {call.gate.bucket: call.gate.per_minute for call in (SINGLE, BATCH, GENERAL)}
TONGUE = Tongue(read=at_once.read, read_query=at_once.read_query, done=reply.done)
AT_ONCE = (*contacts.CALLS, *emails.CALLS)
PLACES = [("POST", SINGLE.path), ("POST", BATCH.path), *((one.method, one.path) for one in AT_ONCE)]


def routes(door: Door) -> Routes:
    """What is spoken."""
    return {
        ("POST", SINGLE.path): voiced(door, _track, VOICE),
        ("POST", BATCH.path): voiced(door, _track_batch, VOICE),
        **{(one.method, one.path): voiced(door, partial(_do, one), VOICE) for one in AT_ONCE},
    }


def unknown(door: Door) -> Handler:
    """The answer where nothing is spoken: to an unknown path, or another method of a known one."""
    return _voice.unknown(door, PLACES, VOICE)


async def _track(door: Door, scope: Scope, receive: Receive) -> Answer:
    credential, body = await enter(SINGLE.gate, door, scope, receive, SINGLE.limit)
    judged = mapping.judge(body, door.now_us())
    if isinstance(judged, Offer):
        await door.ingest.offer(credential, Source.SMASHSEND, [judged])
        return reply.queued(judged)
    await door.ingest.offer(
        credential, Source.SMASHSEND, [], rejected=1, samples=[mapping.sample(body, judged)]
    )
    return reply.refused(judged)


async def _track_batch(door: Door, scope: Scope, receive: Receive) -> Answer:
    credential, body = await enter(BATCH.gate, door, scope, receive, BATCH.limit)
    async with door.turns.of(credential.workspace_id):
        return await _offer_batch(door, credential, body)


async def _offer_batch(door: Door, credential: Credential, body: bytes) -> Answer:
    try:
        read = await door.reads.read(READING, credential.workspace_id, body, door.now_us())
    except wire.Malformed as exc:
        # Refused whole is one item: what came behind the limit, or is no JSON, was never read as events.
        samples = [mapping.sample(body, [mapping.malformed(exc)])]
        await door.ingest.offer(credential, Source.SMASHSEND, [], rejected=1, samples=samples)
        raise
    told = read.told
    offered = door.ingest.offer(
        credential,
        Source.SMASHSEND,
        read.offers,
        rejected=len(read.samples),
        samples=read.samples,
        in_turn=True,
    )
    del read  # what waits is packed, and need not be kept as values
    return reply.batch(told, await offered)


def judged(body: bytes, now_us: int) -> tuple[list[reply.Told], list[Offer], list[Sample]]:
    """What the answer needs of each event, what is offered, and what is kept of the refused ones."""
    events, samples = mapping.judge_batch(body, now_us)
    offers = [event for event in events if isinstance(event, Offer)]
    return [event.dedup.key if isinstance(event, Offer) else event for event in events], offers, samples


READING = Reading(judged, list[reply.Told], Source.SMASHSEND)


async def _do(spoken: Spoken, door: Door, scope: Scope, receive: Receive) -> Answer:
    credential, body = await enter(GENERAL.gate, door, scope, receive, GENERAL.limit, writes=spoken.writes)
    return await _spoken.answer(TONGUE, spoken, door, credential, scope, body)
