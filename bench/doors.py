"""`./run bench doors`: what an event costs at each door.

All doors in one run and in turn, in this process as `bench profile` has them: CPU time of the process that serves
the API, from the request's bytes to the commit, HTTP itself left out. A new door is one more line in FRONTS.
"""

import asyncio
import base64
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import uvloop
from cyclopts import Parameter
from msgspec import Struct

from bench.profile import send
from bench.server import DIALECT, WORKSPACE, Server, ServerFailed, server
from bench.workload import BATCH, NAMES, Requests, Workload
from clarion import config
from clarion.app.server import http
from clarion.db import Addresses
from clarion.db.engine import attach
from clarion.serve.child import rest_from_collecting
from clarion.serve.port import ASGIApp

SHAPES = ("batch", "single")


class Front(Struct, frozen=True):
    """Where a door takes events, how its callers show their key, and an event of SMASHSEND's in its words.

    `batch`: None where a call takes one event. `key`: what the key is called. `defined`: names of events and one of
    them -> what has to be sent before they may be, as path and body. `keyed`: what stands in the body of the key.
    """

    single: str
    batch: str | None
    shown: Callable[[str], str]
    event: Callable[[dict[str, Any]], dict[str, Any]]
    key: str = "api_key"
    defined: Callable[[Sequence[str], dict[str, Any]], tuple[str, dict[str, Any]]] | None = None
    keyed: Callable[[str], dict[str, Any]] = lambda key: {}


def _esputnik(event: dict[str, Any]) -> dict[str, Any]:
    params = [{"name": name, "value": value} for name, value in event["properties"].items()]
    said = {"eventTypeKey": event["event"], "keyValue": event["identify"]["email"], "params": params}
    return said | {"occurred": event["timestamp"]}


def _flat(properties: dict[str, Any]) -> dict[str, Any]:
    """For vendors who know no lists."""
    return {name: ",".join(value) if isinstance(value, list) else value for name, value in properties.items()}


def _smartpush(event: dict[str, Any]) -> dict[str, Any]:
    said = {"eventCode": event["event"], "email": event["identify"]["email"], "eventId": event["messageId"]}
    return said | {"eventTime": event["timestamp"], "attributes": _flat(event["properties"])}


def _smartpush_metrics(names: Sequence[str], event: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kinds = {str: "String", int: "Integer", float: "Float", bool: "Boolean"}
    attributes = [
        {"code": name, "type": kinds[type(value)]} for name, value in _flat(event["properties"]).items()
    ]
    return "/api/v202511/bulk_create_custom_metrics.json", {
        "metrics": [{"eventCode": name, "attributes": attributes} for name in names]
    }


def _yotpo(event: dict[str, Any]) -> dict[str, Any]:
    customer = {"email": event["identify"]["email"]}
    said = {"type": event["event"], "unique_id": event["messageId"], "customer": customer}
    return said | {"occurred_at": event["timestamp"], "properties": _flat(event["properties"])}


def _bearer(key: str) -> str:
    return f"Bearer {key}"


def _smartapppush(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "app_user_id": event["identify"]["email"], "event_name": event["event"], "event_time": event["timestamp"],
        "device_token": f"token-of-{event['identify']['email']}", "platform": "android",
        "push_permission_granted": True, "timezone": "Europe/Istanbul", "language": "tr", "country": "TR",
        "session_id": "sess_abc123", "params": event["properties"],
    }  # fmt: skip


def _basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'user:{key}'.encode()).decode()}"


#: The first is what the others are compared with.
FRONTS = {
    DIALECT: Front("/v1/events", "/v1/events/batch", _bearer, lambda event: event),
    "esputnik": Front("/api/v2/event", "/api/v2/past_events", _basic, _esputnik),
    "smartpush": Front(
        "/reportCustomEvent", "/reportCustomEvent", _bearer, _smartpush, "api_token", _smartpush_metrics
    ),
    "yotpo": Front("/core/v3/stores/self/customer_events", None, _bearer, _yotpo, "secret"),
    "smartapppush": Front(
        "/events",
        None,
        lambda key: "",
        _smartapppush,
        keyed=lambda key: {"tenant_id": "self", "api_key": key},
    ),
}


