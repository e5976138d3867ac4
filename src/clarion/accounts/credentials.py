"""Credentials: how a secret is made and how a caller is found by it."""

import hashlib
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable
from uuid import UUID

from msgspec import Struct

from clarion import errors

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_DIGITS = 43  # of base 62: 256 bits
_CHECK_DIGITS = 6
KNOWN_FOR_S = 60.0
UNKNOWN_FOR_S = 1.0
_CACHE_MAX = 10_000


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

    `forget()` is called when any credential changed, so that a revocation works at once.
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
        self._known: dict[bytes, tuple[float, Credential | None]] = {}
        self._changes = 0  # how often it was said that a credential changed

    async def find(self, dialect: str, secret: str) -> Credential | None:
        """The credential, or None when it is unknown, revoked, expired or another dialect's. Raises Unavailable."""
        token_hash = hash_of(secret)
        kept = self._known.get(token_hash)
        if kept is None or kept[0] < self._clock_s():
            kept = await self._look_up(token_hash)
        credential = kept[1]
        if credential is None or credential.dialect != dialect or credential.revoked:
            return None
        if credential.expires_us is not None and credential.expires_us <= self._now_us():
            return None
        return credential

    def forget(self) -> None:
        """Ask the database again from now on."""
        self._changes += 1
        self._known.clear()

    async def _look_up(self, token_hash: bytes) -> tuple[float, Credential | None]:
        """What the database says; remembered unless a credential changed while it was asked."""
        changes = self._changes
        try:
            credential = await self._load(token_hash)
        except errors.Unavailable:
            # A caller we knew a moment ago stays known while the database is away: it hears 503, not 401.
            if (stale := self._known.get(token_hash)) and stale[1] is not None:
                return stale
            raise
        found = (self._clock_s() + (KNOWN_FOR_S if credential else UNKNOWN_FOR_S), credential)
        if changes == self._changes:
            if len(self._known) >= _CACHE_MAX:
                self._known.clear()
            self._known[token_hash] = found
        return found


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 62)
        text = _ALPHABET[digit] + text
    return text
