"""One workspace's seal, and what of sealed values can still be asked: keyed hashes."""

import hmac
import os
from collections.abc import Iterable
from hashlib import blake2b, sha256
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE_BYTES = 12
_OVERHEAD_BYTES = len(_VERSION) + _NONCE_BYTES + 16  # with the tag


class CannotOpen(Exception):
    """Sealed by another key or for another place, or damaged."""


class Vault:
    """Seals, opens and blinds for one workspace. `dedup`: the hashes under which repeats are known.

    `dedup_key`: who has it makes the same ones, and can open nothing.
    """

    def __init__(self, workspace_id: UUID, data_key: bytes) -> None:
        self._bound_to = workspace_id.bytes
        self._cipher = AESGCM(_derived(data_key, b"seal"))
        self._index = Hashes(_derived(data_key, b"blind index"))
        self.dedup_key = _derived(data_key, b"dedup key")
        self.dedup = Hashes(self.dedup_key)
        self._signs = _derived(data_key, b"signature")

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """`plain`, readable only by this workspace's key and only as what stands at `place`; 29 bytes longer."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, self._bound_to + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """What was sealed for `place`. Raises CannotOpen."""
        if sealed[:1] != _VERSION or len(sealed) < _OVERHEAD_BYTES:
            raise CannotOpen("unknown version of sealing, or cut short")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, self._bound_to + place)
        except InvalidTag as exc:
            raise CannotOpen("wrong key, wrong place or damaged") from exc

    def blind(self, purpose: str, value: str) -> UUID:
        """The blind index of a canonical value; equal values of one purpose have equal ones."""
        return self._index.of(purpose, value)

    def dedup_keys(self, purpose: str, keys: Iterable[str]) -> list[bytes]:
        """The hashes under which repeats are known (message ids may be e-mail addresses), 16 bytes each."""
        return self.dedup.digests(purpose, keys)

    def signature(self, purpose: str, data: bytes) -> bytes:
        """32 bytes (HMAC-SHA256) that nobody else can make; those of one purpose are good for no other."""
        return hmac.digest(self._signs, purpose.encode() + b"\x00" + self._bound_to + data, sha256)


class Hashes:
    """Keyed BLAKE2b, 16 bytes each; the state after each purpose is kept, which halves the time of a hash."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(digest_size=16, key=key)
        self._after: dict[str, blake2b] = {}

    def of(self, purpose: str, value: str) -> UUID:
        return FastUUID(self.digests(purpose, (value,))[0])

    def digests(self, purpose: str, values: Iterable[str]) -> list[bytes]:
        after = self._after.get(purpose)
        if after is None:
            after = self._after[purpose] = self._keyed.copy()
            after.update(purpose.encode() + b"\x00")
        found = []
        for value in values:
            state = after.copy()
            state.update(value.encode("utf-8", "surrogatepass"))
            found.append(state.digest())
        return found


def _derived(data_key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"clarion " + info).derive(data_key)
