"""SMASHSEND's door."""

import httpx2

from tests.dialects.calls import bearer
from tests.trust import poison
from tests.trust.doors.front import Front, Verdict


def _event(name: bytes, email: bytes, given: bytes) -> bytes:
    # Of the value a message id, too: each event is another.
    return poison.event(b'"%s"' % name, b'"%s"' % email, b',"properties":{"given":' + given + b"}")


def _verdict(answer: httpx2.Response, items: int) -> Verdict:
    told = answer.json()
    if told.keys() == {"success", "messageId", "info"}:
        return Verdict(items)
    assert told.keys() == {"accepted", "failed", "duplicated", "events", "errors"}
    assert answer.status_code == (400 if told["failed"] == items else 207 if told["failed"] else 200)
    refused = tuple(failure["index"] for failure in told["errors"])
    assert len(refused) == told["failed"]
    return Verdict(told["accepted"], refused, told["duplicated"])


SMASHSEND = Front(
    dialect="smashsend",
    single="/v1/events",
    batch="/v1/events/batch",
    shown=bearer,
    event=_event,
    shape=frozenset({"statusCode", "error", "message"}),
    status_in="statusCode",
    whole=False,
    verdict=_verdict,
    properties=lambda event: event.get("properties") or {},
    traits=lambda event: event["identify"].get("traits") or {},
    poisons=poison.POISONS,
)
