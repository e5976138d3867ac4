"""Sealing and blind indexes. Pure: keys in, bytes out; who keeps the keys is said elsewhere.

Each workspace has a data key (kept wrapped by the master key in its row; the master key is a file outside the
database). From it come four keys (HKDF): for sealing (AES-256-GCM), for blind indexes and for dedup keys (keyed
BLAKE2b), and for signatures (HMAC-SHA256). What is sealed is bound to its workspace and its place, so a record moved
elsewhere does not open.
"""

from clarion.vault.master import (
    MasterKey,
    begin_rotation,
    end_rotation,
    load_master_key,
    make_master_key,
)
from clarion.vault.personal import is_personal_property, is_personal_trait, normalised
from clarion.vault.sealing import CannotOpen, Hashes, Vault

__all__ = [
    "CannotOpen",
    "Hashes",
    "MasterKey",
    "Vault",
    "begin_rotation",
    "end_rotation",
    "is_personal_property",
    "is_personal_trait",
    "load_master_key",
    "make_master_key",
    "normalised",
]
