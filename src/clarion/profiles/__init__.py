"""Profiles: identities, addresses, traits with their stamps, and the log of changes.

An item is written for the member of its strongest identity; who is one person is a pure function of the links
between identities (`resolve`), and readers go by `root_id`. Every value carries its stamp (accept time, item id)
and the newer wins, so the order of processing does not matter. Identities, addresses and personal traits are
sealed; what can be asked of them is asked by blind indexes.
"""

from clarion.profiles.arrivals import Arrival, Known
from clarion.profiles.identities import blind_of, canonical_phone, reach_of, strongest
from clarion.profiles.store import (
    ERASED,
    Erased,
    Erasure,
    FoundProfile,
    ShownTrait,
    StoredChange,
    Wish,
    add_line,
    check_traits,
    define_trait,
    erase,
    find_by_identity,
    find_by_name,
    find_tombstones,
    fold_traits,
    history,
    list_erasures,
    list_traits,
    lock_erasure,
    members_of,
    merge,
    pack_erased,
    read_profile,
    refold,
    settle_trait,
    unmerge,
    unpack_erased,
)
from clarion.profiles.traits import Facts, Problem

__all__ = [
    "ERASED",
    "Arrival",
    "Erased",
    "Erasure",
    "Facts",
    "FoundProfile",
    "Known",
    "Problem",
    "ShownTrait",
    "StoredChange",
    "Wish",
    "add_line",
    "blind_of",
    "canonical_phone",
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
    "reach_of",
    "read_profile",
    "refold",
    "settle_trait",
    "strongest",
    "unmerge",
    "unpack_erased",
]
