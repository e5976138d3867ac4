"""What became of one item that a caller offered."""

from uuid import UUID

from msgspec import Struct

SAMPLE_BYTES_MAX = 4_096  # of a rejected item's body


class Accepted(Struct, frozen=True, gc=False):
    """On disk; it will be processed or shown in quarantine."""

    item_id: UUID


class Duplicate(Struct, frozen=True):
    """Seen before under the same key; nothing was kept of this copy."""


class Rejected(Struct, frozen=True):
    """Against the vendor's rules; told to the caller. `code` and `message` are in the vendor's words."""

    code: str
    message: str


class Sample(Struct, frozen=True):
    """A rejected item as it came (its first bytes), kept for whoever asks why it was rejected."""

    code: str
    message: str
    body: bytes

    @classmethod
    def of(cls, code: str, message: str, body: bytes) -> "Sample":
        """Any buffer will do for `body`; it is cut, so that nothing longer is kept alive."""
        return cls(code, message, bytes(memoryview(body)[:SAMPLE_BYTES_MAX]))


Outcome = Accepted | Duplicate | Rejected
