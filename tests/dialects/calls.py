"""The calls of all dialects that tests/dialects/test_conformance*.py put to the test; a new dialect adds its own."""

from typing import Any

from msgspec import Struct

from clarion.dialects.smashsend import routes as smashsend
from clarion.model import Source

MB = 1024 * 1024


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


_SMASHSEND = {
    "dialect": "smashsend",
    "routes": smashsend,
    "source": Source.SMASHSEND,
    "shape": frozenset({"statusCode", "error", "message"}),
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
]
