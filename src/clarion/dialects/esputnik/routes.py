"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from msgspec import Raw, Struct
from starlette.types import Receive, Scope, Send

from clarion.accounts import Credential
from clarion.dialects import _asked, _spoken, _voice
from clarion.dialects._door import Door, Handler, Routes, Table
from clarion.dialects._entry import Gate, Limit, enter
from clarion.dialects._http import Answer
from clarion.dialects._reading import Judged, Reading
from clarion.dialects._spoken import Spoken, Tongue
from clarion.dialects._voice import voiced
from clarion.dialects.esputnik import auth, lookup, mapping, reply, rules, wire
from clarion.dialects.esputnik.calls import CALLS
from clarion.dialects.esputnik.mapping import Found
from clarion.dialects.esputnik.reply import VOICE
from clarion.dialects.esputnik.rules import Valid
from clarion.events import Packed
from clarion.model import Identity, Offer, Sample, Source

BUCKET = "requests"
PER_MINUTE = 12_000  # the vendor's 200 a second
BUCKETS = {BUCKET: PER_MINUTE}
GATE = Gate(voice=VOICE, key_in=auth.key_in, bucket=BUCKET, per_minute=PER_MINUTE)
TONGUE = Tongue(read=wire.read, read_query=wire.read_query, done=reply.done, joined=True)
_LARGE_BYTES = 64 * 1024  # a body from here on waits for its turn
_SLACK = 1024  # what stands around the events of a batch
_NO_CONTACTS: Mapping[int, Identity] = {}


class Call(Struct, frozen=True):
    """A call that takes events. `key_required`, `unescape`: what version 1 asks for and has to be freed from."""

    path: str
    event: type[wire.Event | wire.EventV3]
    key_required: bool = False
    unescape: bool = False
    limit: Limit = Limit(rules.EVENT_BYTES_MAX, rules.EVENT_TOO_LARGE)


class Refused(Struct, frozen=True):
    """A batch that is not taken: how many items it had, what was wrong, and what to tell."""

    items: int
    sample: Sample
    reason: wire.Malformed


EVENTS = (
    Call("/api/v1/event", wire.Event, key_required=True, unescape=True),
    Call("/api/v2/event", wire.Event),
    Call("/api/v3/event", wire.EventV3),
)
_PAST = Limit(wire.PAST_EVENTS_MAX * rules.EVENT_BYTES_MAX + _SLACK, "The past events are longer than 10 MB")
PAST_EVENTS = (
    Call("/api/v1/past_events", wire.PastEvent, True, True, _PAST),
    Call("/api/v2/past_events", wire.PastEvent, False, False, _PAST),
    Call("/api/v3/past_events", wire.PastEventV3, False, False, _PAST),
)
PLACES = [
    *(("POST", call.path) for call in (*EVENTS, *PAST_EVENTS)),
    *((one.method, one.path) for one in CALLS),
]


def routes(door: Door) -> Routes:
    """What is spoken."""
    return {
        **{("POST", call.path): voiced(door, partial(_event, call), VOICE) for call in EVENTS},
        **{("POST", call.path): voiced(door, partial(_past_events, call), VOICE) for call in PAST_EVENTS},
        **{(one.method, one.path): voiced(door, partial(_do, one), VOICE) for one in CALLS},
    }


def unknown(door: Door) -> Handler:
    """The answer where nothing is spoken: to an unknown path, or another method of a known one.

    Many clients put a slash behind every path: that is the path without it, and nobody is sent elsewhere.
    """
    table, nothing_here = Table(routes(door)), _voice.unknown(door, PLACES, VOICE)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removesuffix("/")
        handler = table.find(scope["method"], path) or nothing_here
        await handler({**scope, "path": path}, receive, send)

    return handle


async def _event(call: Call, door: Door, scope: Scope, receive: Receive) -> Answer:
    credential, body = await enter(GATE, door, scope, receive, call.limit)
    try:
        valid = rules.check(wire.read_event(body, call.event), key_required=call.key_required)
        who = mapping.found(valid)
        numbers = mapping.numbers(who)
        contacts = await _contacts(door, credential, numbers) if numbers else _NO_CONTACTS
        offer = mapping.offer(
            valid, who, contacts,
            namespace=credential.namespace, now_us=door.now_us(),
            unescape=call.unescape,
        )  # fmt: skip
    except wire.Malformed as exc:
        await door.ingest.offer(
            credential, Source.ESPUTNIK, [], rejected=1, samples=[mapping.sample(body, exc)]
        )
        raise
    await door.ingest.offer(credential, Source.ESPUTNIK, [offer])
    return reply.EMPTY


async def _past_events(call: Call, door: Door, scope: Scope, receive: Receive) -> Answer:
    """All of them or, where one breaks a rule, none."""
    credential, body = await enter(GATE, door, scope, receive, call.limit)
    async with door.turns.of(credential.workspace_id):
        return await _offer_past(call, door, credential, body)


