"""Profiles: identities, addresses, traits with their stamps, and the log of changes.

An item is written for the member of its strongest identity; who is one person is a pure function of the links
between identities (`resolve`), and readers go by `root_id`. Every value carries its stamp (accept time, item id)
and the newer wins, so the order of processing does not matter. Identities, addresses and personal traits are
sealed; what can be asked of them is asked by blind indexes.
"""

from clarion.profiles.arrivals import Arrival, Known
from clarion.profiles.identities import blind_of, canonical_phone, reach_of, strongest
from clarion.profiles.standard import canonical_name
from clarion.profiles.store import (
    ERASED,
    Erased,
    Erasure,
    FoundProfile,
    Having,
    Person,
    StoredChange,
    StoredTrait,
    Update,
    add_line,
    clock_us,
    count_profiles,
    define_trait,
    erase,
    find_by_identity,
    find_person,
    find_tombstones,
    fold_traits,
    history,
    list_definitions,
    list_erasures,
    list_profiles,
    lock_erasure,
    members_of,
    merge,
    moved_members,
    pack_erased,
    read_person,
    read_profile,
    unmerge,
    unpack_erased,
    update,
    write,
)
from clarion.profiles.traits import Facts
from clarion.profiles.writing import is_element_change

__all__ = [
    "ERASED",
    "Arrival",
    "Erased",
    "Erasure",
    "Facts",
    "FoundProfile",
    "Having",
    "Known",
    "Person",
    "StoredChange",
    "StoredTrait",
    "Update",
    "add_line",
    "blind_of",
    "canonical_name",
    "canonical_phone",
    "clock_us",
    "count_profiles",
    "define_trait",
    "erase",
    "find_by_identity",
    "find_person",
    "find_tombstones",
    "fold_traits",
    "history",
    "is_element_change",
    "list_definitions",
    "list_erasures",
    "list_profiles",
    "lock_erasure",
    "members_of",
    "merge",
    "moved_members",
    "pack_erased",
    "reach_of",
    "read_person",
    "read_profile",
    "strongest",
    "unmerge",
    "unpack_erased",
    "update",
    "write",
]
