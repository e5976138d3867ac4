"""Credentials: how a secret is made and how a caller is found by it."""

import hashlib
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from msgspec import Struct

from clarion import errors
from clarion.accounts.rates import Refusals

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_DIGITS = 43  # of base 62: 256 bits
_CHECK_DIGITS = 6
KNOWN_FOR_S = 60.0
UNKNOWN_FOR_S = 1.0
#: Who shows no known key is told so at once that often, of all callers of this process.
STRANGERS_PER_S = 20.0
_CACHE_MAX = 10_000  # of each: found ones and unknown ones


class Credential(Struct, frozen=True, kw_only=True):
    """What a caller showed: whose workspace, which rights, which limits. `zone`: the workspace's, where it was found by
    its secret.
    """

    credential_id: UUID
    workspace_id: UUID
    dialect: str
    role: str | None = None
    label: str = ""
    token_start: str = ""
    id_namespace: str | None = None
    rates: dict[str, int] = {}  # bucket -> requests a minute; 0 = no limit, missing = the vendor's figure
    public: dict[str, str] = {}
    created_at: str = ""
    expires_us: int | None = None
    revoked: bool = False
    last_used_at: str | None = None
    zone: str = "UTC"

    @property
    def namespace(self) -> str:
        """Whose external ids its callers' are."""
        return self.id_namespace or self.dialect


class NewCredential(Struct, frozen=True, kw_only=True):
    """A credential just made; the one time that its secret is not sealed."""

    credential: Credential
    secret: str


class SecretForm(Struct, frozen=True):
    """How a dialect's secrets look and what the caller is told beside them: `public` names, made at random too."""

    prefix: str
    public: tuple[str, ...] = ()


def new_secret(prefix: str) -> str:
    """`prefix`, 256 random bits in base 62 and a checksum, so that scanners can find leaked ones."""
    digits = _base62(secrets.randbits(256), _SECRET_DIGITS)
    return prefix + digits + _base62(zlib.crc32((prefix + digits).encode()), _CHECK_DIGITS)


def hash_of(secret: str) -> bytes:
    """SHA-256; enough for secrets of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class Credentials:
    """Finds credentials by their secret, remembering answers: found ones for a minute, unknown ones for a second.

    `forget()` is called when any credential changed, so that a revocation works at once. However many unknown keys are
    shown, the known ones stay remembered.
    """

    def __init__(
        self,
        load: Callable[[bytes], Awaitable[Credential | None]],
        clock_s: Callable[[], float] = time.monotonic,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._load = load
        self._clock_s = clock_s
        self._now_us = now_us
        self._known: dict[bytes, tuple[float, Credential]] = {}
        self._unknown: dict[bytes, float] = {}
        self._strangers = Refusals(STRANGERS_PER_S)
        self._changes = 0  # how often it was said that a credential changed

    async def find(self, dialect: str, secret: str) -> Credential | None:
        """The credential, or None when it is unknown, revoked, expired or another dialect's. Raises Unavailable."""
        credential = await self._of(hash_of(secret))
        if credential is None or credential.dialect != dialect or credential.revoked:
            return None
        if credential.expires_us is not None and credential.expires_us <= self._now_us():
            return None
        return credential

    def late(self) -> float:
        """By how many seconds the answer to one more whose key is not known is to come later: who shows one after the
        other would otherwise use up the door. All of them count together, for behind a proxy all have one address;
        who shows a known key is never asked about.
        """
        return self._strangers.one_more(self._clock_s())

    def forget(self) -> None:
        """Ask the database again from now on."""
        self._changes += 1
        self._known.clear()
        self._unknown.clear()

    async def _of(self, token_hash: bytes) -> Credential | None:
        now_s = self._clock_s()
        kept = self._known.get(token_hash)
        if kept is not None and kept[0] >= now_s:
            return kept[1]
        if self._unknown.get(token_hash, 0.0) >= now_s:
            return None
        return await self._look_up(token_hash)

    async def _look_up(self, token_hash: bytes) -> Credential | None:
        """What the database says; remembered unless a credential changed while it was asked."""
        changes = self._changes
        try:
            credential = await self._load(token_hash)
        except errors.Unavailable:
            # A caller we knew a moment ago stays known while the database is away: it hears 503, not 401.
            if stale := self._known.get(token_hash):
                return stale[1]
            raise
        if changes != self._changes:
            return credential
        if credential is None:
            self._known.pop(token_hash, None)
            _make_room(self._unknown)
            self._unknown[token_hash] = self._clock_s() + UNKNOWN_FOR_S
        else:
            _make_room(self._known)
            self._known[token_hash] = self._clock_s() + KNOWN_FOR_S, credential
        return credential


def _make_room(kept: dict[bytes, Any]) -> None:
    if len(kept) >= _CACHE_MAX:
        kept.clear()


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _ALPHABET[digit] + text
    return text
