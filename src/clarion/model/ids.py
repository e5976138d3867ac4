"""UUIDv7 ids (RFC 9562, method 3): made by us, rising within a process, shown with a prefix outside."""

import os
import re
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID  # a subclass of uuid.UUID, six times cheaper to make

_MINUTE_US = 60_000_000
_MINUTE_TICKS = 60_000 << 12
_TAIL_MARK = 0x8000_0000_0000_0000  # the variant of RFC 9562
_TAIL_MASK = 0x3FFF_FFFF_FFFF_FFFF
_SHOWN = re.compile(r"(?:([a-z]+)_)?([0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12})", re.ASCII)


class Ids:
    """Makes ids whose time is `now_us()` (microseconds since 1970, by the database's clock).

    Twelve bits below the millisecond carry its fraction; an id is never below the one made before it, so the
    ids of one request rise with the position in it.
    """

    def __init__(self, now_us: Callable[[], int], random: Callable[[int], bytes] = os.urandom) -> None:
        self._now_us = now_us
        self._random = random
        self._last = 0

    def next(self) -> UUID:
        return self.many(1)[0]

    def many(self, count: int) -> list[UUID]:
        """The ids of one request: rising, and all of one minute (the ledger counts a block for one)."""
        first = max(_tick(self._now_us()), self._last + 1)
        last = first + count - 1
        if _minute(first) != _minute(last):
            first = _minute(last) * _MINUTE_TICKS
        self._last = first + count - 1
        # All random halves in one number, its marks set at once: 0.50 us an id instead of 0.63.
        ones = _ones(count)
        tails = int.from_bytes(self._random(8 * count)) & ones * _TAIL_MASK | ones * _TAIL_MARK
        drawn = tails.to_bytes(8 * count)
        return [
            FastUUID(_head(first + place).to_bytes(8) + drawn[8 * place : 8 * place + 8])
            for place in range(count)
        ]


def time_us_of(item_id: UUID) -> int:
    """The time in an id, microseconds since 1970, to a quarter of a microsecond's tick."""
    high = int.from_bytes(item_id.bytes[:8])
    return (high >> 16) * 1000 + (high & 0xFFF) * 1000 // 4096


def minute_of(item_id: UUID) -> int:
    """The ledger's minute of an id: microseconds since 1970 of its start."""
    return time_us_of(item_id) // _MINUTE_US * _MINUTE_US


def first_id_at(time_us: int) -> UUID:
    """The lowest id that an item of this time can have; the bound of a partition or a minute."""
    return FastUUID(_head(_tick(time_us)).to_bytes(8) + _TAIL_MARK.to_bytes(8))


def _tick(time_us: int) -> int:
    return (time_us // 1000 << 12) | (time_us % 1000 * 4096 // 1000)


def _minute(tick: int) -> int:
    return tick // _MINUTE_TICKS


@lru_cache(256)
def _ones(count: int) -> int:
    """So many 64-bit numbers 1, one behind the other."""
    return int.from_bytes((1).to_bytes(8) * count)


def _head(tick: int) -> int:
    return tick >> 12 << 16 | 0x7000 | tick & 0xFFF


def show_id(prefix: str, item_id: UUID) -> str:
    """`prf_0197…`: how an id is shown outside."""
    return f"{prefix}_{item_id.hex}"


def parse_id(prefix: str, text: str) -> UUID | None:
    """The id behind `prf_0197…`, a bare hex or a dashed UUID; None when it is none or another noun's."""
    match = _SHOWN.fullmatch(text.strip())
    if match is None or match[1] not in (None, prefix):
        return None
    return FastUUID(match[2].replace("-", ""))
