"""The room's SQL."""

from clarion.messaging.store.mailbox import Landed, erase_landed, land, landing_id, list_landed, read_landed
from clarion.messaging.store.providers import StoredProvider, find_provider, list_providers, set_provider

__all__ = [
    "Landed",
    "StoredProvider",
    "erase_landed",
    "find_provider",
    "land",
    "landing_id",
    "list_landed",
    "list_providers",
    "read_landed",
    "set_provider",
]
