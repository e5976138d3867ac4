"""The calls: read, ask the server's rooms, answer. All that decides is in the other files."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from uuid import uuid4

from msgspec import Struct
from starlette.types import Receive, Scope

from clarion.accounts import Credential
from clarion.dialects import _voice
from clarion.dialects._door import Door, Handler, Routes, Store
from clarion.dialects._entry import Gate, Limit, enter
from clarion.dialects._http import Answer
from clarion.dialects._voice import voiced
from clarion.dialects.smartpush import auth, calls, mapping, reply, rules, wire
from clarion.dialects.smartpush.reply import VOICE
from clarion.dialects.smartpush.rules import Happened
from clarion.model import Duplicate, Source

BUCKET = "requests"
PER_MINUTE = 12_000  # the vendor publishes none
BUCKETS = {BUCKET: PER_MINUTE}
GATE = Gate(voice=VOICE, key_in=auth.key_in, bucket=BUCKET, per_minute=PER_MINUTE)
CONTACT, METRIC, REPORT = "/createContact", "/createCustomMetric", "/reportCustomEvent"
METRICS = "/api/v202511/bulk_create_custom_metrics.json"
PLACES = [("POST", path) for path in (CONTACT, METRIC, REPORT, METRICS)]
KB = 1024
_LARGE_BYTES = 64 * KB  # a body from here on waits for its turn


class Call(Struct, frozen=True):
    """One call: `serve` is given the door, who calls and the body."""

    path: str
    serve: Callable[[Door, Credential, bytes], Awaitable[Answer]]
    limit: Limit


def spoken() -> Sequence[Call]:
    """The table, with a memory of its own for the door."""
    return (
        Call(CONTACT, _create_contact, Limit(64 * KB)),
        Call(METRIC, _create_metric, Limit(256 * KB)),
        Call(REPORT, partial(_report, calls.Catalogue()), Limit(1024 * KB)),
        Call(METRICS, _create_metrics, Limit(256 * KB)),
    )


def routes(door: Door) -> Routes:
    """What is spoken."""
    return {("POST", call.path): voiced(door, partial(_speak, call), VOICE) for call in spoken()}


def unknown(door: Door) -> Handler:
    """The answer behind the paths that are spoken, and to another method of one."""
    return _voice.unknown(door, PLACES, VOICE)


async def _create_contact(door: Door, credential: Credential, body: bytes) -> Answer:
    contact = rules.contact(wire.read_contact(body))
    return reply.done(wire.ContactAnswer, await calls.write_contact(door.opened(), credential, contact))


async def _create_metric(door: Door, credential: Credential, body: bytes) -> Answer:
    wish = rules.metric(wire.read(body, wire.CustomMetric))
    (made,) = await calls.make_metrics(door.opened(), credential, [wish])
    return reply.done(wire.MetricAnswer, made)


async def _create_metrics(door: Door, credential: Credential, body: bytes) -> Answer:
    wishes = [rules.metric(one) for one in wire.read_metrics(body)]
    made = await calls.make_metrics(door.opened(), credential, wishes)
    return reply.done(wire.MetricsAnswer, made, HTTPStatus.ACCEPTED)


async def _report(catalogue: calls.Catalogue, door: Door, credential: Credential, body: bytes) -> Answer:
    """One event, or many: all of them or, where one breaks a rule, none."""
    now_us = door.now_us()
    told = _plain(body, now_us) or _closely(body, now_us)
    if door.store is not None:
        await _check_defined(catalogue, door.store, credential, told)
    offers = [mapping.offer(one, now_us, lambda: uuid4().hex) for one in told]
    outcomes = await door.ingest.offer(credential, Source.SMARTPUSH, offers)
    duplicates = sum(isinstance(outcome, Duplicate) for outcome in outcomes)
    return reply.done(wire.ReportAnswer, wire.Reported(len(outcomes) - duplicates, duplicates))


def _plain(body: bytes, now_us: int) -> list[Happened] | None:
    """All of a batch, read at once; None where one of them needs a closer look."""
    try:
        return [rules.event(one, now_us) for one in wire.read_plain_events(body) or ()]
    except wire.Malformed:
        return None


def _closely(body: bytes, now_us: int) -> list[Happened]:
    """One event, or many one by one. Raises Malformed, which says of which."""
    told: list[Happened] = []
    events = wire.read_events(body)
    for index, event in enumerate(events):
        with _at(index, len(events)):
            told.append(rules.event(wire.read(event, wire.CustomEvent), now_us))
    return told


async def _check_defined(
    catalogue: calls.Catalogue, store: Store, credential: Credential, told: Sequence[Happened]
) -> None:
    """Raises Denied, and Malformed by what is defined now, never by what was a second ago."""
    try:
        declared = await catalogue.of(store, credential.workspace_id)
        for one in told:
            rules.check_attributes(one, declared)
    except wire.Malformed:
        declared = await catalogue.of(store, credential.workspace_id, anew=True)
        for index, one in enumerate(told):
            with _at(index, len(told)):
                rules.check_attributes(one, declared)
    except wire.Denied as exc:
        exc.items = len(told)
        raise


@contextmanager
def _at(index: int, items: int) -> Iterator[None]:
    """What breaks a rule refuses all of them; of many it is told which."""
    try:
        yield
    except wire.Malformed as exc:
        exc.items = items
        if items > 1:
            exc.args = (f"events[{index}]: {exc}",)
        raise


async def _speak(call: Call, door: Door, scope: Scope, receive: Receive) -> Answer:
    credential, body = await enter(GATE, door, scope, receive, call.limit)
    if len(body) <= _LARGE_BYTES:
        return await _serve(call, door, credential, body)
    async with door.turns.of(credential.workspace_id):
        return await _serve(call, door, credential, body)


async def _serve(call: Call, door: Door, credential: Credential, body: bytes) -> Answer:
    try:
        return await call.serve(door, credential, body)
    except wire.Refused as exc:
        samples = [mapping.sample(body, exc)]
        await door.ingest.offer(credential, Source.SMARTPUSH, [], rejected=exc.items, samples=samples)
        raise
