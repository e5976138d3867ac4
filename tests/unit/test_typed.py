"""What these doors say of a body that does not fit, alike."""

import pytest
from msgspec import Struct

from clarion.dialects.esputnik import wire as esputnik
from clarion.dialects.smartpush import wire as smartpush
from clarion.dialects.yotpo import wire as yotpo


class Line(Struct):
    count: int


class Body(Struct):
    lines: list[Line] = []
    note: object = None


@pytest.mark.parametrize("door", [esputnik, smartpush, yotpo], ids=["esputnik", "smartpush", "yotpo"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"lines":[{"count":"x"}]}', "lines[0].count must be a whole number, not a text"),
        (b"[]", "The request body must be an object, not an array"),
        (b'{"' + b"x" * 300, "This is not JSON: it ends too early"),
        (b'{"note":' + b"[" * 100_000, "The JSON is nested too deeply"),
        (b'{"note":"\xff"}', "The JSON holds text that is not valid UTF-8"),
    ],
    ids=["a misfit", "another thing", "cut short", "too deep", "no UTF-8"],
)
def test_what_does_not_fit_is_told_in_a_sentence(door, body, told):
    with pytest.raises(door.Malformed) as refused:
        door.read(body, Body)
    assert str(refused.value) == told
