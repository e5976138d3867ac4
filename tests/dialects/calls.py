"""The calls of all dialects that tests/dialects/test_conformance*.py put to the test; a new dialect adds its own."""

from base64 import b64encode
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from msgspec import Struct

from clarion.dialects.esputnik import routes as esputnik
from clarion.dialects.smartapppush import routes as smartapppush
from clarion.dialects.smartpush import routes as smartpush
from clarion.dialects.smashsend import routes as smashsend
from clarion.dialects.yotpo import routes as yotpo
from clarion.model import Source

MB = 1024 * 1024


def bearer(key: str) -> str:
    return f"Bearer {key}"


def basic(key: str, user: str = "user") -> str:
    return f"Basic {b64encode(f'{user}:{key}'.encode()).decode()}"


#: How a dialect's callers show their key.
SHOWN: dict[str, Callable[[str], str]] = {
    "smashsend": bearer,
    "esputnik": basic,
    "yotpo": str,
    "smartpush": bearer,
    "smartapppush": str,
}
#: In which header, where it is another than Authorization.
SHOWN_IN = {"yotpo": "x-yotpo-token", "smartapppush": "x-server-key"}
SECRET = "sk_live_the_callers_own"  # of a desk's one caller; what is shown in a body stands in these calls


class Call(Struct, frozen=True):
    """One call of a dialect. `good` is accepted; `@@` in `template` is where any JSON value may stand.

    `partly`: as many items, the last of which is refused alone, and the status of that; None where one is all.
    """

    dialect: str
    routes: Any
    source: Source
    path: str
    bucket: str
    body_bytes_max: int
    good: bytes
    items: int
    template: bytes
    shape: frozenset[str]  # keys of an error
    method: str = "POST"
    partly: tuple[bytes, int] | None = None
    unknown: tuple[str, ...] = (
        "/v1/" + "x" * 9_000,
        "/v1/\u202e",
    )  # paths behind the door that nobody speaks
    content_types: tuple[str, ...] = ("application/json; charset=latin-1", "")  # that are taken
    empty_success: bool = False
    reason: Callable[[Any], str] = itemgetter("message")  # of an error


