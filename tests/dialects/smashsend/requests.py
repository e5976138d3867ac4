"""Requests of SMASHSEND's, and what they become: the words in which its tests speak."""

from typing import Any

SINGLE = "/v1/events"
BATCH = "/v1/events/batch"


def event(**fields: Any) -> dict[str, Any]:
    return {"event": "user.signup", "identify": {"email": "user@example.com"}, **fields}


def numbered(n: int, **fields: Any) -> dict[str, Any]:
    return event(messageId=f"m{n}", **fields)


def padded(octets: int) -> bytes:
    """An event of so many bytes."""
    head = b'{"event":"user.signup","identify":{"email":"user@example.com"},"ignored":"'
    return head + b"." * (octets - len(head) - 2) + b'"}'


def failure(status: int, error: str, message: str) -> dict[str, Any]:
    return {"statusCode": status, "error": error, "message": message}


async def refusal(desk: Any, **fields: Any) -> str:
    """The message with which a single event is refused."""
    answer = await desk.post(SINGLE, event(**fields))
    assert answer.status == 400
    assert answer.json == failure(400, "Bad Request", answer.json["message"])
    assert not desk.journal.offers
    message: str = answer.json["message"]
    return message


async def accepted(desk: Any, **fields: Any) -> Any:
    """The event that a single request left in the journal."""
    answer = await desk.post(SINGLE, event(**fields))
    assert answer.status == 200, answer.json
    return desk.journal.events[-1]
