"""Messages that go out, and who carries them.

`port` says what a channel must do, `configs` which providers there are and what can be set of each. A workspace has one
provider a channel; e-mail, SMS and Viber begin with the mailbox, in which messages land as they would have gone out.
Settings are sealed, and so is what lies in the mailbox; an erasure takes what was written to the person.
"""

from clarion.messaging.configs import PROVIDERS, Config
from clarion.messaging.erasing import ROOM, eraser
from clarion.messaging.port import (
    CHANNELS,
    Accepted,
    Channel,
    Deferred,
    Outgoing,
    Provider,
    Rejected,
    Result,
    Unknown,
)
from clarion.messaging.store import (
    Landed,
    StoredProvider,
    find_provider,
    land,
    landing_id,
    list_landed,
    list_providers,
    read_landed,
    set_provider,
)

__all__ = [
    "CHANNELS",
    "PROVIDERS",
    "ROOM",
    "Accepted",
    "Channel",
    "Config",
    "Deferred",
    "Landed",
    "Outgoing",
    "Provider",
    "Rejected",
    "Result",
    "StoredProvider",
    "Unknown",
    "eraser",
    "find_provider",
    "land",
    "landing_id",
    "list_landed",
    "list_providers",
    "read_landed",
    "set_provider",
]
