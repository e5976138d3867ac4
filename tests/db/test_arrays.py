"""Array arguments go in by their types (decision 18), and as they did when asyncpg asked two abstract classes."""

from collections import deque
from collections.abc import Iterable, Sized
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from asyncpg.pgproto.pgproto import UUID as FastUUID
from asyncpg.protocol import protocol

from clarion.db import Database, arrays

_ONE = UUID(int=1)


def test_asyncpg_still_asks_what_we_answer() -> None:
    """Where this fails, a new asyncpg costs each element twice as much: find out what it asks now."""
    assert arrays.know_by_type()
    assert {protocol.IterableABC, protocol.SizedABC} == {arrays.ARRAYS}


def test_without_its_names_asyncpg_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(protocol, "SizedABC")
    monkeypatch.setattr(protocol, "IterableABC", Iterable)
    assert not arrays.know_by_type()
    assert protocol.IterableABC is Iterable


@pytest.mark.parametrize(
    ("type_", "given"),
    [
        ("int[]", [1, 2, None]),
        ("int[]", (3, 4)),
        ("int[]", {5, 6}),
        ("int[]", frozenset({7})),
        ("int[]", {8: "x", 9: "y"}.keys()),
        ("int[]", {"x": 10, "y": 11}.values()),
        ("int[]", []),
        ("int[]", [[1, 2], [3, 4]]),
        ("text[]", ["a", "", "b c", None]),
        ("text[]", [["a"], ["b"]]),
        ("bytea[]", [b"a", b"", None]),
        ("bytea[]", [bytearray(b"b"), memoryview(b"c")]),
        ("uuid[]", [_ONE, FastUUID(bytes(16)), None]),
        ("bool[]", [True, None]),
        ("jsonb[]", ['{"a":1}', None]),
    ],
)
async def test_arrays_arrive_as_they_did(
    database: Database, monkeypatch: pytest.MonkeyPatch, type_: str, given: Any
) -> None:
    ours = await _echo(database, type_, given)
    monkeypatch.setattr(protocol, "IterableABC", Iterable)
    monkeypatch.setattr(protocol, "SizedABC", Sized)
    assert ours == await _echo(database, type_, given)
    flat = [one for row in ours for one in row] if ours and isinstance(ours[0], list) else ours
    assert len(flat) == sum(len(row) if isinstance(row, list) else 1 for row in given)


async def test_a_record_is_an_array_of_its_values_as_it_was(database: Database) -> None:
    async with database.owner() as tx:
        record = await tx.fetchrow("SELECT 1 AS one, 2 AS two")
        assert await tx.fetchval("SELECT $1::int[]", record) == [1, 2]


@pytest.mark.parametrize("given", [deque([1]), range(3), iter([1]), {1: 2}, "12", b"12", 12])
async def test_what_is_no_array_is_refused_aloud(database: Database, given: Any) -> None:
    """The first two were taken before: this is how it shows that asyncpg asks us."""
    with pytest.raises(asyncpg.DataError, match="a sized iterable container expected"):
        await _echo(database, "int[]", given)


async def test_arrays_of_unlike_rows_are_refused(database: Database) -> None:
    with pytest.raises(asyncpg.DataError, match="non-homogeneous"):
        await _echo(database, "int[]", [[1], [2, 3]])


async def _echo(database: Database, type_: str, given: Any) -> Any:
    async with database.owner() as tx:
        return await tx.fetchval(f"SELECT $1::{type_}", given)
