"""The room's SQL."""

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
    "FoundProfile",
    "StoredChange",
    "find_by_identity",
    "fold_traits",
    "history",
    "members_of",
    "merge",
    "read_profile",
    "unmerge",
]
