"""Bodies that are held at once are bounded together, and what a request held is given back."""

import pytest

from clarion import errors
from clarion.dialects import _http


async def read(scope: dict[str, object], body: bytes) -> bytes:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    return await _http.read_body(scope, receive, {}, 1_000, 1.0)


async def test_beyond_the_bytes_held_by_all_requests_a_body_is_unavailable_until_one_is_answered():
    """Without the limit in `take` the second body is read, and nothing is raised."""
    bodies = _http.Bodies(100)
    first: dict[str, object] = {}
    second: dict[str, object] = {}
    with bodies.request(first):
        await read(first, bytes(60))
        with pytest.raises(errors.Unavailable), bodies.request(second):
            await read(second, bytes(60))
        assert bodies.bytes == 60
    assert bodies.bytes == 0
    with bodies.request(second):
        assert await read(second, bytes(60)) == bytes(60)