async def _offer_past(call: Call, door: Door, credential: Credential, body: bytes) -> Answer:
    taken = await _taken(call, door, credential, body)
    if isinstance(taken, Refused):
        await door.ingest.offer(credential, Source.ESPUTNIK, [], rejected=taken.items, samples=[taken.sample])
        raise taken.reason
    offered = door.ingest.offer(credential, Source.ESPUTNIK, taken, in_turn=True)
    del taken  # what waits is packed, and need not be kept as values
    await offered
    return reply.EMPTY


async def _taken(
    call: Call, door: Door, credential: Credential, body: bytes
) -> Sequence[Offer] | Packed | Refused:
    """What a batch of past events offers, or the first thing that is wrong with any."""
    items, sent = 1, body
    try:
        now_us, more = door.now_us(), (call.path, credential.zone, credential.namespace)
        read = await door.reads.read(READING, credential.workspace_id, body, now_us, *more)
        if read.offers:
            return read.offers
        events, zone = wire.read(body, wire.PastEvents).events, ZoneInfo(credential.zone)
        items, told = len(events), []
        for index, event in enumerate(events):
            sent = bytes(event)
            told.append(_past(call, index, sent, zone, now_us))
        return await _past_offers(door, credential, told, call.unescape)
    except wire.Malformed as exc:
        return Refused(items, mapping.sample(sent, exc), exc)


def plain_past(body: bytes, now_us: int, path: str, zone: str, namespace: str) -> Judged:
    """What the events of a batch offer; nothing where one of them needs a closer look. Raises Malformed."""
    call = next(call for call in PAST_EVENTS if call.path == path)
    events = wire.read(body, wire.PastEvents).events
    return [], _plain_offers(call, events, body, ZoneInfo(zone), now_us, namespace), []


READING = Reading(plain_past, list[str], Source.ESPUTNIK)


def _plain_offers(
    call: Call, events: Sequence[Raw], body: bytes, zone: tzinfo, now_us: int, namespace: str
) -> list[Offer]:
    """Each is done with before the next is read: a batch of half-made values falls out of the CPU's cache."""
    read = wire.plain_reader(call.event, body)
    if read is None:
        return []
    offers: list[Offer] = []
    try:
        for sent in events:
            if len(sent) > rules.EVENT_BYTES_MAX:
                return []
            event = read(sent)
            at_us = rules.occurred_us(event.occurred, zone, now_us)
            valid = rules.check(event, key_required=call.key_required, occurred_us=at_us)
            who = mapping.found(valid)
            if mapping.numbers(who):
                return []
            offers.append(
                mapping.offer(
                    valid, who, _NO_CONTACTS, namespace=namespace, now_us=now_us, unescape=call.unescape
                )
            )
    except (ValueError, RecursionError, wire.Malformed):
        return []
    return offers


def _past(call: Call, index: int, sent: bytes, zone: tzinfo, now_us: int) -> tuple[Valid, Found]:
    try:
        if len(sent) > rules.EVENT_BYTES_MAX:
            raise wire.Malformed(rules.EVENT_TOO_LARGE)
        event = wire.read_event(sent, call.event)
        assert isinstance(event, (wire.PastEvent, wire.PastEventV3))
        occurred_us = rules.occurred_us(event.occurred, zone, now_us)
        valid = rules.check(event, key_required=call.key_required, occurred_us=occurred_us)
        return valid, mapping.found(valid)
    except wire.Malformed as exc:
        raise wire.Malformed(f"events[{index}]: {exc}") from exc


async def _past_offers(
    door: Door, credential: Credential, told: Sequence[tuple[Valid, Found]], unescape: bool
) -> list[Offer]:
    numbers = [number for _, who in told for number in mapping.numbers(who)]
    contacts = await _contacts(door, credential, numbers) if numbers else _NO_CONTACTS
    namespace, now_us = credential.namespace, door.now_us()
    return [
        mapping.offer(valid, who, contacts, namespace=namespace, now_us=now_us, unescape=unescape)
        for valid, who in told
    ]


async def _contacts(door: Door, credential: Credential, numbers: Sequence[int]) -> Mapping[int, Identity]:
    """By what contacts are found of whom a caller told the ids; of an unknown id nothing."""
    if door.store is None:
        return _NO_CONTACTS
    vault = await door.store.vaults.of(credential.workspace_id)
    return await _asked.transact(
        door.store,
        credential.workspace_id,
        lambda tx: lookup.identities_of(tx, credential.workspace_id, numbers, vault=vault),
    )


async def _do(spoken: Spoken, door: Door, scope: Scope, receive: Receive) -> Answer:
    limit = Limit(spoken.body_bytes_max)
    credential, body = await enter(GATE, door, scope, receive, limit, writes=spoken.writes)
    if len(body) <= _LARGE_BYTES:
        return await _spoken.answer(TONGUE, spoken, door, credential, scope, body)
    async with door.turns.of(credential.workspace_id):
        return await _spoken.answer(TONGUE, spoken, door, credential, scope, body)
