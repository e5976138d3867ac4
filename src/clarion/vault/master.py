"""The master key: 32 bytes in a file of mode 0600 that only wraps the workspaces' data keys."""

import base64
import os
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clarion import errors
from clarion.vault.sealing import Vault

_KEY_BYTES = 32
_NONCE_BYTES = 12


class MasterKey:
    """Wraps and unwraps data keys; each wrapped key is bound to its workspace."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def new_data_key(self, workspace_id: UUID) -> bytes:
        """A fresh data key, wrapped."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, os.urandom(_KEY_BYTES), workspace_id.bytes)

    def vault(self, workspace_id: UUID, wrapped: bytes) -> Vault:
        """The vault of a workspace. Raises Misconfigured when this is not the key that wrapped it."""
        try:
            key = self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], workspace_id.bytes)
        except InvalidTag as exc:
            raise errors.Misconfigured(
                "the master key does not open this database: put back the master.key file that belongs to it"
            ) from exc
        return Vault(workspace_id, key)


def make_master_key(path: Path) -> None:
    """Write a new master key, readable by its owner only. Raises FileExistsError rather than replace one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(descriptor)


def load_master_key(path: Path) -> MasterKey:
    """Read it. Raises Misconfigured when it is missing, malformed or readable by others."""
    try:
        mode = path.stat().st_mode
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError as exc:
        raise errors.Misconfigured(
            f"the master key {path} is missing: without it nobody can read the data"
        ) from exc
    except (OSError, ValueError) as exc:
        raise errors.Misconfigured(f"the master key {path} cannot be read: {exc}") from exc
    if mode & 0o077:
        raise errors.Misconfigured(f"the master key {path} can be read by others: run chmod 600 {path}")
    if len(key) != _KEY_BYTES:
        raise errors.Misconfigured(
            f"the master key {path} is damaged: it must be {_KEY_BYTES} bytes in base64"
        )
    return MasterKey(key)
