"""What lies too deep is blanked, and nothing else is touched."""

import json
import time

import pytest

from clarion.dialects._json import DEPTH_KEPT, flattened


def nested(depth: int, inner: bytes = b"") -> bytes:
    return b"[" * depth + inner + b"]" * depth


@pytest.mark.parametrize("depth", [DEPTH_KEPT + 1, 1_000, 15_000])
def test_only_what_is_too_deep_is_blanked(depth: int) -> None:
    beside = b'{"text": "[[{ \\" \\\\", "list": [[1], {"a": {}}]}'
    body = b'{"a": ' + beside + b', "b": ' + nested(depth, b'"]"') + b', "c": ' + beside + b"}"
    flat = flattened(body)
    assert len(flat) == len(body)
    told = json.loads(flat)
    assert told["a"] == told["c"] == json.loads(beside)
    assert flat.count(b"[", flat.index(b'"b"'), flat.index(b'"c"')) == DEPTH_KEPT - 1


@pytest.mark.parametrize(
    "body",
    [
        nested(DEPTH_KEPT, b'{"a": 1}'[:0]),
        b"[" * 1_000,
        b"[" * 1_000 + b"}" * 1_000,
        nested(1_000) + b"]",
        nested(100_000),
        b'"' + b'\\"' * 1_000,
    ],
    ids=[
        "not too deep",
        "never closed",
        "wrongly closed",
        "closed too often",
        "too many",
        "a text that never ends",
    ],
)
def test_what_is_not_ours_to_judge_stays(body: bytes) -> None:
    assert flattened(body).split() == body.split()


@pytest.mark.parametrize("end", [b"", b'"'], ids=["never ends", "ends"])
def test_a_long_text_is_read_once(end: bytes) -> None:
    """The control: with a pattern that insists on the last quote, 6 MB of quotes took minutes."""
    began = time.monotonic()
    flattened(nested(1_000) + b'"' + b'\\"' * 3_000_000 + end)
    assert time.monotonic() - began < 5
