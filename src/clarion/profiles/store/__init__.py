"""The room's SQL."""

from clarion.profiles.store.erasing import (
    ERASED,
    Erased,
    Erasure,
    add_line,
    erase,
    find_tombstones,
    list_erasures,
    lock_erasure,
    pack_erased,
    unpack_erased,
)
from clarion.profiles.store.identities import members_of
from clarion.profiles.store.people import merge, unmerge
from clarion.profiles.store.reading import (
    FoundProfile,
    StoredChange,
    find_by_identity,
    history,
    read_profile,
)
from clarion.profiles.store.traits import fold_traits

__all__ = [
    "ERASED",
    "Erased",
    "Erasure",
    "FoundProfile",
    "StoredChange",
    "add_line",
    "erase",
    "find_by_identity",
    "find_tombstones",
    "fold_traits",
    "history",
    "list_erasures",
    "lock_erasure",
    "members_of",
    "merge",
    "pack_erased",
    "read_profile",
    "unmerge",
    "unpack_erased",
]