_SMASHSEND = {
    "dialect": "smashsend",
    "routes": smashsend,
    "source": Source.SMASHSEND,
    "shape": frozenset({"statusCode", "error", "message"}),
    "content_types": ("text/plain", "application/json; charset=latin-1", "multipart/form-data", ""),
}
_ESPUTNIK: dict[str, Any] = {
    "dialect": "esputnik",
    "routes": esputnik,
    "source": Source.ESPUTNIK,
    "bucket": "requests",
    "shape": frozenset({"status", "message"}),
    "unknown": ("/api/" + "x" * 9_000, "/api/\u202e", "/api/v4/event", "/api/v1/broadcast"),
    "empty_success": True,
}
_SMARTPUSH: dict[str, Any] = {
    "dialect": "smartpush",
    "routes": smartpush,
    "source": Source.SMARTPUSH,
    "bucket": "requests",
    "path": "/reportCustomEvent",
    "body_bytes_max": MB,
    "shape": frozenset({"code", "message", "data"}),
    "unknown": ("/createContact/", "/createContact/" + "x" * 9_000, "/reportCustomEvent\u202e"),
}
_REPORTED = b'{"eventCode":"page.viewed","email":"user@example.com","eventId":"@","attributes":{"given":@@}}'
_NAMED = (
    b'{"eventTypeKey":"page.viewed","keyValue":"user@example.com","params":[{"name":"given","value":@@}]}'
)
_BY_NAME = b'{"eventTypeKey":"page.viewed","params":{"Email":"user@example.com","given":@@}}'
_PAST = _NAMED[:-1] + b',"occurred":"2024-01-15T10:30"}'
_YOTPO: dict[str, Any] = {
    "dialect": "yotpo",
    "routes": yotpo,
    "source": Source.YOTPO,
    "bucket": "requests",
    "body_bytes_max": 64 * 1024,
    "items": 1,
    "shape": frozenset({"errors"}),
    "reason": lambda told: told["errors"][0]["message"],
    "unknown": (
        "/core/v3/" + "x" * 9_000,
        "/core/v3/stores/self",
        "/core/v3/stores/\u202e/orders",
        "/oauth/",
    ),
}
_OVERRIDES = b'{"type":"page_viewed","unique_id":"1","customer":{"email":"user@example.com"},"properties":{"given":@@}}'
_TRAITS = b'{"type":"page_viewed","id":"2","customer":{"external_id":"7","custom_properties":{"given":@@}}}'
_APP = (
    b'{"tenant_id":"self","api_key":"%s","app_user_id":"user_123","event_name":"page_viewed",'
    b'"event_time":"2026-01-15T10:30:00Z","device_token":"token","platform":"web","timezone":"UTC","language":"en",'
    b'"country":"GB","session_id":"s",'
) % SECRET.encode()
_SMARTAPPPUSH: dict[str, Any] = {
    "dialect": "smartapppush",
    "routes": smartapppush,
    "source": Source.SMARTAPPPUSH,
    "bucket": "requests",
    "path": "/events",
    "body_bytes_max": 64 * 1024,
    "items": 1,
    "shape": frozenset({"error"}),
    "reason": itemgetter("error"),
    "unknown": ("/events/" + "x" * 9_000, "/pushes/", "/devices/\u202e", "/developer/push"),
}
_EVENT = b'{"event":"page.viewed","identify":{"email":"user@example.com"},"properties":{"given":@@}}'
DIALECTS = [
    Call(
        path="/v1/events",
        bucket="single",
        body_bytes_max=32 * 1024,
        good=_EVENT.replace(b"@@", b'"x"'),
        items=1,
        template=_EVENT,
        **_SMASHSEND,
    ),
    Call(
        path="/v1/events/batch",
        bucket="batch",
        body_bytes_max=int(6.4 * MB),
        good=b'{"events":[' + _EVENT.replace(b"@@", b"1") + b"," + _EVENT.replace(b"@@", b"2") + b"]}",
        items=2,
        template=b'{"events":[' + _EVENT + b"]}",
        partly=(b'{"events":[' + _EVENT.replace(b"@@", b"1") + b',{"event":"no one\'s"}]}', 207),
        **_SMASHSEND,
    ),
    *(
        Call(
            path=path,
            body_bytes_max=20 * 1024,
            good=body.replace(b"@@", b'"x"'),
            items=1,
            template=body,
            **_ESPUTNIK,
        )
        for path, body in (
            ("/api/v1/event", _NAMED),
            ("/api/v2/event", _NAMED),
            ("/api/v3/event", _BY_NAME),
            ("/api/v1/event/", _NAMED),
        )
    ),
    *(
        Call(
            path=path,
            body_bytes_max=500 * 20 * 1024 + 1024,
            good=b'{"events":[' + _PAST.replace(b"@@", b"1") + b"," + _PAST.replace(b"@@", b"2") + b"]}",
            items=2,
            template=b'{"events":[' + _PAST + b"]}",
            **_ESPUTNIK,
        )
        for path in ("/api/v1/past_events", "/api/v2/past_events", "/api/v3/past_events")
    ),
    *(
        Call(path=f"/core/v3/stores/{place}", good=body.replace(b"@@", b'"x"'), template=body, **_YOTPO)
        for place, body in (("self/customer_events", _OVERRIDES), (f"{2:032x}/custom_events", _TRAITS))
    ),
    Call(good=_REPORTED.replace(b"@@", b'"x"'), items=1, template=_REPORTED, **_SMARTPUSH),
    Call(
        good=b'{"events":['
        + _REPORTED.replace(b"@@", b"1")
        + b","
        + _REPORTED.replace(b"@@", b"2").replace(b'"@"', b'"another"')
        + b"]}",
        items=2,
        template=b'{"events":[' + _REPORTED + b"]}",
        **_SMARTPUSH,
    ),
    *(
        Call(good=_APP + told.replace(b"@@", b'"x"'), template=_APP + told, **_SMARTAPPPUSH)
        for told in (b'"params":{"given":@@}}', b'"context":{"given":@@}}')
    ),
]