def doors(
    *,
    events: Annotated[int, Parameter(help="Events a round with batches; singles are a twentieth.")] = 40_000,
    rounds: Annotated[int, Parameter(help="Rounds; the best of each counts.")] = 3,
) -> int:
    """Tell what an event costs at each door, and the ratio to SMASHSEND's."""
    if not 4_000 <= events <= 1_000_000 or not 1 <= rounds <= 100:
        sys.stderr.write("bench: give 4,000 to 1,000,000 events and 1 to 100 rounds\n")
        return 2
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            best = runner.run(_measure(events, rounds))
    except ServerFailed as exc:
        sys.stderr.write(f"bench: {exc}\n")
        return 1
    sys.stdout.write("CPU us an event, API process without HTTP\n")
    for (shape, dialect), us in best.items():
        sys.stdout.write(f"  {shape:<8} {dialect:<12} {us:8.2f}  {us / best[shape, DIALECT]:5.2f}\n")
    return 0


async def _measure(events: int, rounds: int) -> dict[tuple[str, str], float]:
    with tempfile.TemporaryDirectory(prefix="clarion-bench-", ignore_cleanup_errors=True) as temporary:
        async with server(Path(temporary)) as running:
            keys = {dialect: await _key(running, dialect) for dialect in FRONTS}
            engine = attach(running.data)
            addresses = Addresses(owner=engine.address("owner"), app=engine.address("app"))
            settings = config.load({"data": running.data, "backlog_max": 100_000_000}, environ={}).settings
            async with running.worker_stopped(), http(settings, addresses) as app:
                return await _rounds(app, keys, events, rounds)


async def _key(running: Server, dialect: str) -> str:
    words = ("--workspace", WORKSPACE, "--dialect", dialect)
    key: str = (await running.clarion("credential", "create", *words))[FRONTS[dialect].key]
    await running.clarion("credential", "set", *words, "--rate", "0")
    return key


async def _rounds(
    app: ASGIApp, keys: dict[str, str], events: int, rounds: int
) -> dict[tuple[str, str], float]:
    requests = Requests(Workload(5_000), "")
    best: dict[tuple[str, str], float] = {}
    rest_from_collecting()  # as the server does
    await _define(app, keys, requests)
    for number in range(rounds + 1):  # the first warms up
        for shape in SHAPES:
            for dialect, front in FRONTS.items():
                if shape == "batch" and front.batch is None:
                    continue
                count = events if shape == "batch" else events // 20
                sent = [_request(front, keys[dialect], shape, made) for made in _made(requests, shape, count)]
                began = time.process_time()
                await send(app, shape, sent)
                us = (time.process_time() - began) / count * 1e6
                if number:
                    best[shape, dialect] = min(us, best.get((shape, dialect), us))
    return best


def _made(requests: Requests, shape: str, events: int) -> list[bytes]:
    if shape == "single":
        return [requests.single() for _ in range(events)]
    return [requests.batch() for _ in range(events // BATCH)]


async def _define(app: ASGIApp, keys: dict[str, str], requests: Requests) -> None:
    """What some doors have to be told before they take events."""
    example = _told(requests.single())
    for dialect, front in FRONTS.items():
        if front.defined is not None:
            path, body = front.defined(NAMES, example)
            await send(app, "single", [_post(front, keys[dialect], path, body)])


def _request(front: Front, key: str, shape: str, made: bytes) -> bytes:
    """A request of SMASHSEND's as this door has it."""
    told = _told(made)
    if shape == "single":
        return _post(front, key, front.single, front.event(told))
    assert front.batch is not None
    return _post(front, key, front.batch, {"events": [front.event(one) for one in told["events"]]})


def _told(request: bytes) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(request.partition(b"\r\n\r\n")[2])
    return told


def _post(front: Front, key: str, path: str, said: dict[str, Any]) -> bytes:
    body = msgspec.json.encode(said | front.keyed(key))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {front.shown(key)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
