"""Profiles: identities, addresses, traits with their stamps, and the log of changes.

An item is written for the member of its strongest identity; who is one person is a pure function of the links
between identities (`resolve`), and readers go by `root_id`. Every value carries its stamp (accept time, item id)
and the newer wins, so the order of processing does not matter. Identities, addresses and personal traits are
sealed; what can be asked of them is asked by blind indexes.
"""

from clarion.profiles.arrivals import Arrival, Known
from clarion.profiles.identities import blind_of, canonical_phone, reach_of
from clarion.profiles.store import (
    FoundProfile,
    StoredChange,
    find_by_identity,
    fold_traits,
    history,
    members_of,
    merge,
    read_profile,
    unmerge,
)
from clarion.profiles.traits import Facts

__all__ = [
    "Arrival",
    "Facts",
    "FoundProfile",
    "Known",
    "StoredChange",
    "blind_of",
    "canonical_phone",
    "find_by_identity",
    "fold_traits",
    "history",
    "members_of",
    "merge",
    "reach_of",
    "read_profile",
    "unmerge",
]
