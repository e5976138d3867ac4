"""Arguments that are arrays, at half of asyncpg's price (decision 18)."""

import asyncpg
from asyncpg.protocol import protocol

#: What an array may come as. Of text and bytes asyncpg knows by itself that they are none.
ARRAYS: tuple[type, ...] = (
    list, tuple, set, frozenset, type({}.keys()), type({}.values()), type({}.items()), asyncpg.Record,
)  # fmt: skip
_ASKED = ("IterableABC", "SizedABC")


def know_by_type() -> bool:
    """Have asyncpg know an array by its type, in all of this process; False where it asks no longer as it did.

    It asks of every *element* whether that is an array too, by two abstract classes: half of what it costs.
    Nothing else of it asks these two, and what is none of `ARRAYS` is refused.
    """
    if not all(hasattr(protocol, name) for name in _ASKED):
        return False
    for name in _ASKED:
        setattr(protocol, name, ARRAYS)
    return True
