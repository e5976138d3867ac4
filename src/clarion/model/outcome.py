"""What became of one item that a caller offered."""

from uuid import UUID

from msgspec import Struct


class Accepted(Struct, frozen=True, gc=False):
    """On disk; it will be processed or shown in quarantine."""

    item_id: UUID


class Duplicate(Struct, frozen=True):
    """Seen before under the same key; nothing was kept of this copy."""


class Rejected(Struct, frozen=True):
    """Against the vendor's rules; told to the caller. `code` and `message` are in the vendor's words."""

    code: str
    message: str


Outcome = Accepted | Duplicate | Rejected
