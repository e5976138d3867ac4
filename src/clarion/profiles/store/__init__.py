"""The room's SQL."""

from clarion.profiles.store.definitions import (
    ShownTrait,
    Wish,
    check_traits,
    define_trait,
    list_traits,
    settle_trait,
)
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
from clarion.profiles.store.traits import find_by_name, fold_traits, refold

__all__ = [
    "ERASED",
    "Erased",
    "Erasure",
    "FoundProfile",
    "ShownTrait",
    "StoredChange",
    "Wish",
    "add_line",
    "check_traits",
    "define_trait",
    "erase",
    "find_by_identity",
    "find_by_name",
    "find_tombstones",
    "fold_traits",
    "history",
    "list_erasures",
    "list_traits",
    "lock_erasure",
    "members_of",
    "merge",
    "pack_erased",
    "read_profile",
    "refold",
    "settle_trait",
    "unmerge",
    "unpack_erased",
]
