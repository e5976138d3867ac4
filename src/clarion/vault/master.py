"""The master key: 32 bytes that only wrap the workspaces' data keys, in a file of mode 0600.

The file holds one key a line, in base64: one by default, two while a rotation goes on. The first wraps, each opens.
So at every moment, a crash included, the file and the database fit together.
"""

import base64
import os
from hashlib import blake2b
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clarion import errors
from clarion.vault.sealing import Vault

_KEY_BYTES = 32
_NONCE_BYTES = 12


class MasterKey:
    """Wraps and unwraps data keys; each wrapped key is bound to its workspace.

    `path` is where to look again: another process may rotate the key while this one runs.
    """

    def __init__(self, *keys: bytes, path: Path | None = None) -> None:
        self._path = path
        self._keys = keys
        self._known = {_fingerprint(key): AESGCM(key) for key in keys}

    @property
    def fingerprints(self) -> list[str]:
        """What the keys of the file are called, the one that wraps first; tells nothing of the keys."""
        return [_fingerprint(key) for key in self._keys]

    def new_data_key(self, workspace_id: UUID) -> bytes:
        """A fresh data key, wrapped."""
        return self._wrapped(workspace_id, os.urandom(_KEY_BYTES))

    def rewrapped(self, workspace_id: UUID, wrapped: bytes) -> bytes:
        """The same data key, wrapped by the first key. Raises Misconfigured."""
        return self._wrapped(workspace_id, self._data_key(workspace_id, wrapped))

    def wrapped_by(self, workspace_id: UUID, wrapped: bytes) -> str | None:
        """The fingerprint of the key that opens it; None where none does."""
        return next((name for name, key in self._known.items() if _opened(key, workspace_id, wrapped)), None)

    def vault(self, workspace_id: UUID, wrapped: bytes) -> Vault:
        """The vault of a workspace. Raises Misconfigured when this is not the key that wrapped it."""
        return Vault(workspace_id, self._data_key(workspace_id, wrapped))

    def reload(self) -> None:
        """Learn the file's keys; what was known still opens, for a wrapped key may have been read before."""
        if self._path is not None:
            self._keys = _read(self._path)
            self._known = {_fingerprint(key): AESGCM(key) for key in self._keys} | self._known

    def _wrapped(self, workspace_id: UUID, data_key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._known[_fingerprint(self._keys[0])]
        return nonce + cipher.encrypt(nonce, data_key, workspace_id.bytes)

    def _data_key(self, workspace_id: UUID, wrapped: bytes) -> bytes:
        found = self._tried(workspace_id, wrapped)
        if found is None:
            self.reload()
            found = self._tried(workspace_id, wrapped)
        if found is None:
            raise errors.Misconfigured(
                "the master key does not open this database: put back the master.key file that belongs to it"
            )
        return found

    def _tried(self, workspace_id: UUID, wrapped: bytes) -> bytes | None:
        opened = (_opened(key, workspace_id, wrapped) for key in self._known.values())
        return next((data_key for data_key in opened if data_key is not None), None)


def make_master_key(path: Path) -> None:
    """Write a new master key, readable by its owner only. Raises FileExistsError rather than replace one."""
    _write_new(path, [os.urandom(_KEY_BYTES)])


def load_master_key(path: Path) -> MasterKey:
    """Read it. Raises Misconfigured when it is missing, malformed or readable by others."""
    return MasterKey(*_read(path), path=path)


def begin_rotation(path: Path) -> MasterKey:
    """Put a new key before the old one; where a rotation was begun and not ended, go on with its key."""
    keys = _read(path)
    if len(keys) == 1:
        _replace(path, [os.urandom(_KEY_BYTES), *keys])
    return load_master_key(path)


def end_rotation(path: Path) -> MasterKey:
    """Leave the first key alone in the file: nothing may be wrapped by another any more."""
    _replace(path, [_read(path)[0]])
    return load_master_key(path)


def _fingerprint(key: bytes) -> str:
    return blake2b(key, digest_size=8, person=b"clarion key").hexdigest()


def _opened(key: AESGCM, workspace_id: UUID, wrapped: bytes) -> bytes | None:
    try:
        return key.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], workspace_id.bytes)
    except InvalidTag:
        return None


def _replace(path: Path, keys: list[bytes]) -> None:
    """The file holds these keys, or what it held before; never something between."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a rotation that was killed
    _write_new(fresh, keys)
    found = path.stat()
    if os.geteuid() == 0:
        os.chown(fresh, found.st_uid, found.st_gid)
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_new(path: Path, keys: list[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
        file.flush()
        os.fsync(descriptor)


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        mode = path.stat().st_mode
        keys = tuple(base64.b64decode(line, validate=True) for line in path.read_bytes().split())
    except FileNotFoundError as exc:
        raise errors.Misconfigured(
            f"the master key {path} is missing: without it nobody can read the data"
        ) from exc
    except (OSError, ValueError) as exc:
        raise errors.Misconfigured(f"the master key {path} cannot be read: {exc}") from exc
    if mode & 0o077:
        raise errors.Misconfigured(f"the master key {path} can be read by others: run chmod 600 {path}")
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise errors.Misconfigured(
            f"the master key {path} is damaged: it must be {_KEY_BYTES} bytes in base64"
        )
    return keys
