"""Blocks: the items of one commit as one compressed, sealed record, as Kafka keeps record batches."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
import zstandard
from asyncpg.pgproto.pgproto import UUID as FastUUID
from msgspec import Struct

from clarion.model import Event, Inbound, ProfileChange
from clarion.vault import CannotOpen, Vault

ITEMS_MAX = 2_000
_PLAIN_BYTES_MAX = 256 * 1024 * 1024
_ARRAY = b"\xdd"  # msgpack: an array, its length in four bytes; shorter ones have heads of 1 and 3
_MANY, _VERY_MANY = 16, 65_536
_encoder = msgspec.msgpack.Encoder()
_block_decoder = msgspec.msgpack.Decoder(list[tuple[bytes, Event | ProfileChange]])
_item_decoder = msgspec.msgpack.Decoder(tuple[bytes, Event | ProfileChange])


class Unreadable(Exception):
    """A block that cannot be opened or decoded."""


# gc=False here and on what else comes by the thousand, which is never cyclic: 1 us of worker CPU an event or less.
class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One item on its way to the timeline.

    `stamp_us`: the accept time by the database's clock. `minute_us`: the ledger's minute of its id.
    `event_id`: the event that it is a revision of, where its block overrides; else None.
    """

    item_id: UUID
    inbound: Inbound
    stamp_us: int
    minute_us: int
    source: int
    ordinal: int | None
    event_id: UUID | None = None
    revision: int = 0

    @property
    def stamp(self) -> str:
        """Sorts as (accept time, item id) do."""
        return f"{self.stamp_us:016x}{self.item_id.hex}"


def pack_items(items: Sequence[tuple[UUID, Inbound]]) -> bytes:
    """Items as they stand in a block, one behind the other."""
    packed = _encoder.encode([(item_id.bytes, inbound) for item_id, inbound in items])
    return packed[
        1 if len(items) < _MANY else 3 if len(items) < _VERY_MANY else 5 :
    ]  # without the array's head


def seal_block(vault: Vault, block_id: UUID, count: int, records: Iterable[bytes]) -> bytes:
    """The sealed record of a block of so many items, as `pack_items` made them, in order."""
    plain = b"".join((_ARRAY, count.to_bytes(4), *records))
    # A compressor is not safe to share between threads; making one costs 2 us.
    return vault.seal(zstandard.ZstdCompressor(level=1).compress(plain), b"block" + block_id.bytes)


def pack_block(vault: Vault, block_id: UUID, items: Sequence[tuple[UUID, Inbound]]) -> bytes:
    """The sealed record of a block of these items."""
    return seal_block(vault, block_id, len(items), [pack_items(items)])


def unpack_block(vault: Vault, block_id: UUID, payload: bytes) -> list[tuple[UUID, Inbound]]:
    """What `pack_block` packed. Raises Unreadable."""
    try:
        packed = vault.open(payload, b"block" + block_id.bytes)
        plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_PLAIN_BYTES_MAX)
        return [(FastUUID(item_id), inbound) for item_id, inbound in _block_decoder.decode(plain)]
    except (CannotOpen, zstandard.ZstdError, msgspec.MsgspecError, ValueError) as exc:
        raise Unreadable(str(exc)) from exc


def pack_item(vault: Vault, item_id: UUID, inbound: Inbound) -> bytes:
    """One item as quarantine keeps it."""
    return vault.seal(_encoder.encode((item_id.bytes, inbound)), b"quarantine" + item_id.bytes)


def unpack_item(vault: Vault, item_id: UUID, payload: bytes) -> Inbound:
    """What `pack_item` packed. Raises Unreadable."""
    try:
        return _item_decoder.decode(vault.open(payload, b"quarantine" + item_id.bytes))[1]
    except (CannotOpen, msgspec.MsgspecError) as exc:
        raise Unreadable(str(exc)) from exc
